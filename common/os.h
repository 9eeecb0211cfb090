/* SPDX-License-Identifier: ISC */
/* What lies outside POSIX: os_posix.c has what every Unix offers. */
#ifndef COMMON_OS_H
#define COMMON_OS_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Zeroed memory that this process shares with those it forks; kept until the
 * end.  Returns NULL with errno.
 */
void *os_shared_memory(size_t size);

/*
 * Become this user and group, with the groups that the user database names,
 * and make sure that there is no way back.  Returns 0, or -1 with errno.
 */
int os_become(const char *user, uid_t uid, gid_t gid);

#endif
