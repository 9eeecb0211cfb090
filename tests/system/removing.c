/* SPDX-License-Identifier: ISC */
/* Sources are removed while others write, replace them, or end the run. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* Delay of a call in milliseconds, in which another file takes the name. */
#define SLOW 300

static struct server server;
static struct plan plan;

static void
begin(void)
{
	SERVER_START(&server, "-w", "1");
	directory_make("d");
	directory_make("d/e");
	file_write("d/e/f", "first");
}

static void
end(void)
{
	server_stop(&server);
}

/* Start a put of "d" with remove-source and with the plan. */
static void
begin_removing(struct run *run)
{
	const char *argv[PLAN_LAUNCHER + 8];
	char program[HARNESS_PATH];
	size_t count = 0;

	for (; plan.launcher[count] != NULL; count++)
		argv[count] = plan.launcher[count];
	argv[count++] = harness_program(program, "ftx");
	argv[count++] = "put";
	argv[count++] = "-ro";
	argv[count++] = "remove-source";
	argv[count++] = "d";
	argv[count++] = "127.0.0.1:";
	argv[count] = NULL;
	run_begin(run, argv);
}

/* Replace the source by another file. */
static void
put_another(const char *text)
{
	file_write("another", text);
	ck_assert_int_eq(rename("another", "d/e/f"), 0);
}

static void
expect_text(const char *path, const char *text)
{
	char *found = file_read(path);

	ck_assert_str_eq(found, text);
	free(found);
}

/* Set path to the only file in "d/e" that ftx has renamed aside, or to "". */
static void
find_renamed(char path[HARNESS_PATH])
{
	DIR *stream = opendir("d/e");
	struct dirent *entry;

	ck_assert_ptr_nonnull(stream);
	path[0] = '\0';
	while ((entry = readdir(stream)) != NULL) {
		if (strncmp(entry->d_name, ".ftx-removing-", 14) != 0)
			continue;
		ck_assert_str_eq(path, "");
		snprintf(path, HARNESS_PATH, "d/e/%s", entry->d_name);
	}
	closedir(stream);
}

static void
expect_none_renamed(void)
{
	char path[HARNESS_PATH];

	find_renamed(path);
	ck_assert_str_eq(path, "");
}

static const struct plan_fault
    slow_rename = {.call = FAULT_RENAME, .kind = FAULT_DELAY, .value = SLOW},
    slow_unlink = {.call = FAULT_UNLINK, .kind = FAULT_DELAY, .value = SLOW},
    killed = {.call = FAULT_UNLINK, .kind = FAULT_SIGNAL, .value = SIGKILL};

START_TEST(new_file_stays_when_it_appears_before_the_rename)
{
	struct run run;

	if (plan_make(&plan, "plan") != 0)
		return;
	plan_arm(&plan, &slow_rename, 1, 0);
	begin_removing(&run);
	eventually(plan_count_matches(&plan) == 1, HARNESS_TIMEOUT);
	put_another("never sent");
	run_finish(&run);
	run_check(&run, 23,
	    "could not be removed: it is no longer the file that was sent");
	expect_text("d/e/f", "never sent");
	expect_text("in/d/e/f", "first");
	expect_none_renamed();
}
END_TEST

START_TEST(new_file_stays_when_it_appears_after_the_rename)
{
	struct run run;

	if (plan_make(&plan, "plan") != 0)
		return;
	plan_arm(&plan, &slow_unlink, 1, 0);
	begin_removing(&run);
	eventually(plan_count_matches(&plan) == 1, HARNESS_TIMEOUT);
	ck_assert(!file_exists("d/e/f"));
	put_another("never sent");
	run_finish(&run);
	run_check(&run, 0, NULL);
	expect_text("d/e/f", "never sent");
	expect_none_renamed();
}
END_TEST

#ifdef OS_LINUX
/* One file comes before the rename, another one before it is renamed back. */
START_TEST(both_files_stay_when_the_name_exists_again)
{
	struct run run;
	char path[HARNESS_PATH];

	if (plan_make(&plan, "plan") != 0)
		return;
	plan_arm(&plan, &slow_rename, 1, 1);
	begin_removing(&run);
	eventually(plan_count_matches(&plan) == 1, HARNESS_TIMEOUT);
	put_another("second");
	eventually(plan_count_matches(&plan) == 2, HARNESS_TIMEOUT);
	put_another("third");
	run_finish(&run);
	run_check(&run, 23, "it was renamed to .ftx-removing-");
	ck_assert_ptr_nonnull(strstr(run.err, "renamed back: File exists"));
	expect_text("d/e/f", "third");
	find_renamed(path);
	expect_text(path, "second");
}
END_TEST
#endif

