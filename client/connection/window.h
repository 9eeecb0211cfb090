/* SPDX-License-Identifier: ISC */
/* The requests of one session that have no result yet, by number. */
#ifndef CLIENT_CONNECTION_WINDOW_H
#define CLIENT_CONNECTION_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "client/run/request.h"

/*
 * Numbers go up by one, from 1.  The window holds the requests from first to
 * next - 1 that have no result.
 */
struct window {
	struct request *slots[WIRE_WINDOW_REQUESTS]; /* owned */
	uint32_t first, next;
	size_t paths;	   /* bytes of their paths */
	size_t open;	   /* requests that were sent */
	size_t going;	   /* requests in REQUEST_GOING */
	uint64_t promised; /* bytes of content asked for and not begun */
	uint64_t steps;	   /* results, hashed pieces, larger kept parts */
};

void window_init(struct window *window);

/*
 * The session has ended.  Move requests without a result to the list left, as
 * REQUEST_NEW.  If lost, mark those that were sent whole as uncertain: the
 * server may have stored them.
 */
void window_release(struct window *window, int lost, struct requests *left);

/* Nonzero if the protocol allows no further request now. */
int window_is_full(const struct window *window);

/* Number a new request and own it.  The window must not be full. */
void window_add(struct window *window, struct request *request);

/* The request of this number; NULL if the window does not hold it. */
struct request *window_find(const struct window *window, uint32_t number);

/* The first request in REQUEST_GOING, or NULL. */
struct request *window_going(struct window *window);

/*
 * The size of the largest file among the requests that were sent.  If a size is
 * unknown, the bytes sent so far count.
 */
uint64_t window_largest(const struct window *window);

/* Change the state of a request; REQUEST_DONE frees it. */
void window_mark(
    struct window *window, struct request *request, enum request_state state);

#endif
