/* SPDX-License-Identifier: ISC */
/* Names as a directory lists them, for file systems that fold names. */
#ifndef SERVER_STORE_LISTING_H
#define SERVER_STORE_LISTING_H

#include <sys/stat.h>

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/status.h"

/* The names of one directory, as digests, in order; empty at first. */
struct listing {
	uint64_t *names;
	size_t count;
	/* Until then the list is used, and renames by others may be missed. */
	io_time good_until;
};

/*
 * Check that this open directory lists the name byte for byte; found is what
 * the name leads to.  If the list lacks the name, it is read again first.
 * Returns 0, or -1 with errno and outcome: EEXIST if the name is spelled
 * differently there, and then outcome shows that spelling.
 */
int listing_check(struct listing *listing, int directory, const char *name,
    const struct stat *found, struct outcome *outcome);

void listing_release(struct listing *listing);

#endif
