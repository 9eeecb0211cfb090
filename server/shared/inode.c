/* SPDX-License-Identifier: ISC */
/* Check whether a name still refers to an open file. */
#include "server/shared/inode.h"

int
inode_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int
inode_has_name(
    int fd, int directory, const char *name, int flags, struct stat *status)
{
	struct stat named;

	if (fstatat(directory, name, &named, flags) == -1 ||
	    fstat(fd, status) == -1)
		return -1;
	return inode_is_same(status, &named);
}
