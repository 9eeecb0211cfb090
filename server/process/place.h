/* SPDX-License-Identifier: ISC */
/* Where ftxd receives: the path, its default, and whether it still leads there.
 */
#ifndef SERVER_PROCESS_PLACE_H
#define SERVER_PROCESS_PLACE_H

#include <sys/types.h>

#include "server/process/user.h"

/* What is received into without the setting "directory". */
#define PLACE_DEFAULT "incoming"

/* Room for a working directory and a path below it. */
#define PLACE_PATH 8192

/*
 * Make the path of the receiving directory absolute, based on the current
 * working directory.  If that has no path, the result stays relative.
 */
void place_resolve(char place[PLACE_PATH], const char *directory);

/*
 * Make PLACE_DEFAULT in the working directory unless that name exists, with
 * mode 0755 less mask: others may not write into it, whatever the umask.
 * If owner is not NULL, a directory that was made belongs to that user.
 * Returns 0, or -1 with errno; then nothing was made.
 */
int place_make(mode_t mask, const struct user *owner);

enum place {
	PLACE_SAME,
	PLACE_OTHER,  /* something else is there, or nothing */
	PLACE_UNKNOWN /* the path cannot be looked at; see errno */
};

/* Whether the path leads to the directory that is open, by device and inode. */
enum place place_look(const char *path, int directory);

#endif
