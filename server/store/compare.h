/* SPDX-License-Identifier: ISC */
/* Hash files, and compare them with a request: size, time, digest. */
#ifndef SERVER_STORE_COMPARE_H
#define SERVER_STORE_COMPARE_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/digest.h"
#include "common/wire.h"
#include "server/shared/keepalive.h"
#include "server/shared/scoreboard.h"
#include "server/store/store.h"

/* What a connection needs to hash files. */
struct comparer {
	struct keepalive keepalive; /* called after each slice of a file */
	struct scoreboard *board;   /* not owned; NULL: no limit on workers */
	size_t slot;		    /* this worker's, on the board */
	size_t most;		    /* workers that may hash at the same time */
};

/* Bytes.  The limit on workers that hash does not apply to smaller files. */
#define COMPARE_SMALL (1024 * 1024)

/*
 * Hash an open file from start to end.  Returns 0, or -1 with errno: EAGAIN if
 * keepalive stopped the work, EBUSY if comparer->most workers already hash.
 */
int compare_hash(
    const struct comparer *comparer, int fd, struct digest *digest);

/*
 * Returns nonzero if found is a regular file with the size and time of the
 * request.  Times are rounded to the granularity of the file system.
 */
int compare_time(const struct store *store, const struct wire_request *request,
    const struct stat *found);

/*
 * Compare the size and digest of a file with those of the request.  found is
 * the status of the file.  If both match, returns an open descriptor, which the
 * caller closes.  Otherwise returns -1 with errno: EAGAIN or EBUSY as from
 * compare_hash, or another value if the file differs or cannot be read.
 */
int compare_digest(const struct comparer *comparer,
    const struct wire_request *request, int directory, const char *name,
    const struct stat *found);

#endif
