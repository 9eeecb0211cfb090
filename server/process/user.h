/* SPDX-License-Identifier: ISC */
/* The unprivileged user and group of ftxd. */
#ifndef SERVER_PROCESS_USER_H
#define SERVER_PROCESS_USER_H

#include <sys/types.h>

#include "common/settings.h"

struct user {
	char name[256]; /* "" if the user database has no such number */
	uid_t uid;
	gid_t gid;
};

/*
 * Look up "user" or "user:group", as names or numbers.  The default group is
 * the user's login group.  Returns 0, or -1 with error.
 */
int user_find(struct user *user, const char *text, char error[SETTINGS_ERROR]);

/* Change to this user irreversibly.  Returns 0, or -1 with errno. */
int user_become(const struct user *user);

#endif
