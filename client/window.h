/* SPDX-License-Identifier: ISC */
/* The requests that have no result yet, by their numbers. */
#ifndef CLIENT_WINDOW_H
#define CLIENT_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "client/source.h"
#include "common/io.h"
#include "common/wire.h"

enum request_state {
	REQUEST_NEW,	 /* to be sent on this connection */
	REQUEST_ASKED,	 /* waits for go or a result */
	REQUEST_GOING,	 /* go has come, its content has not begun */
	REQUEST_SENDING, /* its content is under way */
	REQUEST_ENDED,	 /* all of it was sent */
	REQUEST_ABORTED, /* given up, and reported so */
	REQUEST_DONE	 /* has its result */
};

struct request {
	struct source source; /* its path is owned */
	enum wire_kind kind;
	int input;   /* standard input */
	int settles; /* sets a directory's mode and time, in the end */
	uint32_t number;
	enum request_state state;
	mode_t mode;
	uint64_t size; /* as announced; WIRE_SIZE_UNKNOWN */
	struct source_identity identity;
	struct wire_go kept; /* what the server has of it: go's words */
	int uncertain;	     /* a lost connection may have stored it */
	uint64_t sent, digest;
	io_time begun;	    /* when its content did */
	size_t path_length; /* of its path on the wire */
};

/*
 * Numbers go up by one, over all connections of a run.  Those from first to
 * next - 1 are held; others are done.
 */
struct window {
	struct request *slots; /* owned */
	uint32_t first, next;
	size_t paths; /* bytes of the paths that are held */
	size_t open;  /* have no result, and were sent on this connection */
	size_t going; /* are in that state */
	/* Forward, in all of the run: results, and more that is kept. */
	uint64_t steps;
};

/* Returns 0, or -1 with errno if there is no memory. */
int window_init(struct window *window);
void window_release(struct window *window);

/* Nonzero if no further request may be added now. */
int window_is_full(const struct window *window);

/*
 * Add one, which is new, of a copy of the source.  To be called only when there
 * is room.  NULL with errno if there is no memory.
 */
struct request *window_add(struct window *window, const struct source *source,
    enum wire_kind kind, size_t path_length);

/* The request of this number, or NULL if it is not held or done. */
struct request *window_find(struct window *window, uint32_t number);

/* The first that is going, or NULL. */
struct request *window_going(struct window *window);

/* Change the state of one; it may be gone after REQUEST_DONE. */
void window_mark(
    struct window *window, struct request *request, enum request_state state);

/*
 * A connection has ended: what has no result is new again, and, if it was lost,
 * may be stored if all of it was sent.
 */
void window_reset(struct window *window, int lost);

#endif
