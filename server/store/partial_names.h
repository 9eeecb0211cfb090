/* SPDX-License-Identifier: ISC */
/* The names of all partials, read once for each connection. */
#ifndef SERVER_STORE_PARTIAL_NAMES_H
#define SERVER_STORE_PARTIAL_NAMES_H

#include <stddef.h>

#include "server/store/store.h"

/* More than so many are not remembered. */
#define PARTIAL_NAMES_MOST 16384

/* Begins zeroed. */
struct partial_names {
	char (*names)[STORE_NAME];
	size_t count, capacity;
	int is_read;
};

/*
 * Read the names from the staging folder, at the first call only.  If memory or
 * descriptors run out, some names are missing, and those partials are not
 * found.
 */
void partial_names_read(struct partial_names *names, const struct store *store);

void partial_names_release(struct partial_names *names);

#endif
