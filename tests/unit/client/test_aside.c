/* SPDX-License-Identifier: ISC */
/* Remove sources, and restore those that an earlier run left set aside. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/sources/aside.h"
#include "tests/unit/support.h"

Suite *aside_suite(void);

static struct aside_changes own;
static struct outcome outcome;

static void
begin(void)
{
	memset(&own, 0, sizeof(own));
	directory_make("d");
}

static struct source_stamp
stamp_of(const char *path)
{
	struct stat found;

	ck_assert_int_eq(lstat(path, &found), 0);
	return source_stamp_of(&found);
}

/* Remove the file of this name in "d". */
static int
remove_in(const char *name, const struct source_stamp *stamp)
{
	int directory = open("d", O_RDONLY | O_DIRECTORY), result;

	ck_assert_int_ge(directory, 0);
	result = aside_remove(directory, name, stamp, &own, &outcome);
	close(directory);
	return result;
}

/* Build the path to which a process moves the file of this name. */
static void
aside_path(char path[300], pid_t process, const char *name)
{
	snprintf(path, 300, "d/.ftx-removing-%ld-%s", (long)process, name);
}

static void
make_aside(char path[300], pid_t process, const char *name)
{
	aside_path(path, process, name);
	file_make(path, "left");
}

static int restored, failed;
static char last_report[300 + STATUS_TEXT];

static void
record_restore(void *context, const char *name, const char *old_name,
    const struct outcome *why)
{
	ck_assert_ptr_eq(context, &own);
	ck_assert_int_eq(aside_is_name(name), 1);
	restored += why == NULL;
	failed += why != NULL;
	snprintf(last_report, sizeof(last_report), "%s: %s", old_name,
	    why != NULL ? why->text : "restored");
}

static void
restore_all(int expected, int failures)
{
	restored = failed = 0;
	aside_restore(open("d", O_RDONLY | O_DIRECTORY), record_restore, &own);
	ck_assert_int_eq(restored, expected);
	ck_assert_int_eq(failed, failures);
}

