/* SPDX-License-Identifier: ISC */
/* Delay the start of new workers while workers keep dying. */
#ifndef SERVER_PROCESS_THROTTLE_H
#define SERVER_PROCESS_THROTTLE_H

#include <stdint.h>

#include "common/io.h"

/* All times are milliseconds. */

/*
 * A younger worker probably died on its first connection.  In one window, as
 * many as there are workers may die young without a delay, so that one bad
 * event that ends all workers does not delay their replacements.
 */
#define THROTTLE_YOUNG 1000
/* The delay starts at the first value and doubles up to the last. */
#define THROTTLE_FIRST 1000
#define THROTTLE_LAST 60000
/* After a delay and this time without another, the delay starts anew. */
#define THROTTLE_CALM 60000
/* The most deaths in one window: two for each worker, at least the burst. */
#define THROTTLE_WINDOW 10000
#define THROTTLE_BURST 16
/* After so many longest delays in a row the master gives up. */
#define THROTTLE_GIVE_UP 5

/* Zeroed memory is a throttle without a delay. */
struct throttle {
	int64_t delay; /* the last one set */
	io_time until; /* no worker starts before */
	io_time window;
	uint64_t deaths, young; /* in this window */
	unsigned longest;	/* longest delays in a row */
};

/* Set the next longer delay, unless a delay is running. */
void throttle_raise(struct throttle *throttle, io_time now);

/* Count an unexpected end of a worker at this age; raise the delay if due. */
void throttle_add_death(
    struct throttle *throttle, io_time now, int64_t age, uint64_t workers);

/* Nonzero if a worker may start now. */
int throttle_allows(const struct throttle *throttle, io_time now);

#endif