/* Kill a run between the rename and the removal. */
static void
kill_one(char aside[HARNESS_PATH])
{
	struct run run;

	plan_arm(&plan, &killed, 1, 0);
	begin_removing(&run);
	run_finish(&run);
	ck_assert_int_eq(run.status, 128 + SIGKILL);
	(void)plan_disarm(&plan);
	ck_assert(!file_exists("d/e/f"));
	find_renamed(aside);
	expect_text(aside, "first");
}

START_TEST(renamed_source_is_restored_by_the_next_run)
{
	char aside[HARNESS_PATH];
	struct run run;

	if (plan_make(&plan, "plan") != 0)
		return;
	kill_one(aside);
	file_write("d/e/g", "other");
	/* Without remove-source, and in a dry run, ftx restores nothing. */
	RUN(&run, "ftx", "put", "d/e/g", "127.0.0.1:");
	run_check(&run, 0, NULL);
	RUN(&run, "ftx", "put", "-rno", "remove-source", "d", "127.0.0.1:");
	run_check(&run, 0, NULL);
	expect_text(aside, "first");
	/* ftx restores files in the directory of a named source. */
	RUN(&run, "ftx", "put", "-o", "remove-source", "d/e/g", "127.0.0.1:");
	run_check(&run, 0, "ftx: d/e/f: renamed back: ");
	expect_text("d/e/f", "first");
	ck_assert(!file_exists("d/e/g") && !file_exists(aside));
	/* ftx restores files in a directory that it sends, and sends them. */
	kill_one(aside);
	ck_assert_int_eq(unlink("in/d/e/f"), 0);
	RUN(&run, "ftx", "put", "-ro", "remove-source", "d", "127.0.0.1:");
	run_check(&run, 0, "ftx: d/e/f: renamed back: ");
	expect_text("in/d/e/f", "first");
	ck_assert(!file_exists("d/e/f") && !file_exists(aside));
	ck_assert_int_eq(directory_count("in/d/e"), 1);
}
END_TEST

START_TEST(renamed_source_stays_when_its_name_exists_again)
{
	char aside[HARNESS_PATH];
	struct run run;

	if (plan_make(&plan, "plan") != 0)
		return;
	kill_one(aside);
	file_write("d/e/f", "second");
	RUN(&run, "ftx", "put", "-ro", "remove-source", "d", "127.0.0.1:");
	run_check(&run, 23, "left by an earlier run, and could not be renamed");
	expect_text(aside, "first");
	expect_text("in/d/e/f", "second");
	ck_assert(!file_exists("d/e/f"));
	ck_assert_int_eq(directory_count("in/d/e"), 1);
}
END_TEST

/* Enough links that ftx sends several before it removes the first. */
START_TEST(hard_links_are_all_removed)
{
	struct run run;
	char path[32];

	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "d/e/f%d", i);
		ck_assert_int_eq(link("d/e/f", path), 0);
	}
	RUN(&run, "ftx", "put", "-rj4", "-o", "remove-source", "d",
	    "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(directory_count("d/e"), 0);
	ck_assert_int_eq(directory_count("in/d/e"), 41);
}
END_TEST

Suite *
removing_suite(void)
{
	Suite *suite = suite_create("removing");
	TCase *tcase = harness_case("removing");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, new_file_stays_when_it_appears_before_the_rename);
	tcase_add_test(tcase, new_file_stays_when_it_appears_after_the_rename);
#ifdef OS_LINUX
	/* Elsewhere, ftx restores the name by linkat, not by rename. */
	tcase_add_test(tcase, both_files_stay_when_the_name_exists_again);
#endif
	tcase_add_test(tcase, renamed_source_is_restored_by_the_next_run);
	tcase_add_test(tcase, renamed_source_stays_when_its_name_exists_again);
	tcase_add_test(tcase, hard_links_are_all_removed);
	suite_add_tcase(suite, tcase);
	return suite;
}
