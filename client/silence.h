/* SPDX-License-Identifier: ISC */
/* How long a server may be silent, or say nothing but that it works. */
#ifndef CLIENT_SILENCE_H
#define CLIENT_SILENCE_H

#include <stdint.h>

#include "common/io.h"

/*
 * Pure: whoever calls has the clock.  Times are milliseconds.  Bytes that
 * complete no frame are silence.
 */
struct silence {
	int64_t timeout, commit_timeout;
	io_time moved;	/* when bytes last went, or a frame came */
	int working;	/* the last frame said so */
	int64_t worked; /* for so long, since the last frame that did not */
};

void silence_init(struct silence *silence, int64_t timeout,
    int64_t commit_timeout, io_time now);

/* Bytes went. */
void silence_sent(struct silence *silence, io_time now);

/* A frame came; working: that says only that the server works. */
void silence_heard(struct silence *silence, int working, io_time now);

/*
 * How long the server may take in all for a result of that size, while it says
 * that it works: the time for a commit, and that to read it at 10 MiB/s.
 */
int64_t silence_longest(const struct silence *silence, uint64_t size);

/* When nothing more is waited for; size is that of what is awaited. */
io_time silence_end(const struct silence *silence, uint64_t size);

#endif
