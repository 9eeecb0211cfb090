/* SPDX-License-Identifier: ISC */
/* The digest of what a file holds, read in slices. */
#ifndef SERVER_HASH_H
#define SERVER_HASH_H

#include "common/digest.h"

/* Called again and again during work that takes long.  Nonzero ends it. */
struct tick {
	int (*tick)(void *argument);
	void *argument;
};

int tick_call(const struct tick *tick);

/*
 * Read an open file from its beginning, where it is, to its end.  Returns 0, or
 * -1 with errno, EAGAIN if the tick ended it.
 */
int hash_file(int fd, const struct tick *tick, struct digest *digest);

#endif
