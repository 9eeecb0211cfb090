/* SPDX-License-Identifier: ISC */
/* Names as a directory lists them, where its file system takes several for one.
 */
#ifndef SERVER_LISTING_H
#define SERVER_LISTING_H

#include <sys/stat.h>

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/status.h"

/* The names of one directory, as digests, in order; empty at first. */
struct listing {
	uint64_t *names;
	size_t count;
	io_time
	    good_until; /* names that others renamed may be missed so long */
};

/*
 * Check that a name, which leads to found in this open directory, stands there
 * byte for byte.  A list that lacks the name is read anew before that is said.
 * Returns 0; or -1 with errno and outcome: EEXIST where the name is spelled
 * otherwise, which outcome shows.
 */
int listing_check(struct listing *listing, int directory, const char *name,
    const struct stat *found, struct outcome *outcome);

void listing_release(struct listing *listing);

#endif
