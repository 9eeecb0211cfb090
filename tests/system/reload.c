/* SPDX-License-Identifier: ISC */
/* A running server: SIGHUP, SIGUSR1, -P and -B. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

START_TEST(settings_apply_when_the_file_is_good)
{
	const struct proxy_plan plan = {.up = {.rate = 1 << 20}};
	struct server server;
	pid_t pids[SERVER_WORKERS];
	struct proxy proxy;
	struct run slow;
	char port[16];

	file_make("big", 2 << 20, 1);
	file_make("f", 1000, 1);
	file_write("conf", "workers 2\n");
	SERVER_START(&server, "-f", "conf");
	ck_assert_ptr_nonnull(strstr(server.line, "2 workers"));
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&slow, "ftx", "put", "-P", port, "-o", "retry=0", "big",
	    "127.0.0.1:big");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	file_write("conf", "# changed\n\nworkers 5\nmax-size 3M\n");
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	/* While workers are replaced, no connection is refused or lost. */
	for (int i = 0; i < 20; i++) {
		struct run run;

		RUN(&run, "ftx", "put", "-o", "retry=0", "f", "127.0.0.1:f");
		run_check(&run, 0, NULL);
	}
	run_finish(&slow);
	run_check(&slow, 0, NULL);
	server_expect_workers(&server, pids, 5);
	file_make("f", (3 << 20) + 1, 1);
	RUN(&slow, "ftx", "put", "f", "127.0.0.1:g");
	run_check(&slow, 28, NULL);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

/* Returns the path of this user's staging directory. */
static const char *
staging(void)
{
	static char directory[64];

	snprintf(directory, sizeof(directory), "in/.ftx-%lu",
	    (unsigned long)geteuid());
	return directory;
}

START_TEST(staging_directory_is_made_again_on_hangup)
{
	struct server server;

	file_write("f", "x");
	SERVER_START(&server, "-w", "1");
	ck_assert_int_eq(directory_remove(staging()), 0);
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "replacing all workers");
	eventually(file_exists(staging()), HARNESS_TIMEOUT);
	server_stop(&server);
}
END_TEST

/*
 * One file fails, since its worker finds no staging directory.  The server
 * creates it again and replaces the workers, which store the rest.
 */
START_TEST(one_file_fails_when_the_staging_directory_is_removed)
{
	pid_t before[SERVER_WORKERS];
	struct server server;
	struct run run;
	char path[16];

	directory_make("src");
	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "src/%d", i);
		file_make(path, 1000, (unsigned)i);
	}
	SERVER_START(&server, "-w", "3");
	server_expect_workers(&server, before, 3);
	ck_assert_int_eq(directory_remove(staging()), 0);
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	run_check(&run, 23, "failed: making the file");
	ck_assert_int_eq(directory_count("in/src"), 19);
	server_expect(
	    &server, "staging directory was removed: created it again");
	server_expect_replaced(&server, before, 3);
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(directory_count("in/src"), 20);
	server_stop(&server);
}
END_TEST

/* A file that is being received is lost with the directory, and ftx fails. */
START_TEST(open_file_fails_when_the_staging_directory_is_removed)
{
	const struct proxy_plan plan = {.up = {.rate = 1 << 20}};
	pid_t before[SERVER_WORKERS];
	struct server server;
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("big", 1 << 19, 1);
	SERVER_START(&server, "-w", "2", "-C", "2");
	server_expect_workers(&server, before, 2);
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "big", "127.0.0.1:big");
	/* A worker that has not locked its new file yet creates another. */
	eventually(directory_staged_bytes("in") > 0, HARNESS_TIMEOUT);
	ck_assert_int_eq(directory_remove(staging()), 0);
	run_finish(&run);
	run_check(&run, 11, "failed: publishing");
	run_check(&run, 11, "it is not certain to be stored");
	ck_assert(!file_exists("in/big"));
	server_expect(
	    &server, "staging directory was removed: created it again");
	server_expect_replaced(&server, before, 2);
	put_good(&server, "big", "big");
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

/* Each failed put makes the master try again, but at most once a second. */
START_TEST(master_tries_once_a_second_when_staging_cannot_be_made)
{
	struct server server;
	struct run run;
	io_time begun;

	file_write("f", "x");
	SERVER_START(&server, "-w", "2");
	ck_assert_int_eq(directory_remove(staging()), 0);
	file_write(staging(), "in the way");
	begun = io_now();
	for (int i = 0; i < 10; i++) {
		RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
		run_check(&run, 11, "failed");
	}
	ck_assert_int_ge(
	    server_count_logged(&server, "keeping the open staging directory"),
	    1);
	ck_assert_int_le(
	    server_count_logged(&server, "keeping the open staging directory"),
	    2 + (int)((io_now() - begun) / 1000));
	ck_assert_int_eq(unlink(staging()), 0);
	for (begun = io_now();
	     run.status != 0 && io_now() - begun < HARNESS_TIMEOUT;)
		RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
	run_check(&run, 0, NULL);
	server_stop(&server);
}
END_TEST

START_TEST(settings_stay_when_the_file_is_bad)
{
	struct server server;
	pid_t pids[SERVER_WORKERS];

	file_write("f", "x");
	file_write("conf", "workers 2\n");
	SERVER_START(&server, "-f", "conf");
	file_write("conf", "workers 4\nallow nonsense\n");
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "nonsense");
	server_expect(&server, "conf");
	put_good(&server, "f", "f");
	server_expect_workers(&server, pids, 2);
	ck_assert_int_eq(unlink("conf"), 0);
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "No such file");
	put_good(&server, "f", "f");
	server_expect_workers(&server, pids, 2);
	server_stop(&server);
}
END_TEST

