/* SPDX-License-Identifier: ISC */
/* The user and group that ftxd becomes. */
#ifndef SERVER_IDENTITY_H
#define SERVER_IDENTITY_H

#include <sys/types.h>

#include "common/settings.h"

struct identity {
	char name[256]; /* "" where the user database has none */
	uid_t uid;
	gid_t gid;
};

/*
 * Look up "user" or "user:group", names or numbers.  Without a group it is the
 * user's own.  Returns 0, or -1 with error.
 */
int identity_find(
    struct identity *identity, const char *text, char error[SETTINGS_ERROR]);

/* Become it for good.  Returns 0, or -1 with errno. */
int identity_assume(const struct identity *identity);

#endif
