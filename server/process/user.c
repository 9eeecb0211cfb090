/* SPDX-License-Identifier: ISC */
/* The unprivileged user and group of ftxd. */
#include "server/process/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/os.h"

/* Parse a decimal id below INT32_MAX; the system reserves (uid_t)-1. */
static int
parse_number(const char *text, unsigned long *number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	*number = strtoul(text, &end, 10);
	if (*end != '\0' || errno != 0 || *number >= INT32_MAX)
		return -1;
	return 0;
}

/* Returns 1; 0 if the login group is unknown; -1 if there is no such user. */
static int
find_user(struct user *user, const char *text)
{
	unsigned long number;
	struct passwd *entry = getpwnam(text);
	size_t length;

	if (entry == NULL && parse_number(text, &number) == 0) {
		user->uid = (uid_t)number;
		entry = getpwuid(user->uid);
		if (entry == NULL)
			return 0;
	}
	length = entry == NULL ? 0 : strlen(entry->pw_name);
	if (entry == NULL || length >= sizeof(user->name))
		return -1;
	memcpy(user->name, entry->pw_name, length + 1);
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	return 1;
}

static int
find_group(struct user *user, const char *text)
{
	unsigned long number;
	struct group *entry = getgrnam(text);

	if (entry != NULL)
		user->gid = entry->gr_gid;
	else if (parse_number(text, &number) == 0)
		user->gid = (gid_t)number;
	else
		return -1;
	return 0;
}

int
user_find(struct user *user, const char *text, char error[SETTINGS_ERROR])
{
	char name[sizeof(user->name)];
	size_t length = strcspn(text, ":");
	const char *group = text[length] == ':' ? text + length + 1 : NULL;
	int found = -1;

	memset(user, 0, sizeof(*user));
	if (length < sizeof(name)) {
		memcpy(name, text, length);
		name[length] = '\0';
		found = find_user(user, name);
	}
	if (found < 0)
		snprintf(
		    error, SETTINGS_ERROR, "user %.200s: no such user", text);
	else if (group != NULL && find_group(user, group) != 0)
		snprintf(
		    error, SETTINGS_ERROR, "user %.200s: no such group", text);
	else if (group == NULL && found == 0)
		snprintf(error, SETTINGS_ERROR,
		    "user %.200s: login group unknown, write user:group", text);
	else
		return 0;
	return -1;
}

int
user_become(const struct user *user)
{
	return os_become_user(
	    user->name[0] == '\0' ? NULL : user->name, user->uid, user->gid);
}