START_TEST(setting_is_reported_when_it_needs_a_start)
{
	struct server server;
	pid_t pids[SERVER_WORKERS];

	file_write("f", "x");
	file_write("conf", "workers 2\n");
	SERVER_START(&server, "-f", "conf");
	file_write("conf", "workers 3\nbacklog 7\n");
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "backlog");
	server_expect_workers(&server, pids, 3);
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

START_TEST(put_succeeds_when_signals_storm)
{
	const struct proxy_plan plan = {.up = {.rate = 4 << 20}};
	struct server server;
	pid_t pids[SERVER_WORKERS];
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("f", 3 << 20, 1);
	SERVER_START(&server, "-w", "2", "-C", "2");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "f",
	    "127.0.0.1:f");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	while (directory_count("in") == 0) {
		static const int storm[] = {SIGUSR1, SIGCHLD, SIGHUP, SIGPIPE};

		for (int i = 0; i < 4; i++)
			ck_assert_int_eq(kill(server.pid, storm[i]), 0);
		(void)poll(NULL, 0, 2);
	}
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/f"));
	server_expect_workers(&server, pids, 2);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

START_TEST(state_is_logged_on_sigusr1)
{
	struct server server;

	SERVER_START(&server, "-w", "3");
	ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
	eventually(
	    server_count_logged(&server, ": idle after 0 connections") == 3,
	    HARNESS_TIMEOUT);
	server_stop(&server);
}
END_TEST

START_TEST(pid_file_is_locked_while_the_server_runs)
{
	struct server server;
	struct run run;
	char *text;

	file_write("pid", "1\n");
	SERVER_START(&server, "-w", "1", "-P", "pid");
	text = file_read("pid");
	ck_assert_int_eq(strtol(text, NULL, 10), server.pid);
	free(text);
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-P", "pid");
	ck_assert_int_ne(run.status, 0);
	ck_assert_ptr_nonnull(strstr(run.err, "pid"));
	text = file_read("pid");
	ck_assert_int_eq(strtol(text, NULL, 10), server.pid);
	free(text);
	server_stop(&server);
	ck_assert(!file_exists("pid"));
}
END_TEST

static char background_pid_file[HARNESS_PATH];

static void
name_background(void)
{
	snprintf(background_pid_file, sizeof(background_pid_file),
	    "%s/background", harness_top());
}

static pid_t
read_background(void)
{
	char *text;
	long pid;

	if (!file_exists(background_pid_file))
		return 0;
	text = file_read(background_pid_file);
	pid = strtol(text, NULL, 10);
	free(text);
	return (pid_t)pid;
}

/* Runs outside of the test process, even if the test has failed. */
static void
end_background(void)
{
	pid_t pid = read_background();

	if (pid > 1 && process_is_alive(pid))
		kill(pid, SIGKILL);
}

START_TEST(background_server_starts_and_stops)
{
	struct server server = {.root = "in"};
	struct run run;
	char port[16];
	const char *comma;
	pid_t pid;

	directory_make("in");
	file_write("f", "x");
	RUN(&run, "ftxd", "-B", "-p", "0", "-d", "in", "-P",
	    background_pid_file);
	run_check(&run, 0, NULL);
	comma = strchr(run.out, ',');
	ck_assert_ptr_nonnull(comma);
	ck_assert_int_eq(
	    sscanf(strstr(run.out, "127.0.0.1:"), "127.0.0.1:%15[0-9]", port),
	    1);
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
	pid = read_background();
	ck_assert_int_gt(pid, 1);
	ck_assert_int_ne(pid, run.pid);
	ck_assert_int_ne(getsid(pid), getsid(0));
	put_good(&server, "f", "f");
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	eventually(!process_is_alive(pid), 2000);
	ck_assert(!file_exists(background_pid_file));
}
END_TEST

START_TEST(status_is_returned_when_a_background_start_fails)
{
	struct run run;

	RUN(&run, "ftxd", "-B", "-p", "0", "-d", "missing");
	run_check(&run, 4, "missing");
}
END_TEST

Suite *
reload_suite(void)
{
	Suite *suite = suite_create("reload");
	TCase *reload = harness_case("reload");
	TCase *background = harness_case("background");

	tcase_add_test(reload, settings_apply_when_the_file_is_good);
	tcase_add_test(reload, staging_directory_is_made_again_on_hangup);
	tcase_add_test(
	    reload, one_file_fails_when_the_staging_directory_is_removed);
	tcase_add_test(
	    reload, open_file_fails_when_the_staging_directory_is_removed);
	tcase_add_test(
	    reload, master_tries_once_a_second_when_staging_cannot_be_made);
	tcase_add_test(reload, settings_stay_when_the_file_is_bad);
	tcase_add_test(reload, setting_is_reported_when_it_needs_a_start);
	tcase_add_test(reload, put_succeeds_when_signals_storm);
	suite_add_tcase(suite, reload);
	tcase_add_unchecked_fixture(
	    background, name_background, end_background);
	tcase_add_test(background, state_is_logged_on_sigusr1);
	tcase_add_test(background, pid_file_is_locked_while_the_server_runs);
	tcase_add_test(background, background_server_starts_and_stops);
	tcase_add_test(
	    background, status_is_returned_when_a_background_start_fails);
	suite_add_tcase(suite, background);
	return suite;
}
