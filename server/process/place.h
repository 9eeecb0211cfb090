/* SPDX-License-Identifier: ISC */
/* The path of the receiving directory: default, absolute form, later checks. */
#ifndef SERVER_PROCESS_PLACE_H
#define SERVER_PROCESS_PLACE_H

#include <sys/types.h>

#include "server/process/user.h"

/* The receiving directory without the setting "directory". */
#define PLACE_DEFAULT "incoming"

/* Room for a working directory and a path below it. */
#define PLACE_PATH 8192

/*
 * Make the path absolute.  It stays relative if the working directory has no
 * path.
 */
void place_resolve(char place[PLACE_PATH], const char *directory);

/*
 * Create PLACE_DEFAULT in the working directory unless the name exists, with
 * mode 0755 less mask: never writable by others.  A new directory belongs to
 * owner unless that is NULL.  Returns 0; or -1 with errno and nothing created.
 */
int place_create_default(mode_t mask, const struct user *owner);

enum place {
	PLACE_SAME,
	PLACE_REPLACED, /* the path names something else, or nothing */
	PLACE_UNKNOWN	/* the path cannot be checked; see errno */
};

/* Compare the path with the open directory, by device and inode. */
enum place place_check(const char *path, int directory);

#endif
