/* SPDX-License-Identifier: ISC */
/* Trees: entries that are sent or skipped, and trees that change. */
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"
#include "tests/system/trees.h"

static void
begin(void)
{
	server_begin();
	trees_make("src");
}

START_TEST(tree_keeps_modes_and_times)
{
	const struct timespec old[2] = {{1000000000, 5}, {1000000000, 7}};
	struct stat status;
	struct run run;

	ck_assert_int_eq(chmod("src/a", 0750), 0);
	ck_assert_int_eq(chmod("src/a/b", 0555), 0);
	ck_assert_int_eq(chmod("src/empty", 0777), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "src/a/b", old, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "src/a", old, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "src", old, 0), 0);
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:plain");
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_mode("in/plain/src/a"), 0750);
	ck_assert_uint_eq(file_mode("in/plain/src/a/b"), 0755);
	ck_assert_uint_eq(file_mode("in/plain/src/empty"), 0755);
	for (int i = 0; i < 2; i++) {
		RUN(&run, "ftx", "put", "-rp", "src", "127.0.0.1:exact");
		run_check(&run, 0, NULL);
		ck_assert_uint_eq(file_mode("in/exact/src/a"), 0750);
		ck_assert_uint_eq(file_mode("in/exact/src/a/b"), 0755);
		ck_assert_uint_eq(file_mode("in/exact/src/empty"), 0755);
		ck_assert_int_eq(lstat("in/exact/src/a", &status), 0);
		ck_assert_int_eq(status.st_mtim.tv_sec, 1000000000);
		ck_assert_int_eq(status.st_mtim.tv_nsec, 7);
		ck_assert_int_eq(lstat("in/exact/src", &status), 0);
		ck_assert_int_eq(status.st_mtim.tv_sec, 1000000000);
	}
	RUN(&run, "ftx", "put", "-rp", "src/", "127.0.0.1:inside");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(lstat("in/inside", &status), 0);
	ck_assert_int_eq(status.st_mtim.tv_sec, 1000000000);
}
END_TEST

START_TEST(entries_are_skipped_when_they_are_no_files)
{
	struct run run;

	ck_assert_int_eq(symlink("1", "src/link"), 0);
	ck_assert_int_eq(symlink("nowhere", "src/dangling"), 0);
	ck_assert_int_eq(symlink("..", "src/a/up"), 0);
	ck_assert_int_eq(mkfifo("src/pipe", 0600), 0);
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	run_check(&run, 0, "src/link: is a symbolic link; skipped");
	ck_assert_ptr_nonnull(
	    strstr(run.err, "src/dangling: is a symbolic link; skipped"));
	ck_assert_ptr_nonnull(
	    strstr(run.err, "src/a/up: is a symbolic link; skipped"));
	ck_assert_ptr_nonnull(strstr(run.err, "src/pipe: is a FIFO; skipped"));
	ck_assert_int_eq(directory_count("in/src"), 3);
	ck_assert_int_eq(directory_count("in/src/a"), 2);
}
END_TEST

START_TEST(links_are_followed_with_L)
{
	struct run run;

	directory_make("other");
	file_make("other/big", 2 << 20, 9);
	ck_assert_int_eq(symlink("1", "src/link"), 0);
	ck_assert_int_eq(symlink("../other", "src/to-other"), 0);
	ck_assert_int_eq(symlink("..", "src/a/up"), 0);
	RUN(&run, "ftx", "put", "-rL", "src", "127.0.0.1:");
	run_check(&run, 0, "src/a/up: leads back to a directory");
	ck_assert(file_equal("src/1", "in/src/link"));
	ck_assert(file_equal("other/big", "in/src/to-other/big"));
	ck_assert(!file_exists("in/src/a/up"));
	ck_assert_int_eq(symlink("nowhere", "src/dangling"), 0);
	RUN(&run, "ftx", "put", "-rL", "src", "127.0.0.1:");
	run_check(&run, 23, "src/dangling: No such file or directory");
	/* A link on the command line is followed even without -L. */
	ck_assert_int_eq(symlink("src/a", "named"), 0);
	RUN(&run, "ftx", "put", "-r", "named", "127.0.0.1:");
	ck_assert(file_equal("src/a/2", "in/named/2"));
}
END_TEST

