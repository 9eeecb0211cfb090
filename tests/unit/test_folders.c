/* SPDX-License-Identifier: ISC */
/* folders: from below, not too early, and not without limit. */
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
}

static struct folder *
enter(const char *name)
{
	char path[WIRE_PATH_MAX + 1];
	const struct source source = {path, 0, 0};
	const struct stat found = {.st_mode = S_IFDIR | 0700};

	memcpy(path, name, strlen(name) + 1);
	ck_assert_int_eq(folders_enter(&folders, &source, &found), 0);
	ck_assert_str_eq(folders.current->source.path, name);
	return folders.current;
}

/* Take one as if its mode were set then and there. */
static void
take(const char *name)
{
	struct folder *folder = folders_take(&folders);

	if (name == NULL) {
		ck_assert_ptr_null(folder);
		return;
	}
	ck_assert_ptr_nonnull(folder);
	ck_assert_str_eq(folder->source.path, name);
	ck_assert_uint_eq(folder->found.st_mode, S_IFDIR | 0700);
	folder_drop(folder->parent);
	free(folder);
}

START_TEST(when_all_below_is_done)
{
	struct folder *above = enter("a"), *below = enter("a/b");

	ck_assert_ptr_null(above->parent);
	ck_assert_ptr_eq(below->parent, above);
	folder_hold(above);
	folder_hold(below);
	folder_hold(below);
	folders_leave(&folders);
	ck_assert_ptr_eq(folders.current, above);
	folders_leave(&folders);
	ck_assert_ptr_null(folders.current);
	folder_drop(above);
	folder_drop(below);
	take(NULL);
	folder_drop(below);
	take("a/b");
	take("a");
	take(NULL);
	ck_assert_uint_eq(folders.count, 0);
	ck_assert_uint_eq(folders.bytes, 0);
}
END_TEST

/* A parent waits until the mode of what lies in it is set. */
START_TEST(from_below)
{
	struct folder *folder;

	enter("a");
	enter("a/b");
	folders_leave(&folders);
	folders_leave(&folders);
	folder = folders_take(&folders);
	ck_assert_str_eq(folder->source.path, "a/b");
	take(NULL);
	folder_drop(folder->parent);
	free(folder);
	take("a");
}
END_TEST

/* Each leaves the lists from whatever place it has there. */
START_TEST(in_any_order)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	static const int orders[][4] = {
	    {0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
	const int *order = orders[_i];
	struct folder *held[4];

	for (int i = 0; i < 4; i++) {
		held[i] = folder_hold(enter(names[i]));
		folders_leave(&folders);
	}
	folder_drop(held[order[0]]);
	folder_drop(held[order[1]]);
	take(names[order[0]]);
	folder_drop(held[order[2]]);
	take(names[order[1]]);
	take(names[order[2]]);
	take(NULL);
	folder_drop(held[order[3]]);
	take(names[order[3]]);
	take(NULL);
}
END_TEST

/* A connection asks for those above first, and after it was lost again. */
START_TEST(unknown_to_a_connection)
{
	struct folder *above = enter("a"), *below = enter("a/b");

	ck_assert_ptr_eq(folder_unknown(below, 1), above);
	ck_assert_ptr_null(folder_unknown(NULL, 1));
	above->known = 1;
	ck_assert_ptr_eq(folder_unknown(below, 1), below);
	ck_assert_ptr_eq(folder_unknown(below, 2), above);
	below->known = 3;
	ck_assert_ptr_null(folder_unknown(below, 1));
	ck_assert_ptr_eq(folder_unknown(below, 2), above);
	folders_forget(&folders, 1);
	ck_assert_ptr_eq(folder_unknown(below, 1), above);
	ck_assert_uint_eq(below->known, 2);
	folders_leave(&folders);
	folders_leave(&folders);
	folders_forget(&folders, 2);
	ck_assert_uint_eq(below->known, 0);
}
END_TEST

START_TEST(so_many)
{
	for (int i = 0; i < WIRE_WINDOW_REQUESTS; i++) {
		ck_assert(!folders_are_full(&folders));
		enter("a");
	}
	ck_assert(folders_are_full(&folders));
	folders_leave(&folders);
	ck_assert(folders_are_full(&folders));
	take("a");
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
		enter(name);
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
	tcase_add_test(tcase, from_below);
	tcase_add_loop_test(tcase, in_any_order, 0, 4);
	tcase_add_test(tcase, unknown_to_a_connection);
	tcase_add_test(tcase, so_many);
	tcase_add_test(tcase, so_many_bytes);
	suite_add_tcase(suite, tcase);
	return suite;
}
