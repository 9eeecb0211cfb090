/* SPDX-License-Identifier: ISC */
/* Delay the start of new workers while workers keep dying. */
#ifndef SERVER_PROCESS_THROTTLE_H
#define SERVER_PROCESS_THROTTLE_H

#include <stdint.h>

#include "common/io.h"

/* All times are milliseconds. */

/*
 * A worker that dies before this age probably died on its first connection.
 * Such deaths cause a delay if one window has more of them than workers.  A
 * single event that ends all workers thus causes none.  For THROTTLE_CALM after
 * a delay, each such death causes another delay.
 */
#define THROTTLE_YOUNG 1000
/* The delay starts at the first value and doubles up to the last. */
#define THROTTLE_FIRST 1000
#define THROTTLE_LAST 60000
/* If this time passes after a delay, the next is THROTTLE_FIRST again. */
#define THROTTLE_CALM 60000
/*
 * Deaths at any age cause a delay if one window has more than two for each
 * worker, and more than the burst.
 */
#define THROTTLE_WINDOW 10000
#define THROTTLE_BURST 16
/* The master gives up after this many delays of THROTTLE_LAST in a row. */
#define THROTTLE_GIVE_UP 5

/* Zeroed memory is a throttle without a delay. */
struct throttle {
	int64_t delay;		/* the last one set */
	io_time until;		/* no worker starts before */
	io_time window;		/* its start */
	uint64_t deaths, young; /* in this window */
	unsigned longest;	/* delays of THROTTLE_LAST in a row */
};

/* Start the next longer delay, unless one is still running. */
void throttle_raise(struct throttle *throttle, io_time now);

/* Count a worker that died at this age, and start a delay if it is due. */
void throttle_add_death(
    struct throttle *throttle, io_time now, int64_t age, uint64_t workers);

/* Nonzero if a worker may start now. */
int throttle_allows(const struct throttle *throttle, io_time now);

#endif
