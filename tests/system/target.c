/* SPDX-License-Identifier: ISC */
/* Every form of target, and existing files in the way. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

static struct server server;

/* Put "source".  It must arrive at path, or be refused if path is NULL. */
static void
put_to(const char *remote, const char *path)
{
	struct run run;

	RUN(&run, "ftx", "put", "source", remote);
	if (path == NULL) {
		run_check(&run, 5, "refused");
		return;
	}
	run_check(&run, 0, NULL);
	ck_assert_msg(file_equal("source", path), "%s was not stored as %s",
	    remote, path);
}

static void
begin_with_source(void)
{
	harness_begin();
	file_make("source", 5000, 1);
	file_write("victim", "untouched");
	SERVER_START(&server, "-w", "2");
}

static void
end_all(void)
{
	char *victim = file_read("victim");

	server_stop(&server);
	ck_assert_str_eq(victim, "untouched");
	free(victim);
	harness_end();
}

START_TEST(file_keeps_its_name_when_the_target_is_empty)
{
	put_to("127.0.0.1:", "in/source");
}
END_TEST

START_TEST(directory_is_made_when_the_target_ends_in_a_slash)
{
	put_to("127.0.0.1:made/", "in/made/source");
	put_to("127.0.0.1:made/", "in/made/source");
	put_to("127.0.0.1:made", "in/made/source");
	ck_assert_int_eq(directory_count("in/made"), 1);
}
END_TEST

START_TEST(file_keeps_its_name_when_the_target_is_a_directory)
{
	directory_make("in/there");
	put_to("127.0.0.1:there", "in/there/source");
}
END_TEST

START_TEST(parents_are_made_when_missing)
{
	put_to("127.0.0.1:a/b/c/name", "in/a/b/c/name");
	put_to("127.0.0.1:/a/b/other", "in/a/b/other");
	put_to("127.0.0.1:.//x//y", "in/x/y");
	ck_assert_uint_eq(file_mode("in/a/b/c"), 0755);
}
END_TEST

START_TEST(several_files_go_into_a_directory)
{
	struct run run;

	file_make("second", 100, 2);
	RUN(&run, "ftx", "put", "source", "second", "127.0.0.1:p/dir");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("source", "in/p/dir/source"));
	ck_assert(file_equal("second", "in/p/dir/second"));
	RUN(&run, "ftx", "put", "source", "second", "127.0.0.1:p/dir/source");
	ck_assert_int_eq(run.status, 5);
	ck_assert(file_equal("source", "in/p/dir/source"));
}
END_TEST

START_TEST(file_is_refused_when_a_directory_has_its_name)
{
	directory_make("in/d");
	directory_make("in/d/source");
	put_to("127.0.0.1:d/", NULL);
	ck_assert_int_eq(directory_count("in/d/source"), 0);
}
END_TEST

START_TEST(file_is_refused_when_its_parent_is_a_file)
{
	file_write("in/f", "I am a file");
	put_to("127.0.0.1:f/x", NULL);
	ck_assert_uint_eq(file_size("in/f"), 11);
}
END_TEST

START_TEST(file_is_refused_when_a_fifo_has_its_name)
{
	io_time begun;

	ck_assert_int_eq(mkfifo("in/pipe", 0666), 0);
	begun = io_now();
	put_to("127.0.0.1:pipe", NULL);
	ck_assert_int_lt(io_now() - begun, 2000);
	ck_assert_int_eq(directory_count("in"), 1);
	ck_assert(!file_equal("source", "in/pipe"));
}
END_TEST

START_TEST(link_is_replaced_and_not_followed)
{
	struct stat status;

	ck_assert_int_eq(symlink("../victim", "in/link"), 0);
	put_to("127.0.0.1:link", "in/link");
	ck_assert_int_eq(lstat("in/link", &status), 0);
	ck_assert(S_ISREG(status.st_mode));
	ck_assert_int_eq(symlink("nowhere", "in/dangling"), 0);
	put_to("127.0.0.1:dangling", "in/dangling");
	ck_assert(!file_exists("in/nowhere"));
}
END_TEST

START_TEST(other_names_stay_when_a_hard_link_is_replaced)
{
	ck_assert_int_eq(link("victim", "in/hard"), 0);
	put_to("127.0.0.1:hard", "in/hard");
	ck_assert_uint_eq(file_size("victim"), 9);
}
END_TEST

