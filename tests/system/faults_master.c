/* SPDX-License-Identifier: ISC */
/* Calls of the master fail: at its start it may exit, later it goes on. */
#include <dirent.h>
#include <errno.h>
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

#define FAILS(name, error)                                                     \
	{                                                                      \
		.call = FAULT_##name, .object = FAULT_ANYTHING,                \
		.kind = FAULT_ERROR, .value = (error)                          \
	}

static struct plan plan;
static struct server server;

static int
is_long_form(void)
{
	return getenv("FTX_ENDURANCE") != NULL;
}

/* Returns nonzero if the plan was made, zero if the test was skipped. */
static int
begin(void)
{
	directory_make("in");
	file_write("conf", "workers 2\n");
	file_make("f", 3000, 1);
	return plan_make(&plan, "plan") == 0;
}

/* Each of these calls takes a descriptor or a process. */
static const struct plan_fault to_start[] = {
    FAILS(OPEN, EMFILE),
    FAILS(OPEN, ENFILE),
    FAILS(SOCKET, EMFILE),
    FAILS(FCNTL, EMFILE),
    FAILS(MAP, ENFILE),
    FAILS(FORK, EAGAIN),
};

START_TEST(start_fails_or_serves_when_descriptors_run_out)
{
	const struct plan_fault *fault = &to_start[_i];

	if (!begin())
		return;
	for (int always = 0; always <= 1; always++) {
		int number = 1;

		while (plan_start(&plan, fault, number, always))
			number++;
		ck_assert_int_gt(number, 1);
	}
}
END_TEST

static int
count_descriptors(pid_t pid)
{
	char path[64];
	DIR *directory;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	ck_assert_ptr_nonnull(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static void
wait_for_workers(int count)
{
	pid_t pids[SERVER_WORKERS];

	server_expect_workers(&server, pids, count);
}

/* Send SIGHUP, and wait for a new line with these words. */
static void
hang_up(const char *text)
{
	int before = server_count_logged(&server, text);

	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	eventually(
	    server_count_logged(&server, text) > before, HARNESS_TIMEOUT);
}

#define NEW "replacing all workers"

/* If the settings file cannot be opened, the master keeps its settings. */
START_TEST(settings_stay_when_descriptors_run_out_in_a_reload)
{
	static const struct plan_fault faults[] = {
	    FAILS(OPEN, ENFILE), FAILS(OPEN, EMFILE)};
	int there;

	if (!begin())
		return;
	server_start_by(&server, plan.launcher,
	    (const char *const[]){"-f", "conf", "-o", "min-free=0", NULL});
	wait_for_workers(2);
	there = count_descriptors(server.pid);
	for (int i = 0; i < 1 + is_long_form(); i++) {
		plan_arm(&plan, &faults[i], 1, 1);
		hang_up("settings not changed: conf: ");
		ck_assert_int_gt(plan_disarm(&plan), 0);
		server_expect(&server, strerror(faults[i].value));
		put_good(&server, "f", "f");
		file_write("conf", "workers 3\n");
		hang_up(NEW);
		wait_for_workers(3);
		put_good(&server, "f", "f");
		file_write("conf", "workers 2\n");
	}
	ck_assert_int_eq(count_descriptors(server.pid), there);
	server_stop(&server);
}
END_TEST

/* Set the limit of open descriptors of the master and its later children. */
static void
limit(const char *most)
{
	char pid[24], number[48];
	struct run run;

	snprintf(pid, sizeof(pid), "%ld", (long)server.pid);
	snprintf(number, sizeof(number), "--nofile=%s:", most);
	RUN(&run, "prlimit", "--pid", pid, number);
	run_check(&run, 0, NULL);
}

/* Leave a staged file, as a killed worker does. */
static void
abandon(void)
{
	char path[64];

	snprintf(path, sizeof(path), "in/.ftx-%ld/gone", (long)geteuid());
	file_write(path, "");
	ck_assert_int_eq(directory_count_staged("in"), 1);
}

/* Running workers go on.  A missing one starts when descriptors are free. */
START_TEST(workers_serve_on_when_the_master_lacks_descriptors)
{
	pid_t pids[SERVER_WORKERS];
	int there;

	file_make("f", 3000, 1);
	file_write("conf", "workers 2\n");
	SERVER_START(&server, "-f", "conf", "-C", "2", "-o", "min-free=0");
	server_expect_workers(&server, pids, 2);
	there = count_descriptors(server.pid);
	limit("3");
	hang_up("settings not changed: conf: ");
	/* The text differs between C libraries, but has this word. */
	server_expect(&server, " file");
	ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
	server_expect(&server, "ended after");
	put_good(&server, "f", "f");
	if (is_long_form())
		abandon();
	limit("1024");
	wait_for_workers(2);
	put_good(&server, "f", "f");
	hang_up(NEW);
	wait_for_workers(2);
	put_good(&server, "f", "f");
	ck_assert_int_eq(count_descriptors(server.pid), there);
	/* After a failed sweep, the master sweeps again in a minute. */
	if (is_long_form())
		eventually(directory_count_staged("in") == 0, 70000);
	server_stop(&server);
}
END_TEST

Suite *
faults_master_suite(void)
{
	Suite *suite = suite_create("faults_master");
	TCase *tcase = harness_case("faults_master");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase,
	    start_fails_or_serves_when_descriptors_run_out, 0,
	    (int)(sizeof(to_start) / sizeof(*to_start)));
	tcase_add_test(
	    tcase, settings_stay_when_descriptors_run_out_in_a_reload);
	tcase_add_test(
	    tcase, workers_serve_on_when_the_master_lacks_descriptors);
	suite_add_tcase(suite, tcase);
	return suite;
}