START_TEST(directory_of_links_is_made_empty)
{
	struct run run;

	directory_make("links");
	ck_assert_int_eq(symlink("x", "links/x"), 0);
	RUN(&run, "ftx", "put", "-r", "links", "127.0.0.1:");
	run_check(&run, 0, "skipped");
	ck_assert_int_eq(directory_count("in/links"), 0);
}
END_TEST

START_TEST(excluded_names_are_not_sent)
{
	struct run run;

	file_write("src/x.o", "x");
	file_write("src/a/x.o", "x");
	directory_make("src/a/cache");
	file_write("src/a/cache/x", "x");
	RUN(&run, "ftx", "put", "-r", "-o", "exclude=*.o", "-o",
	    "exclude=a/cache", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
	ck_assert(!file_exists("in/src/x.o"));
	ck_assert(!file_exists("in/src/a/x.o"));
	ck_assert(!file_exists("in/src/a/cache"));
	ck_assert(file_equal("src/a/2", "in/src/a/2"));
	RUN(&run, "ftx", "put", "-r", "-o", "exclude=a/", "src", "127.0.0.1:");
	run_check(&run, 1, "slash");
}
END_TEST

START_TEST(dry_run_makes_nothing)
{
	struct run run;

	RUN(&run, "ftx", "put", "-rpnv", "src", "127.0.0.1:d");
	run_check(&run, 0, "would store src/a/2 -> 127.0.0.1:d/src/a/2");
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

START_TEST(rest_is_sent_when_entries_are_unreadable)
{
	char program[HARNESS_PATH];
	struct run run;

	ck_assert_int_eq(chmod("src/1", 0), 0);
	ck_assert_int_eq(chmod("src/a/b", 0), 0);
	if (geteuid() == 0) {
		harness_program(program, "ftx");
		RUN(&run, "setpriv", "--reuid=65534", "--regid=65534",
		    "--clear-groups", program, "-V");
		if (run.status != 0) {
			harness_skip(
			    "unreadable", "ftx cannot be run as nobody");
			return;
		}
		RUN(&run, "setpriv", "--reuid=65534", "--regid=65534",
		    "--clear-groups", program, "put", "-r", "src",
		    "127.0.0.1:");
	} else {
		RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	}
	run_check(&run, 23, "src/1: Permission denied; it was not sent");
	ck_assert_ptr_nonnull(
	    strstr(run.err, "src/a/b: Permission denied; it was not sent"));
	ck_assert(file_equal("src/a/2", "in/src/a/2"));
	ck_assert(!file_exists("in/src/1"));
	ck_assert_int_eq(chmod("src/a/b", 0755), 0);
}
END_TEST

/* Fork a process that swaps a directory and a link until it is killed. */
static pid_t
begin_swapping(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	for (;;)
		if (rename("src/a", "away") != 0 ||
		    symlink("../secret", "src/a") != 0 ||
		    unlink("src/a") != 0 || rename("away", "src/a") != 0)
			_exit(1);
}

START_TEST(nothing_else_is_sent_when_the_tree_changes)
{
	char path[64];
	struct run run;
	pid_t pid;
	int status;

	directory_make("secret");
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "secret/%d", i);
		file_write(path, "secret");
		snprintf(path, sizeof(path), "src/a/%d", i);
		file_write(path, "public");
	}
	file_make("secret/2", 3 << 20, 77);
	file_make("src/a/2", 3 << 20, 2);
	pid = begin_swapping();
	for (int i = 0; i < 10; i++) {
		RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
		ck_assert_msg(run.status == 0 || run.status == 23, "%d %s",
		    run.status, run.err);
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status), "nothing was swapped");
	RUN(&run, "grep", "-rl", "secret", "in");
	run_check(&run, 1, NULL);
	if (file_exists("in/src/a/2"))
		ck_assert(!file_equal("secret/2", "in/src/a/2"));
}
END_TEST