/* Returns the ID of a process that has ended. */
static pid_t
find_ended(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

START_TEST(file_is_removed_when_nothing_changed)
{
	struct source_stamp stamp;

	file_make("d/f", "f");
	stamp = stamp_of("d/f");
	ck_assert_int_eq(remove_in("f", &stamp), 0);
	ck_assert_uint_eq(directory_count("d"), 0);
}
END_TEST

/* File times may be coarse: write until the change time differs. */
static void
rewrite_until_changed(const struct source_stamp *before)
{
	struct timespec times[2] = {before->modified, before->modified};
	struct source_stamp now;

	do {
		int fd = open("d/f", O_WRONLY);

		ck_assert_int_eq(write(fd, "g", 1), 1);
		ck_assert_int_eq(futimens(fd, times), 0);
		close(fd);
		now = stamp_of("d/f");
	} while (now.changed.tv_sec == before->changed.tv_sec &&
	    now.changed.tv_nsec == before->changed.tv_nsec);
	ck_assert_int_eq(now.modified.tv_nsec, before->modified.tv_nsec);
}

START_TEST(file_stays_when_rewritten_with_size_and_time_put_back)
{
	struct source_stamp stamp;

	file_make("d/f", "f");
	stamp = stamp_of("d/f");
	rewrite_until_changed(&stamp);
	ck_assert_int_eq(remove_in("f", &stamp), -1);
	ck_assert_ptr_nonnull(strstr(outcome.text, "changed since it was"));
	file_expect_text("d/f", "g");
	ck_assert_uint_eq(directory_count("d"), 1);
}
END_TEST

START_TEST(other_links_are_removed_when_one_was)
{
	struct source_stamp stamp;

	file_make("d/f", "f");
	ck_assert_int_eq(link("d/f", "d/g"), 0);
	ck_assert_int_eq(link("d/f", "d/h"), 0);
	stamp = stamp_of("d/f");
	ck_assert_int_eq(remove_in("g", &stamp), 0);
	ck_assert_int_eq(remove_in("h", &stamp), 0);
	ck_assert_int_eq(remove_in("f", &stamp), 0);
	ck_assert_uint_eq(directory_count("d"), 0);
}
END_TEST

/*
 * Removing a link changes the change time of the file.  aside_remove must still
 * detect another change.
 */
START_TEST(other_link_stays_when_rewritten_after_one_was_removed)
{
	struct source_stamp stamp, left;

	file_make("d/f", "f");
	ck_assert_int_eq(link("d/f", "d/g"), 0);
	stamp = stamp_of("d/f");
	ck_assert_int_eq(remove_in("g", &stamp), 0);
	left = stamp_of("d/f");
	rewrite_until_changed(&left);
	ck_assert_int_eq(remove_in("f", &stamp), -1);
	file_expect_text("d/f", "g");
}
END_TEST

/* Names 1 byte shorter than the longest, the longest, and 1 byte longer. */
START_TEST(file_stays_when_its_name_is_too_long)
{
	static const int results[] = {0, 0, -1};
	struct source_stamp stamp;
	char name[ASIDE_NAME], path[ASIDE_NAME + 2], aside[300];
	size_t length;

	aside_path(aside, getpid(), "");
	length = ASIDE_NAME - 1 - strlen(aside + 2) - 1 + (size_t)_i;
	memset(name, 'n', length);
	name[length] = '\0';
	snprintf(path, sizeof(path), "d/%s", name);
	file_make(path, "f");
	stamp = stamp_of(path);
	ck_assert_int_eq(remove_in(name, &stamp), results[_i]);
	ck_assert_int_eq(file_exists(path), results[_i] != 0);
	ck_assert_uint_eq(directory_count("d"), results[_i] != 0);
	if (results[_i] != 0)
		ck_assert_ptr_nonnull(strstr(outcome.text, "too long"));
}
END_TEST

/* Another file has the name to which this process would move it. */
START_TEST(file_stays_when_the_name_aside_is_taken)
{
	struct source_stamp stamp;
	char aside[300];

	make_aside(aside, getpid(), "f");
	file_make("d/f", "f");
	stamp = stamp_of("d/f");
	ck_assert_int_eq(remove_in("f", &stamp), -1);
	file_expect_text("d/f", "f");
	file_expect_text(aside, "left");
}
END_TEST

START_TEST(file_gets_its_name_back_when_its_process_has_ended)
{
	char aside[300];

	make_aside(aside, find_ended(), "f");
	/* In a container, each run may have the same process ID. */
	make_aside(aside, getpid(), "g-1");
	restore_all(2, 0);
	file_expect_text("d/f", "left");
	file_expect_text("d/g-1", "left");
	ck_assert_uint_eq(directory_count("d"), 2);
	restore_all(0, 0);
}
END_TEST

START_TEST(file_stays_aside_when_its_name_is_taken)
{
	char aside[300];

	make_aside(aside, find_ended(), "f");
	file_make("d/f", "new");
	restore_all(0, 1);
	ck_assert_str_eq(last_report, "f: File exists");
	file_expect_text("d/f", "new");
	file_expect_text(aside, "left");
}
END_TEST

/* The earlier run linked the old name, but did not unlink the other. */
START_TEST(name_aside_is_removed_when_the_old_name_exists_too)
{
	char aside[300];

	make_aside(aside, find_ended(), "f");
	ck_assert_int_eq(link(aside, "d/f"), 0);
	restore_all(1, 0);
	file_expect_text("d/f", "left");
	ck_assert_uint_eq(directory_count("d"), 1);
}
END_TEST

START_TEST(file_stays_aside_when_its_process_runs)
{
	char aside[300];

	make_aside(aside, getppid(), "f");
	restore_all(0, 0);
	file_expect_text(aside, "left");
}
END_TEST

START_TEST(other_names_are_kept_when_files_are_restored)
{
	static const char *const names[] = {".ftx-removing-", ".ftx-removing-1",
	    ".ftx-removing-1-", ".ftx-removing--f", ".ftx-removing-0-f",
	    ".ftx-removing-x-f", ".ftx-removing-99999999999999999999-f",
	    ".ftx-removing-1-.", ".ftx-removing-1-..", ".ftx-removing- 1-f",
	    "ftx-removing-1-f"};
	const size_t count = sizeof(names) / sizeof(names[0]);
	char path[300];

	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(aside_is_name(names[i]), 0);
		snprintf(path, sizeof(path), "d/%s", names[i]);
		file_make(path, "f");
	}
	restore_all(0, 0);
	ck_assert_uint_eq(directory_count("d"), count);
}
END_TEST

Suite *
aside_suite(void)
{
	Suite *suite = suite_create("aside");
	TCase *tcase = support_case("aside");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, file_is_removed_when_nothing_changed);
	tcase_add_test(
	    tcase, file_stays_when_rewritten_with_size_and_time_put_back);
	tcase_add_test(tcase, other_links_are_removed_when_one_was);
	tcase_add_test(
	    tcase, other_link_stays_when_rewritten_after_one_was_removed);
	tcase_add_loop_test(tcase, file_stays_when_its_name_is_too_long, 0, 3);
	tcase_add_test(tcase, file_stays_when_the_name_aside_is_taken);
	tcase_add_test(
	    tcase, file_gets_its_name_back_when_its_process_has_ended);
	tcase_add_test(tcase, file_stays_aside_when_its_name_is_taken);
	tcase_add_test(
	    tcase, name_aside_is_removed_when_the_old_name_exists_too);
	tcase_add_test(tcase, file_stays_aside_when_its_process_runs);
	tcase_add_test(tcase, other_names_are_kept_when_files_are_restored);
	suite_add_tcase(suite, tcase);
	return suite;
}
