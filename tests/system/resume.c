/* SPDX-License-Identifier: ISC */
/* Large files whose transfer is cut, and resumed. */
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define SIZE (5 << 20)
#define CUT (3 << 20) /* over half: two connections can resume all of it */

static struct server server;
static struct proxy proxy;
static char port[16];

/*
 * Leave an abandoned file, so that the log shows when the first sweep ends.  If
 * the sweeper met a new file before its lock, the server would not keep its
 * partial.
 */
static void
leave_abandoned(void)
{
	char path[64];

	directory_make("in");
	snprintf(path, sizeof(path), "in/.ftx-%ld", (long)geteuid());
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "in/.ftx-%ld/gone", (long)geteuid());
	file_write(path, "");
}

static void
begin(void)
{
	const struct proxy_plan plan = {.up = {.fault = PROXY_CUT, .at = CUT}};

	harness_begin();
	leave_abandoned();
	SERVER_START(&server, "-w", "2", "-C", "2");
	server_expect(&server, "removed 1 abandoned");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	file_make("big", SIZE, 1);
}

static void
end(void)
{
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
	harness_end();
}

START_TEST(run_resumes_when_the_connection_is_cut)
{
	struct run run;

	RUN(&run, "ftx", "put", "-P", port, "big", "127.0.0.1:big");
	run_check(&run, 0, "trying again");
	ck_assert(file_equal("big", "in/big"));
	ck_assert_int_eq(directory_count_staged("in"), 0);
}
END_TEST

/* Cut a put, so that the server keeps a partial. */
static void
leave_partial(void)
{
	struct run run;

	RUN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "big",
	    "127.0.0.1:big");
	run_check(&run, 10, NULL);
	server_expect(&server, "partial kept");
	ck_assert_int_eq(directory_count_staged("in"), 1);
	ck_assert(!file_exists("in/big"));
}

/* A killed worker cannot keep a partial, but its staged file can be resumed. */
START_TEST(run_resumes_when_the_worker_is_killed)
{
	const struct proxy_plan plan = {.up = {.rate = 4 << 20}};
	pid_t pids[SERVER_WORKERS];
	struct proxy slow;
	struct run run;
	char at[16];

	ck_assert_int_eq(proxy_start(&slow, &plan, server.port), 0);
	snprintf(at, sizeof(at), "%u", slow.port);
	server_expect_workers(&server, pids, 2);
	RUN_BEGIN(&run, "ftx", "put", "-P", at, "big", "127.0.0.1:big");
	eventually(directory_staged_bytes("in") > 2 << 20, HARNESS_TIMEOUT);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(kill(pids[i], SIGKILL), 0);
	run_finish(&run);
	run_check(&run, 0, "trying again");
	ck_assert(file_equal("big", "in/big"));
	ck_assert_int_eq(directory_count_staged("in"), 0);
	ck_assert_int_eq(proxy_stop(&slow), 0);
}
END_TEST

START_TEST(second_run_resumes)
{
	struct run run;

	leave_partial();
	RUN(&run, "ftx", "put", "-P", port, "big", "127.0.0.1:big");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("big", "in/big"));
	ck_assert_int_eq(directory_count_staged("in"), 0);
}
END_TEST

/* If only the content has changed, old and new bytes must not be mixed. */
START_TEST(file_is_sent_whole_when_the_source_has_changed)
{
	struct timespec times[2];
	struct stat found;
	struct run run;
	int fd;

	leave_partial();
	fd = open("big", O_RDWR);
	ck_assert_int_eq(fstat(fd, &found), 0);
	ck_assert_int_eq(pwrite(fd, "other", 5, 100), 5);
	times[0] = found.st_atim;
	times[1] = found.st_mtim;
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
	RUN(&run, "ftx", "put", "big", "127.0.0.1:big");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("big", "in/big"));
	ck_assert_int_eq(directory_count_staged("in"), 0);
}
END_TEST

START_TEST(no_partial_is_kept_when_resume_is_no)
{
	struct run run;

	RUN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "-o", "resume=no",
	    "big", "127.0.0.1:big");
	run_check(&run, 10, NULL);
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
}
END_TEST

Suite *
resume_suite(void)
{
	Suite *suite = suite_create("resume");
	TCase *tcase = tcase_create("resume");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, run_resumes_when_the_connection_is_cut);
	tcase_add_test(tcase, run_resumes_when_the_worker_is_killed);
	tcase_add_test(tcase, second_run_resumes);
	tcase_add_test(tcase, file_is_sent_whole_when_the_source_has_changed);
	tcase_add_test(tcase, no_partial_is_kept_when_resume_is_no);
	suite_add_tcase(suite, tcase);
	return suite;
}
