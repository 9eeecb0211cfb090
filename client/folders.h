/* SPDX-License-Identifier: ISC */
/* Directories that were left, and get their mode and time in the end. */
#ifndef CLIENT_FOLDERS_H
#define CLIENT_FOLDERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "client/source.h"

struct folder {
	struct folder *next;
	uint32_t after; /* every request before this one lies below, or may */
	struct stat found;
	struct source source; /* its path is part of this */
};

/* In the order in which they were left: what lies deeper comes first. */
struct folders {
	struct folder *first, **end;
	size_t count, bytes;
};

void folders_init(struct folders *folders);
void folders_release(struct folders *folders);

/* Nonzero if no further one is to be added before some are taken. */
int folders_are_full(const struct folders *folders);

/* Returns 0, or -1 with errno if there is no memory. */
int folders_add(struct folders *folders, const struct source *source,
    const struct stat *found, uint32_t after);

/*
 * Take the next one if all requests before its `after` are done, which is to
 * say that the first one that is not is this; otherwise NULL.  The caller frees
 * it.
 */
struct folder *folders_take(struct folders *folders, uint32_t first);

#endif
