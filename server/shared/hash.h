/* SPDX-License-Identifier: ISC */
/* The digest of what a file holds, read in slices. */
#ifndef SERVER_SHARED_HASH_H
#define SERVER_SHARED_HASH_H

#include <stddef.h>

#include "common/digest.h"

struct scoreboard;

/* Bounds how many workers hash files at once. */
struct hash_share {
	struct scoreboard *board; /* not owned; NULL: there is no bound */
	size_t slot;		  /* of this worker */
	size_t most;		  /* workers that may hash at once */
};

/* Files smaller than so many bytes are hashed without that bound. */
#define HASH_SMALL (1024 * 1024)

/* Called again and again during work that takes long.  Nonzero ends it. */
struct tick {
	int (*tick)(void *argument);
	void *argument;
	const struct hash_share *share; /* not owned; NULL: no bound */
};

int tick_call(const struct tick *tick);

/*
 * Read an open file from its beginning, where it is, to its end.  Returns 0, or
 * -1 with errno: EAGAIN if the tick ended it, EBUSY if too many workers hash
 * already, by the tick's share.
 */
int hash_file(int fd, const struct tick *tick, struct digest *digest);

#endif
