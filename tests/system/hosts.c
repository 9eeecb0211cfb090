/* SPDX-License-Identifier: ISC */
/* Two hosts that receive into one directory without shared locks. */
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define SIZE (2 << 20)
#define CUT (3 << 19) /* cuts a whole put, but not a resumed one */

static struct plan plan;

/*
 * Start a server on a host of this name.  Each lock is granted, as between
 * hosts that do not share locks.
 */
static void
start_on_host(
    struct server *server, const char *host, const char *const arguments[])
{
	static const struct plan_fault no_locks = {
	    .call = FAULT_FCNTL, .object = FAULT_A_FILE, .kind = FAULT_SKIP};
	const char *launcher[16] = {"unshare", "-u", "sh", "-c",
	    "printf %s \"$0\" >/proc/sys/kernel/hostname && exec \"$@\"", host};

	for (int i = 0; plan.launcher[i] != NULL; i++)
		launcher[6 + i] = plan.launcher[i];
	server_start_by(server, launcher, arguments);
	plan_arm(&plan, &no_locks, 1, 1);
}

/* Returns nonzero if the plan was made, zero if the test was skipped. */
static int
begin(void)
{
	struct run run;

	RUN(&run, "unshare", "-u", "sh", "-c",
	    "echo h >/proc/sys/kernel/hostname");
	if (run.status != 0) {
		harness_skip("namespace", "a host's name needs root");
		return 0;
	}
	file_make("big", SIZE, 1);
	return plan_make(&plan, "plan") == 0;
}

/* Returns how many names in the staging directory end with the mark. */
static size_t
count_marked(const char *mark)
{
	char pattern[HARNESS_PATH];
	size_t count;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "in/.ftx-*/*%s", mark);
	(void)glob(pattern, 0, NULL, &found);
	count = found.gl_pathc;
	globfree(&found);
	return count;
}

/*
 * The second server starts and sweeps while the first receives a file.  The
 * source ends after the sweep.
 */
static void
sweep_during_receive(const char *shared, int status)
{
	const char *const arguments[] = {"-w", "1", "-v", "-o", shared, NULL};
	struct server first, second;
	struct run run;
	int gate;

	ck_assert_int_eq(mkfifo("gate", 0600), 0);
	start_on_host(&first, "first", arguments);
	server_expect(&first, "sweep ");
	RUN_BEGIN(&run, "bash", "-c",
	    "cat big gate | $FTX put -o retry=0 - 127.0.0.1:big");
	gate = open("gate", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(gate, 0);
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	start_on_host(&second, "second", arguments);
	eventually(server_count_logged(&second, "sweep ") > 1, HARNESS_TIMEOUT);
	ck_assert_int_eq(close(gate), 0);
	run_finish(&run);
	run_check(&run, status, NULL);
	ck_assert_int_eq(file_exists("in/big"), status == 0);
	(void)plan_disarm(&plan);
	server_stop(&second);
	server_stop(&first);
}

START_TEST(live_file_stays_when_locks_are_not_shared)
{
	if (begin())
		sweep_during_receive("shared=no-locks", 0);
}
END_TEST

/* The control: with shared=locks, the second server removes the file. */
START_TEST(live_file_is_swept_when_locks_only_seem_shared)
{
	if (begin())
		sweep_during_receive("shared=locks", 11);
}
END_TEST

/* Put the file through a proxy that cuts the connection after CUT bytes. */
static void
put_through_cut(const struct server *server, int status)
{
	const struct proxy_plan cut = {.up = {.fault = PROXY_CUT, .at = CUT}};
	struct proxy proxy;
	struct run run;
	char port[16];

	ck_assert_int_eq(proxy_start(&proxy, &cut, server->port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "big",
	    "127.0.0.1:big");
	run_check(&run, status, NULL);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}

START_TEST(host_resumes_its_own_partial_when_locks_are_not_shared)
{
	const char *const arguments[] = {
	    "-w", "2", "-C", "2", "-v", "-o", "shared=no-locks", NULL};
	struct server server;

	if (!begin())
		return;
	start_on_host(&server, "an odd/name", arguments);
	server_expect(&server, "sweep ");
	put_through_cut(&server, 10);
	/* Wait: a worker that is killed earlier keeps less, or nothing. */
	server_expect(&server, ", partial kept");
	ck_assert_uint_eq(count_marked("@an_odd_name"), 1);
	server_kill(&server);
	start_on_host(&server, "an odd/name", arguments);
	eventually(server_count_logged(&server, "sweep ") > 1, HARNESS_TIMEOUT);
	put_through_cut(&server, 0);
	ck_assert(file_equal("big", "in/big"));
	(void)plan_disarm(&plan);
	server_stop(&server);
}
END_TEST

Suite *
hosts_suite(void)
{
	Suite *suite = suite_create("hosts");
	TCase *tcase = harness_case("hosts");

	tcase_add_test(tcase, live_file_stays_when_locks_are_not_shared);
	tcase_add_test(tcase, live_file_is_swept_when_locks_only_seem_shared);
	tcase_add_test(
	    tcase, host_resumes_its_own_partial_when_locks_are_not_shared);
	suite_add_tcase(suite, tcase);
	return suite;
}
