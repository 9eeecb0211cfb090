/* SPDX-License-Identifier: ISC */
/* The path of the receiving directory: default, absolute form, later checks. */
#ifndef SERVER_PROCESS_PLACE_H
#define SERVER_PROCESS_PLACE_H

#include <sys/types.h>

#include "server/process/user.h"

/* The receiving directory if the setting "directory" is not given. */
#define PLACE_DEFAULT "incoming"

/* Room for a working directory and a path below it. */
#define PLACE_PATH 8192

/*
 * Make the path absolute.  If getcwd() cannot find the working directory, keep
 * the path relative.
 */
void place_resolve(char place[PLACE_PATH], const char *directory);

/*
 * Create PLACE_DEFAULT in the working directory, unless that name exists.  The
 * mode is 0755 without the bits of mask, so only the owner can write.  If owner
 * is not NULL, the new directory belongs to it.  Returns 0; or -1 with errno
 * and nothing created.
 */
int place_create_default(mode_t mask, const struct user *owner);

enum place {
	PLACE_SAME,
	PLACE_REPLACED, /* the path leads elsewhere, or nowhere */
	PLACE_UNKNOWN	/* the path cannot be checked; see errno */
};

/* Compare the path with the open directory, by device and inode. */
enum place place_check(const char *path, int directory);

#endif
