/* SPDX-License-Identifier: ISC */
/* Server timeouts: idle time, and "working" without a result. */
#ifndef CLIENT_CONNECTION_LIVENESS_H
#define CLIENT_CONNECTION_LIVENESS_H

#include <stdint.h>

#include "common/io.h"

/*
 * The caller supplies the time; durations are milliseconds.  Received bytes
 * count only when they complete a frame.  See ftx-protocol(5), LIVENESS.
 */
struct liveness {
	int64_t timeout, commit_timeout;
	io_time moved;	/* when bytes were last sent, or a frame received */
	int working;	/* the last frame was "working" */
	int64_t worked; /* time of "working" without another frame */
};

void liveness_init(struct liveness *liveness, int64_t timeout,
    int64_t commit_timeout, io_time now);

/* Bytes were sent. */
void liveness_sent(struct liveness *liveness, io_time now);

/* A frame was received; working is nonzero if it was "working". */
void liveness_received(struct liveness *liveness, int working, io_time now);

/*
 * How long the server may send nothing but "working": commit_timeout, plus the
 * time to read size bytes at 10 MiB/s.
 */
int64_t liveness_longest(const struct liveness *liveness, uint64_t size);

/*
 * When to give up if nothing moves before then.  size is the size of the
 * largest file without a result.
 */
io_time liveness_deadline(const struct liveness *liveness, uint64_t size);

#endif
