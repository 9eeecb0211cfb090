/* SPDX-License-Identifier: ISC */
/* Read directories, and check the spelling of names that fold. */
#ifndef SERVER_STORE_LISTING_H
#define SERVER_STORE_LISTING_H

#include <sys/stat.h>

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/status.h"

/*
 * Open an open directory once more, to read it from the start.  Returns NULL
 * with errno on failure.  The caller calls closedir().
 */
DIR *listing_open(int directory);

/* The names of one directory; begins zeroed. */
struct listing {
	uint64_t *names; /* sorted digests */
	size_t count;
	io_time expires; /* until then, renames by others may be missed */
};

/*
 * Check that an open directory lists name byte for byte.  found is the status
 * of the existing file.  If the listing has expired or lacks the name, reads
 * the directory again.  Returns 0, or -1 with outcome and errno: EEXIST if the
 * directory lists another spelling, which outcome shows.
 */
int listing_check(struct listing *listing, int directory, const char *name,
    const struct stat *found, struct outcome *outcome);

void listing_release(struct listing *listing);

#endif
