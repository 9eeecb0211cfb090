/* SPDX-License-Identifier: ISC */
/* The requests that were answered "go" and whose content has not begun. */
#ifndef SERVER_SESSION_GRANTED_H
#define SERVER_SESSION_GRANTED_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"
#include "server/store/partial.h"

struct ask {
	struct ask *next;
	uint32_t number;
	struct wire_request request; /* its path lies in path */
	struct partial partial;	     /* what was kept, or the name for it */
	char path[];
};

/* In the order of their numbers; bounded by the windows of the protocol. */
struct granted {
	struct ask *first, *last;
	size_t count, path_bytes;
	size_t partials; /* how many hold one */
};

/* So many partials are held at once for requests that may go. */
#define GRANTED_PARTIALS 16

/*
 * Keep a copy, and the partial.  Returns 0, or -1 with errno: EOVERFLOW beyond
 * WIRE_WINDOW_REQUESTS or WIRE_WINDOW_PATHS, or ENOMEM; then the partial stays
 * the caller's.
 */
int granted_add(struct granted *asks, uint32_t number,
    const struct wire_request *request, const struct partial *partial);

/* Take one out, to be given to ask_free; NULL if it is not there. */
struct ask *granted_remove(struct granted *asks, uint32_t number);

/* Nonzero if one of them holds a partial of the same file; see partial.h. */
int granted_hold(const struct granted *asks, const char *name);

/* Free it, and let go of its partial if it still has it. */
void ask_free(struct ask *ask);

void granted_release(struct granted *asks);

#endif
