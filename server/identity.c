/* SPDX-License-Identifier: ISC */
/* The user and group that ftxd becomes. */
#include "server/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/os.h"

/* A number in decimal digits; its greatest values mean "none" to the system. */
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

/* Returns 1 if the group, too, is now known; 0 if not; -1 for no such user. */
static int
find_user(struct identity *identity, const char *text)
{
	unsigned long number;
	struct passwd *entry = getpwnam(text);
	size_t length;

	if (entry == NULL && parse_number(text, &number) == 0) {
		identity->uid = (uid_t)number;
		entry = getpwuid(identity->uid);
		if (entry == NULL)
			return 0;
	}
	length = entry == NULL ? 0 : strlen(entry->pw_name);
	if (entry == NULL || length >= sizeof(identity->name))
		return -1;
	memcpy(identity->name, entry->pw_name, length + 1);
	identity->uid = entry->pw_uid;
	identity->gid = entry->pw_gid;
	return 1;
}

static int
find_group(struct identity *identity, const char *text)
{
	unsigned long number;
	struct group *entry = getgrnam(text);

	if (entry != NULL)
		identity->gid = entry->gr_gid;
	else if (parse_number(text, &number) == 0)
		identity->gid = (gid_t)number;
	else
		return -1;
	return 0;
}

int
identity_find(
    struct identity *identity, const char *text, char error[SETTINGS_ERROR])
{
	char user[sizeof(identity->name)];
	size_t length = strcspn(text, ":");
	const char *group = text[length] == ':' ? text + length + 1 : NULL;
	int found = -1;

	memset(identity, 0, sizeof(*identity));
	if (length < sizeof(user)) {
		memcpy(user, text, length);
		user[length] = '\0';
		found = find_user(identity, user);
	}
	if (found < 0)
		snprintf(
		    error, SETTINGS_ERROR, "user %.200s: no such user", text);
	else if (group != NULL && find_group(identity, group) != 0)
		snprintf(
		    error, SETTINGS_ERROR, "user %.200s: no such group", text);
	else if (group == NULL && found == 0)
		snprintf(error, SETTINGS_ERROR,
		    "user %.200s: unknown here, so write user:group", text);
	else
		return 0;
	return -1;
}

int
identity_assume(const struct identity *identity)
{
	return os_become(identity->name[0] == '\0' ? NULL : identity->name,
	    identity->uid, identity->gid);
}
