/* SPDX-License-Identifier: ISC */
/* When the next worker may be started: at once, unless they keep dying. */
#ifndef SERVER_PROCESS_THROTTLE_H
#define SERVER_PROCESS_THROTTLE_H

#include <stdint.h>

#include "common/io.h"

/*
 * A worker that ends sooner than that died on its first job.  A set of them is
 * forgiven, so that what befell one worker does not hold up its replacement.
 */
#define THROTTLE_YOUNG 1000
/* The delays: from the first, doubling, to the last. */
#define THROTTLE_FIRST 1000
#define THROTTLE_LAST 60000
/* So long without a bad end, and the delay begins again at the first. */
#define THROTTLE_CALM 60000
/* Deaths are too many if one window has more than two for each worker. */
#define THROTTLE_WINDOW 10000
#define THROTTLE_BURST 16
/* So often at the last delay is as good as for ever. */
#define THROTTLE_HOPELESS 5

struct throttle {
	int64_t delay; /* the last one set; milliseconds */
	io_time until; /* nothing is started before */
	io_time window;
	uint64_t deaths, young; /* within the window */
	unsigned hopeless;	/* steps in a row at the last delay */
};

/* A step up; those that fall into a delay which runs already are part of it. */
void throttle_step(struct throttle *throttle, io_time now);

/*
 * A worker died that was not told to, at that age in milliseconds, of so many.
 */
void throttle_death(
    struct throttle *throttle, io_time now, int64_t age, uint64_t workers);

/* Nonzero if a worker may be started. */
int throttle_open(const struct throttle *throttle, io_time now);

#endif
