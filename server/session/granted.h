/* SPDX-License-Identifier: ISC */
/* Granted asks: the reply was "go", and the content has not begun. */
#ifndef SERVER_SESSION_GRANTED_H
#define SERVER_SESSION_GRANTED_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"
#include "server/store/partial.h"

struct ask {
	struct ask *next;
	uint32_t number;
	struct wire_request request; /* with its path in path[] */
	struct partial partial;	     /* if its fd is -1, only a name */
	char path[];
};

/* A list, in the order of the numbers.  granted_add limits its length. */
struct granted {
	struct ask *first, *last;
	size_t count, path_bytes;
	size_t partials; /* asks with an open partial */
};

/* The most partials open at once for granted asks. */
#define GRANTED_PARTIALS 16

/*
 * Add a copy of the request, and take over the partial.  Returns 0, or -1 with
 * errno: EOVERFLOW beyond WIRE_WINDOW_REQUESTS or WIRE_WINDOW_PATHS, or ENOMEM.
 * On failure the caller keeps the partial.
 */
int granted_add(struct granted *asks, uint32_t number,
    const struct wire_request *request, const struct partial *partial);

/*
 * Remove and return the ask with this number, or return NULL if there is none.
 * The caller frees the ask with ask_free.
 */
struct ask *granted_remove(struct granted *asks, uint32_t number);

/* Nonzero if an ask has a partial of the same file as name; see partial.h. */
int granted_hold(const struct granted *asks, const char *name);

/* Free an ask, and release its partial unless it was moved elsewhere. */
void ask_free(struct ask *ask);

/* Free all asks. */
void granted_release(struct granted *asks);

#endif
