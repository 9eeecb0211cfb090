/* SPDX-License-Identifier: ISC */
/* The requests of one connection that have no result yet, by their numbers. */
#ifndef CLIENT_CONNECTION_WINDOW_H
#define CLIENT_CONNECTION_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "client/run/request.h"

/*
 * Numbers go up by one, from 1.  Those from first to next - 1 are held, but for
 * some that are done.
 */
struct window {
	struct request *slots[WIRE_WINDOW_REQUESTS]; /* owned */
	uint32_t first, next;
	size_t paths;	   /* bytes of the paths that are held */
	size_t open;	   /* were sent, and have no result */
	size_t going;	   /* are in that state */
	uint64_t promised; /* bytes of content that may have to be sent yet */
	uint64_t steps;	   /* forward: results, and more that is kept */
};

void window_init(struct window *window);

/*
 * Its connection has ended.  What has no result is new again and goes to left;
 * if the connection was lost, it may be stored if all of it was sent.
 */
void window_release(struct window *window, int lost, struct requests *left);

/* Nonzero if no further request may be added now. */
int window_is_full(const struct window *window);

/* Number a request that is new; it is owned.  There must be room. */
void window_add(struct window *window, struct request *request);

/* The request of this number, or NULL if it is not held or done. */
struct request *window_find(const struct window *window, uint32_t number);

/* The first that is going, or NULL. */
struct request *window_going(struct window *window);

/*
 * The size of the largest file that was sent and has no result.  If its size is
 * not known, the bytes that were sent count.
 */
uint64_t window_largest(const struct window *window);

/* Change the state of one; after REQUEST_DONE it is gone. */
void window_mark(
    struct window *window, struct request *request, enum request_state state);

#endif
