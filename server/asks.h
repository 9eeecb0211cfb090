/* SPDX-License-Identifier: ISC */
/* The requests that were answered "go" and whose content has not begun. */
#ifndef SERVER_ASKS_H
#define SERVER_ASKS_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

struct ask {
	struct ask *next;
	uint32_t number;
	struct wire_request request; /* its path lies in path */
	char path[];
};

/* In the order of their numbers; bounded by the windows of the protocol. */
struct asks {
	struct ask *first, *last;
	size_t count, path_bytes;
};

/*
 * Keep a copy.  Returns 0, or -1 with errno: EOVERFLOW beyond
 * WIRE_WINDOW_REQUESTS or WIRE_WINDOW_PATHS, or ENOMEM.
 */
int asks_add(
    struct asks *asks, uint32_t number, const struct wire_request *request);

/* Take one out, to be freed by the caller; NULL if it is not there. */
struct ask *asks_take(struct asks *asks, uint32_t number);

void asks_release(struct asks *asks);

#endif
