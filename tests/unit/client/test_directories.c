/* SPDX-License-Identifier: ISC */
/* Directories: when they are ready, in which order, and how many. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/sources/directories.h"

Suite *directories_suite(void);

static struct directories directories;

static void
begin(void)
{
	directories_init(&directories);
}

static void
end(void)
{
	directories_release(&directories);
}

static struct directory *
enter(const char *name)
{
	char path[WIRE_PATH_MAX + 1];
	const struct source source = {path, 0, 0};
	const struct stat found = {.st_mode = S_IFDIR | 0700};

	memcpy(path, name, strlen(name) + 1);
	ck_assert_int_eq(directories_enter(&directories, &source, &found), 0);
	ck_assert_str_eq(directories.current->source.path, name);
	return directories.current;
}

/* Remove the next ready directory; expect this name, or none if NULL. */
static void
expect_next(const char *name)
{
	struct directory *directory = directories_pop(&directories);

	if (name == NULL) {
		ck_assert_ptr_null(directory);
		return;
	}
	ck_assert_ptr_nonnull(directory);
	ck_assert_str_eq(directory->source.path, name);
	ck_assert_uint_eq(directory->found.st_mode, S_IFDIR | 0700);
	directory_release(directory->parent);
	free(directory);
}

START_TEST(directory_is_ready_when_its_children_are_done)
{
	struct directory *above = enter("a"), *below = enter("a/b");

	ck_assert_ptr_null(above->parent);
	ck_assert_ptr_eq(below->parent, above);
	directory_hold(above);
	directory_hold(below);
	directory_hold(below);
	directories_leave(&directories);
	ck_assert_ptr_eq(directories.current, above);
	directories_leave(&directories);
	ck_assert_ptr_null(directories.current);
	directory_release(above);
	directory_release(below);
	expect_next(NULL);
	directory_release(below);
	expect_next("a/b");
	expect_next("a");
	expect_next(NULL);
	ck_assert_uint_eq(directories.count, 0);
	ck_assert_uint_eq(directories.bytes, 0);
}
END_TEST

/* A parent waits until the modes of its children are set. */
START_TEST(parent_is_ready_after_its_children)
{
	struct directory *directory;

	enter("a");
	enter("a/b");
	directories_leave(&directories);
	directories_leave(&directories);
	directory = directories_pop(&directories);
	ck_assert_str_eq(directory->source.path, "a/b");
	expect_next(NULL);
	directory_release(directory->parent);
	free(directory);
	expect_next("a");
}
END_TEST

/* The first, the middle and the last of a list can be removed. */
START_TEST(directories_are_removed_in_any_order)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	static const int orders[][4] = {
	    {0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
	const int *order = orders[_i];
	struct directory *held[4];

	for (int i = 0; i < 4; i++) {
		held[i] = directory_hold(enter(names[i]));
		directories_leave(&directories);
	}
	directory_release(held[order[0]]);
	directory_release(held[order[1]]);
	expect_next(names[order[0]]);
	directory_release(held[order[2]]);
	expect_next(names[order[1]]);
	expect_next(names[order[2]]);
	expect_next(NULL);
	directory_release(held[order[3]]);
	expect_next(names[order[3]]);
	expect_next(NULL);
}
END_TEST

/* A connection requests parents first; a new connection starts again. */
START_TEST(directory_is_unrequested_on_a_new_connection)
{
	struct directory *above = enter("a"), *below = enter("a/b");

	ck_assert_ptr_eq(directory_unrequested(below, 1), above);
	ck_assert_ptr_null(directory_unrequested(NULL, 1));
	above->requested = 1;
	ck_assert_ptr_eq(directory_unrequested(below, 1), below);
	ck_assert_ptr_eq(directory_unrequested(below, 2), above);
	below->requested = 3;
	ck_assert_ptr_null(directory_unrequested(below, 1));
	ck_assert_ptr_eq(directory_unrequested(below, 2), above);
	directories_forget(&directories, 1);
	ck_assert_ptr_eq(directory_unrequested(below, 1), above);
	ck_assert_uint_eq(below->requested, 2);
	directories_leave(&directories);
	directories_leave(&directories);
	directories_forget(&directories, 2);
	ck_assert_uint_eq(below->requested, 0);
}
END_TEST

START_TEST(directories_are_full_when_there_are_many)
{
	for (int i = 0; i < WIRE_WINDOW_REQUESTS; i++) {
		ck_assert(!directories_are_full(&directories));
		enter("a");
	}
	ck_assert(directories_are_full(&directories));
	directories_leave(&directories);
	ck_assert(directories_are_full(&directories));
	expect_next("a");
	ck_assert(!directories_are_full(&directories));
}
END_TEST

START_TEST(directories_are_full_when_paths_are_long)
{
	char name[WIRE_PATH_MAX + 1];

	memset(name, 'x', WIRE_PATH_MAX);
	name[WIRE_PATH_MAX] = '\0';
	for (int i = 0; i < WIRE_WINDOW_PATHS / WIRE_PATH_MAX; i++) {
		ck_assert(!directories_are_full(&directories));
		enter(name);
	}
	ck_assert(directories_are_full(&directories));
}
END_TEST

Suite *
directories_suite(void)
{
	Suite *suite = suite_create("directories");
	TCase *tcase = tcase_create("directories");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, directory_is_ready_when_its_children_are_done);
	tcase_add_test(tcase, parent_is_ready_after_its_children);
	tcase_add_loop_test(tcase, directories_are_removed_in_any_order, 0, 4);
	tcase_add_test(tcase, directory_is_unrequested_on_a_new_connection);
	tcase_add_test(tcase, directories_are_full_when_there_are_many);
	tcase_add_test(tcase, directories_are_full_when_paths_are_long);
	suite_add_tcase(suite, tcase);
	return suite;
}
