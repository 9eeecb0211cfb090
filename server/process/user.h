/* SPDX-License-Identifier: ISC */
/* The user and group that ftxd becomes. */
#ifndef SERVER_PROCESS_USER_H
#define SERVER_PROCESS_USER_H

#include <sys/types.h>

#include "common/settings.h"

struct user {
	char name[256]; /* "" where the user database has none */
	uid_t uid;
	gid_t gid;
};

/*
 * Look up "user" or "user:group", names or numbers.  Without a group it is the
 * user's own.  Returns 0, or -1 with error.
 */
int user_find(struct user *user, const char *text, char error[SETTINGS_ERROR]);

/* Become it for good.  Returns 0, or -1 with errno. */
int user_assume(const struct user *user);

#endif