START_TEST(file_is_refused_when_its_parent_is_a_link)
{
	directory_make("outside");
	directory_make("in/real");
	ck_assert_int_eq(symlink("../outside", "in/out"), 0);
	ck_assert_int_eq(symlink("real", "in/inside"), 0);
	put_to("127.0.0.1:out/f", NULL);
	put_to("127.0.0.1:out/", NULL);
	put_to("127.0.0.1:out/new/f", NULL);
	put_to("127.0.0.1:inside/f", NULL);
	ck_assert_int_eq(directory_count("outside"), 0);
	ck_assert_int_eq(directory_count("in/real"), 0);
}
END_TEST

START_TEST(file_stays_when_no_clobber_is_set)
{
	struct run run;

	put_to("127.0.0.1:f", "in/f");
	file_make("other", 300, 9);
	RUN(&run, "ftx", "put", "-o", "no-clobber", "other", "127.0.0.1:f");
	run_check(&run, 25, "exists");
	ck_assert(file_equal("source", "in/f"));
	RUN(&run, "ftx", "put", "-o", "no-clobber", "other", "127.0.0.1:g");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("other", "in/g"));
	RUN(&run, "ftx", "put", "-o", "no-clobber", "source", "other",
	    "127.0.0.1:many");
	run_check(&run, 0, NULL);
	file_make("third", 10, 3);
	RUN(&run, "ftx", "put", "-o", "no-clobber", "source", "third",
	    "127.0.0.1:many");
	run_check(&run, 23, "exists");
	ck_assert(file_equal("third", "in/many/third"));
	ck_assert_int_eq(symlink("dangling", "in/link"), 0);
	RUN(&run, "ftx", "put", "-o", "no-clobber", "other", "127.0.0.1:link");
	run_check(&run, 25, "exists");
}
END_TEST

START_TEST(server_setting_wins_when_it_forbids_overwriting)
{
	struct server strict;
	struct run run;

	file_write("in/f", "old");
	server_stop(&server);
	SERVER_START(&strict, "-w", "1", "-o", "overwrite=never");
	RUN(&run, "ftx", "put", "source", "127.0.0.1:f");
	ck_assert_int_eq(run.status, 25);
	ck_assert_uint_eq(file_size("in/f"), 3);
	put_to("127.0.0.1:g", "in/g");
	server_stop(&strict);
	SERVER_START(&server, "-w", "1");
}
END_TEST

START_TEST(dry_run_changes_nothing)
{
	struct run run;

	RUN(&run, "ftx", "put", "-n", "source", "127.0.0.1:a/b/c");
	run_check(&run, 0, NULL);
	RUN(&run, "ftx", "put", "-n", "source", "127.0.0.1:d/");
	run_check(&run, 0, NULL);
	RUN(&run, "ftx", "put", "-n", "source", "victim", "127.0.0.1:e/f");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(directory_count("in"), 0);
	ck_assert_int_eq(directory_count_staged("in"), 0);
	ck_assert_int_eq(mkfifo("in/pipe", 0666), 0);
	RUN(&run, "ftx", "put", "-n", "source", "127.0.0.1:pipe");
	run_check(&run, 5, "refused");
	RUN(&run, "ftx", "put", "-n", "missing", "127.0.0.1:x");
	run_check(&run, 3, "No such file");
}
END_TEST

START_TEST(put_fails_when_the_source_is_missing)
{
	struct run run;

	RUN(&run, "ftx", "put", "missing", "127.0.0.1:x");
	run_check(&run, 3, "missing: No such file or directory");
	RUN(&run, "ftx", "put", "missing", "source", "127.0.0.1:d");
	run_check(&run, 23, "missing: No such file or directory");
	ck_assert(file_equal("source", "in/d/source"));
	ck_assert_int_eq(directory_count("in/d"), 1);
	directory_make("sub");
	RUN(&run, "ftx", "put", "sub", "127.0.0.1:x");
	ck_assert_int_ne(run.status, 0);
	ck_assert_ptr_nonnull(strstr(run.err, "sub"));
	ck_assert_int_eq(directory_count("in"), 1);
}
END_TEST

