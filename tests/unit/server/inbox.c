/* SPDX-License-Identifier: ISC */
/* A receiving directory "in" for tests of the server. */
#include "tests/unit/server/inbox.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/support.h"

const char *
inbox_staging(void)
{
	static char path[STAGING_NAME];

	snprintf(path, sizeof(path), "in/.ftx-%lu", (unsigned long)geteuid());
	return path;
}

void
inbox_open(struct store *store)
{
	struct outcome outcome;

	directory_make("in");
	memset(store, 0, sizeof(*store));
	store->sync = 1;
	ck_assert_int_eq(store_open(store, "in", &outcome), 0);
	ck_assert_int_eq(store_enter(store, &outcome), 0);
}

void
inbox_close(struct store *store)
{
	ck_assert_uint_eq(directory_count(inbox_staging()), 0);
	store_close(store);
}

void
inbox_become_nobody(const struct store *store)
{
	const uid_t nobody = 65534;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(fchown(store->staging, nobody, (gid_t)-1), 0);
	ck_assert_int_eq(seteuid(nobody), 0);
}

void
inbox_restore_user(void)
{
	ck_assert_int_eq(seteuid(getuid()), 0);
}

void
inbox_stage(
    const struct store *store, struct staging_file *staged, const char *text)
{
	ck_assert_int_eq(staging_create(store, staged), 0);
	ck_assert_int_eq(
	    write(staged->fd, text, strlen(text)), (ssize_t)strlen(text));
}