/* After the cut, ftx sends again the files that have no result. */
START_TEST(tree_arrives_when_the_connection_is_cut)
{
	const struct proxy_plan plan = {
	    .faulty = 1, .up = {.fault = PROXY_CUT, .at = 2 << 20}};
	struct proxy proxy;
	char port[16], path[64];
	struct run run;

	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "src/%s%d",
		    i % 2 != 0 ? "a/b/" : "empty/", i);
		file_make(path, 20000, (unsigned)i);
	}
	ck_assert_int_eq(chmod("src/a", 0700), 0);
	ck_assert_int_eq(proxy_start(&proxy, &plan, served.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-rp", "-P", port, "src", "127.0.0.1:");
	run_check(&run, 0, "trying again");
	trees_check_equal("src", "in/src");
	ck_assert_uint_eq(file_mode("in/src/a"), 0700);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

/* Returns the peak memory of a process in KiB, or 0 if it has ended. */
static unsigned long
peak_of(pid_t pid)
{
	char path[64], line[256];
	unsigned long peak = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	stream = fopen(path, "r");
	if (stream == NULL)
		return 0;
	while (fgets(line, sizeof(line), stream) != NULL)
		(void)sscanf(line, "VmHWM: %lu", &peak);
	fclose(stream);
	return peak;
}

START_TEST(memory_stays_small_when_files_are_many)
{
	enum {
		DIRECTORIES = 5,
		FILES = 1000
	};
	unsigned long peak = 0, now;
	char path[64];
	struct run run;

	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(path, sizeof(path), "src/many%d", i);
		directory_make(path);
		for (int j = 0; j < FILES; j++) {
			snprintf(path, sizeof(path), "src/many%d/%d", i, j);
			file_write(path, "x");
		}
	}
	server_stop(&served);
	SERVER_START(&served, "-w", "1", "-o", "fsync=no");
	RUN_BEGIN(&run, "ftx", "put", "-rp", "src", "127.0.0.1:");
	do {
		now = peak_of(run.pid);
		if (now > peak)
			peak = now;
		(void)poll(NULL, 0, 5);
	} while (now > 0);
	run_finish(&run);
	run_check(&run, 0, NULL);
	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(path, sizeof(path), "in/src/many%d", i);
		ck_assert_int_eq(directory_count(path), FILES);
	}
	ck_assert_uint_gt(peak, 0);
#ifndef __SANITIZE_ADDRESS__ /* ASan delays the reuse of memory */
	ck_assert_uint_lt(peak, 8 * 1024);
#endif
}
END_TEST

/* Without the owner's rights, an unprivileged server could not add files. */
START_TEST(server_can_write_when_directory_modes_deny_it)
{
	static const struct {
		const char *path;
		mode_t mode;
	} closed[] = {{"src/a", 0555}, {"src/a/b", 0500}, {"src/empty", 0400}};
	const struct passwd *nobody = getpwnam("nobody");
	struct run run;

	if (geteuid() != 0 || nobody == NULL) {
		harness_skip("nobody", "changing the user needs root");
		return;
	}
	server_stop(&served);
	ck_assert_int_eq(chown("in", nobody->pw_uid, nobody->pw_gid), 0);
	ck_assert_int_eq(directory_remove("in/.ftx-0"), 0);
	SERVER_START(&served, "-w", "2", "-u", "nobody");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(chmod(closed[i].path, closed[i].mode), 0);
	for (int round = 0; round < 2; round++) {
		RUN(&run, "ftx", "put", "-rp", "src", "127.0.0.1:");
		run_check(&run, 0, NULL);
		ck_assert_str_eq(run.err, "");
		trees_check_equal("src", "in/src");
		for (int i = 0; i < 3; i++) {
			char path[64];

			snprintf(path, sizeof(path), "in/%s", closed[i].path);
			ck_assert_int_eq(
			    file_mode(path), closed[i].mode | 0700);
		}
	}
}
END_TEST

Suite *
tree_suite(void)
{
	Suite *suite = suite_create("tree");
	TCase *tcase = tcase_create("tree");

	tcase_add_checked_fixture(tcase, begin, server_finish);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, tree_keeps_modes_and_times);
	tcase_add_test(tcase, entries_are_skipped_when_they_are_no_files);
	tcase_add_test(tcase, links_are_followed_with_L);
	tcase_add_test(tcase, directory_of_links_is_made_empty);
	tcase_add_test(tcase, excluded_names_are_not_sent);
	tcase_add_test(tcase, dry_run_makes_nothing);
	tcase_add_test(tcase, rest_is_sent_when_entries_are_unreadable);
	tcase_add_test(tcase, nothing_else_is_sent_when_the_tree_changes);
	tcase_add_test(tcase, server_can_write_when_directory_modes_deny_it);
	tcase_add_test(tcase, tree_arrives_when_the_connection_is_cut);
	tcase_add_test(tcase, memory_stays_small_when_files_are_many);
	suite_add_tcase(suite, tcase);
	return suite;
}