/* Run ftx, as nobody if this user is root.  Returns -1 if it cannot. */
static int
run_unprivileged(struct run *run, const char *source, const char *remote)
{
	char program[HARNESS_PATH];

	if (geteuid() != 0) {
		RUN(run, "ftx", "put", source, remote);
		return 0;
	}
	harness_program(program, "ftx");
	RUN(run, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
	    program, "-V");
	if (run->status != 0)
		return -1;
	RUN(run, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
	    program, "put", source, remote);
	return 0;
}

START_TEST(put_fails_when_the_source_is_unreadable)
{
	struct run run;

	ck_assert_int_eq(chmod("source", 0), 0);
	if (run_unprivileged(&run, "source", "127.0.0.1:x") != 0) {
		harness_skip("unreadable", "ftx cannot be run as nobody");
		return;
	}
	run_check(&run, 3, "source: Permission denied");
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

/* Fork a process that opens a FIFO for writing, and then writes to ready. */
static pid_t
start_writer(const char *path, int ready)
{
	pid_t parent, pid = fork();
	char state = 'R';

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int fd = open(path, O_WRONLY);

		_exit(fd >= 0 && write(ready, "x", 1) == 1 ? 0 : 1);
	}
	/* Wait until it sleeps in open. */
	eventually(process_look(pid, &parent, &state) == 0 && state == 'S',
	    HARNESS_TIMEOUT);
	return pid;
}

/* ftx must not open a FIFO: that would end the writer's wait. */
START_TEST(fifo_source_is_not_opened)
{
	struct pollfd polled = {.events = POLLIN};
	struct run run;
	int ready[2], reader, status;
	pid_t writer;

	ck_assert_int_eq(mkfifo("pipe", 0666), 0);
	harness_pipe(ready);
	writer = start_writer("pipe", ready[1]);
	RUN(&run, "ftx", "put", "pipe", "127.0.0.1:x");
	run_check(&run, 3, "is a FIFO; skipped");
	polled.fd = ready[0];
	ck_assert_int_eq(io_poll(&polled, 1, io_now() + 100), 0);
	reader = open("pipe", O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(reader, 0);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
	close(reader);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

START_TEST(put_fails_when_the_source_is_special)
{
	struct run run;

	ck_assert_int_eq(mkfifo("pipe", 0666), 0);
	RUN(&run, "ftx", "put", "pipe", "127.0.0.1:x");
	ck_assert_int_ne(run.status, 0);
	ck_assert_int_lt(run.elapsed, 2000);
	ck_assert_ptr_nonnull(strstr(run.err, "pipe"));
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

Suite *
target_suite(void)
{
	Suite *suite = suite_create("target");
	TCase *tcase = tcase_create("target");

	tcase_add_checked_fixture(tcase, begin_with_source, end_all);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, file_keeps_its_name_when_the_target_is_empty);
	tcase_add_test(
	    tcase, directory_is_made_when_the_target_ends_in_a_slash);
	tcase_add_test(
	    tcase, file_keeps_its_name_when_the_target_is_a_directory);
	tcase_add_test(tcase, parents_are_made_when_missing);
	tcase_add_test(tcase, several_files_go_into_a_directory);
	tcase_add_test(tcase, file_is_refused_when_a_directory_has_its_name);
	tcase_add_test(tcase, file_is_refused_when_its_parent_is_a_file);
	tcase_add_test(tcase, file_is_refused_when_a_fifo_has_its_name);
	tcase_add_test(tcase, link_is_replaced_and_not_followed);
	tcase_add_test(tcase, other_names_stay_when_a_hard_link_is_replaced);
	tcase_add_test(tcase, file_is_refused_when_its_parent_is_a_link);
	tcase_add_test(tcase, file_stays_when_no_clobber_is_set);
	tcase_add_test(tcase, server_setting_wins_when_it_forbids_overwriting);
	tcase_add_test(tcase, dry_run_changes_nothing);
	tcase_add_test(tcase, put_fails_when_the_source_is_missing);
	tcase_add_test(tcase, put_fails_when_the_source_is_unreadable);
	tcase_add_test(tcase, put_fails_when_the_source_is_special);
	tcase_add_test(tcase, fifo_source_is_not_opened);
	suite_add_tcase(suite, tcase);
	return suite;
}
