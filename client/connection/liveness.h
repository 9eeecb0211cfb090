/* SPDX-License-Identifier: ISC */
/* How long a server may be silent, or send nothing but "working". */
#ifndef CLIENT_CONNECTION_SILENCE_H
#define CLIENT_CONNECTION_SILENCE_H

#include <stdint.h>

#include "common/io.h"

/*
 * The caller supplies the time; durations are milliseconds.  Bytes that
 * complete no frame count as silence.
 */
struct silence {
	int64_t timeout, commit_timeout;
	io_time moved;	/* when bytes last went, or a frame came */
	int working;	/* the last frame was "working" */
	int64_t worked; /* how long it has sent nothing else */
};

void silence_init(struct silence *silence, int64_t timeout,
    int64_t commit_timeout, io_time now);

/* Bytes went. */
void silence_sent(struct silence *silence, io_time now);

/* A frame came; working is nonzero if it is "working". */
void silence_heard(struct silence *silence, int working, io_time now);

/*
 * How long the server may send "working" for one result in all: commit_timeout,
 * and the time to read size bytes at 10 MiB/s.
 */
int64_t silence_longest(const struct silence *silence, uint64_t size);

/* When to give up; size is that of the file whose result is awaited. */
io_time silence_end(const struct silence *silence, uint64_t size);

#endif
