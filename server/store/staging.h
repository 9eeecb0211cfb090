/* SPDX-License-Identifier: ISC */
/* Files in the staging directory, each locked by the process that fills it. */
#ifndef SERVER_STORE_STAGING_H
#define SERVER_STORE_STAGING_H

#include "server/store/store.h"

/* Room for three hexadecimal numbers and the store's mark. */
#define STAGING_NAME 128

/* A file that is being received, with mode 0600. */
struct staging_file {
	int fd; /* owned; holds the lock: see staging_lock */
	char name[STAGING_NAME];
};

/* Create a file and lock it.  Returns 0, or -1 with errno. */
int staging_create(const struct store *store, struct staging_file *staged);

/*
 * Lock a file for this process, without waiting.  Returns 0, or -1 with errno:
 * EAGAIN if another process holds the lock.  The lock ends when the process
 * closes any descriptor of the file.  Source: POSIX.1-2008, fcntl().
 */
int staging_lock(int fd);

/* Unlock and close a file.  Returns 0, or -1 with errno. */
int staging_close(struct staging_file *staged);

/* Remove, unlock and close a file that was not published.  Keeps errno. */
void staging_discard(const struct store *store, struct staging_file *staged);

/* Returns nonzero if the name's mark permits this host to use the file. */
int staging_is_own(const struct store *store, const char *name);

/*
 * staging_is_unlocked returns nonzero if no process holds the file's lock.
 * staging_remove_unlocked removes such a file if it is this host's own, and
 * returns the number of files removed.  The calling process must not hold the
 * lock itself.
 */
int staging_is_unlocked(const struct store *store, const char *name);
int staging_remove_unlocked(const struct store *store, const char *name);

#endif
