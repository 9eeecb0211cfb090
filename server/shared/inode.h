/* SPDX-License-Identifier: ISC */
/* Check whether a name still refers to an open file. */
#ifndef SERVER_SHARED_INODE_H
#define SERVER_SHARED_INODE_H

#include <sys/stat.h>

/* Nonzero if a and b are the status of the same file. */
int inode_is_same(const struct stat *a, const struct stat *b);

/*
 * Check whether name, relative to directory, refers to the open file fd.  flags
 * are those of fstatat.  Returns 1 if it does, 0 if not, both with the status
 * of fd; or -1 with errno.  Source: POSIX.1-2008, fstatat().
 */
int inode_has_name(
    int fd, int directory, const char *name, int flags, struct stat *status);

#endif
