/* SPDX-License-Identifier: ISC */
/* folders: in their order, not too early, and not without limit. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/folders.h"

Suite *folders_suite(void);

static struct folders folders;

static void
begin(void)
{
	folders_init(&folders);
}

static void
end(void)
{
	folders_release(&folders);
	ck_assert_ptr_null(folders.first);
	ck_assert_uint_eq(folders.count, 0);
	ck_assert_uint_eq(folders.bytes, 0);
}

static void
add(const char *name, uint32_t after)
{
	char path[WIRE_PATH_MAX + 1];
	const struct source source = {path, 0, 0};
	const struct stat found = {.st_mode = S_IFDIR | 0700};

	memcpy(path, name, strlen(name) + 1);
	ck_assert_int_eq(folders_add(&folders, &source, &found, after), 0);
}

static void
take(const char *name, uint32_t first)
{
	struct folder *folder = folders_take(&folders, first);

	if (name == NULL) {
		ck_assert_ptr_null(folder);
		return;
	}
	ck_assert_ptr_nonnull(folder);
	ck_assert_str_eq(folder->source.path, name);
	ck_assert_uint_eq(folder->found.st_mode, S_IFDIR | 0700);
	free(folder);
}

START_TEST(when_all_below_is_done)
{
	take(NULL, 1);
	add("a/b", 3);
	add("a", 5);
	take(NULL, 2);
	take("a/b", 3);
	take(NULL, 4);
	add("c", 6);
	take("a", 9);
	take("c", 9);
	take(NULL, 9);
}
END_TEST

START_TEST(so_many)
{
	for (int i = 0; i < WIRE_WINDOW_REQUESTS; i++) {
		ck_assert(!folders_are_full(&folders));
		add("a", 1);
	}
	ck_assert(folders_are_full(&folders));
	take("a", 1);
	ck_assert(!folders_are_full(&folders));
}
END_TEST

START_TEST(so_many_bytes)
{
	char name[WIRE_PATH_MAX + 1];

	memset(name, 'x', WIRE_PATH_MAX);
	name[WIRE_PATH_MAX] = '\0';
	for (int i = 0; i < WIRE_WINDOW_PATHS / WIRE_PATH_MAX; i++) {
		ck_assert(!folders_are_full(&folders));
		add(name, 1);
	}
	ck_assert(folders_are_full(&folders));
}
END_TEST

Suite *
folders_suite(void)
{
	Suite *suite = suite_create("folders");
	TCase *tcase = tcase_create("folders");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, when_all_below_is_done);
	tcase_add_test(tcase, so_many);
	tcase_add_test(tcase, so_many_bytes);
	suite_add_tcase(suite, tcase);
	return suite;
}
