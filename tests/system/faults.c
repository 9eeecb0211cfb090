/* SPDX-License-Identifier: ISC */
/* Each call of the server fails in turn. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/faulty.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define ALWAYS_TOO 1
#define MUST_FAIL 2 /* ftx must fail if the fault hit */
#define LONG_ONLY 4 /* only with FTX_ENDURANCE */

/* A fault that hits each call of its kind in turn, and its outcome. */
struct walk {
	struct plan_fault fault;
	int flags;
	int status; /* of the client if it fails; 0: any */
};

#define CALLS(name, on, what)                                                  \
	.call = FAULT_##name, .object = (on), .kind = FAULT_##what
#define FAILS(name, on, error)                                                 \
	{                                                                      \
		CALLS(name, on, ERROR), .value = (error)                       \
	}
#define BOTH (ALWAYS_TOO | MUST_FAIL)

/* Each call between the connection and the final name of a file. */
static const struct walk plain[] = {
    {FAILS(WRITE, FAULT_A_FILE, ENOSPC), BOTH, 28},
    {FAILS(WRITE, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(WRITE, FAULT_A_FILE, EDQUOT), BOTH | LONG_ONLY, 28},
    {FAILS(WRITE, FAULT_A_FILE, EROFS), BOTH | LONG_ONLY, 11},
    {FAILS(FSYNC, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(FSYNC, FAULT_A_FILE, ENOSPC), BOTH, 28},
    {FAILS(FSYNC, FAULT_A_FILE, EDQUOT), BOTH | LONG_ONLY, 28},
    {FAILS(FSYNC, FAULT_A_DIRECTORY, EIO), BOTH, 11},
    {FAILS(FSYNC, FAULT_A_DIRECTORY, ENOSPC), BOTH | LONG_ONLY, 11},
    {FAILS(RENAME, FAULT_A_DIRECTORY, EIO), BOTH, 11},
    {FAILS(RENAME, FAULT_A_DIRECTORY, ENOSPC), BOTH | LONG_ONLY, 28},
    {FAILS(RENAME, FAULT_A_DIRECTORY, EDQUOT), BOTH | LONG_ONLY, 28},
    {FAILS(RENAME, FAULT_A_DIRECTORY, EROFS), BOTH | LONG_ONLY, 11},
    {FAILS(OPEN, FAULT_A_DIRECTORY, ENOSPC), BOTH, 28},
    {FAILS(OPEN, FAULT_A_DIRECTORY, EMFILE), ALWAYS_TOO, 11},
    {FAILS(OPEN, FAULT_A_DIRECTORY, EIO), BOTH | LONG_ONLY, 11},
    {FAILS(OPEN, FAULT_A_DIRECTORY, ENFILE), ALWAYS_TOO | LONG_ONLY, 11},
    {FAILS(OPEN, FAULT_A_DIRECTORY, EDQUOT), BOTH | LONG_ONLY, 28},
    {FAILS(OPEN, FAULT_A_DIRECTORY, EROFS), BOTH | LONG_ONLY, 11},
    {FAILS(OPEN, FAULT_A_DIRECTORY, ENOMEM), BOTH | LONG_ONLY, 11},
    {FAILS(MKDIR, FAULT_A_DIRECTORY, ENOSPC), BOTH, 28},
    {FAILS(MKDIR, FAULT_A_DIRECTORY, EROFS), BOTH | LONG_ONLY, 11},
    {FAILS(MKDIR, FAULT_A_DIRECTORY, EDQUOT), BOTH | LONG_ONLY, 28},
    {FAILS(CLOSE, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(CLOSE, FAULT_A_FILE, EDQUOT), BOTH | LONG_ONLY, 11},
    {FAILS(CLOSE, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 0},
    {FAILS(CHMOD, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(STAT, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 0},
    {FAILS(STAT, FAULT_A_FILE, EIO), ALWAYS_TOO, 11},
    {FAILS(SPACE, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 11},
    {FAILS(FCNTL, FAULT_A_FILE, ENOLCK), BOTH, 11},
    {FAILS(FCNTL, FAULT_ANYTHING, EMFILE), LONG_ONLY, 0},
    {FAILS(READ, FAULT_A_PEER, EIO), ALWAYS_TOO, 0},
    {FAILS(WRITE, FAULT_A_PEER, EPIPE), 0, 0},
    /* If poll fails for the log, a line is lost; see log.h. */
    {FAILS(POLL, FAULT_A_PEER, ENOMEM), LONG_ONLY, 0},
    {FAILS(SOCKOPT, FAULT_A_PEER, ENOBUFS), 0, 0},
    {FAILS(SHUTDOWN, FAULT_A_PEER, ENOTCONN), ALWAYS_TOO, 0},
};

/* Further calls if trees with modes and times replace files. */
static const struct walk exact[] = {
    {FAILS(TIMES, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(TIMES, FAULT_A_DIRECTORY, EIO), BOTH, 11},
    {FAILS(CHMOD, FAULT_A_DIRECTORY, EIO), BOTH, 11},
    {FAILS(FSYNC, FAULT_A_DIRECTORY, EIO), BOTH, 11},
    {FAILS(FSYNC, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(RENAME, FAULT_A_DIRECTORY, EIO), BOTH, 11},
};

static const struct walk careful[] = {
    {FAILS(LINK, FAULT_A_DIRECTORY, EIO), BOTH, 11},
    {FAILS(LINK, FAULT_A_DIRECTORY, ENOSPC), BOTH, 28},
    {FAILS(UNLINK, FAULT_A_DIRECTORY, EIO), 0, 0},
    {FAILS(FSYNC, FAULT_A_DIRECTORY, EIO), BOTH, 11},
};

/* Further calls for files with holes. */
static const struct walk sparse[] = {
    {FAILS(SEEK, FAULT_A_FILE, EINVAL), BOTH, 0},
    {FAILS(TRUNCATE, FAULT_A_FILE, EFBIG), BOTH, 28},
    {FAILS(WRITE, FAULT_A_FILE, ENOSPC), BOTH, 28},
};

/* Calls to claim, hash and resume a partial, or to begin it again. */
static const struct walk kept[] = {
    {FAILS(OPEN, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 0},
    {FAILS(OPEN, FAULT_A_DIRECTORY, EMFILE), ALWAYS_TOO, 0},
    {FAILS(FCNTL, FAULT_A_FILE, ENOLCK), ALWAYS_TOO, 0},
    {FAILS(FCNTL, FAULT_A_FILE, EAGAIN), 0, 0},
    {FAILS(STAT, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(STAT, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 0},
    {FAILS(READ, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(SEEK, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(TRUNCATE, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(WRITE, FAULT_A_FILE, ENOSPC), BOTH, 28},
    {FAILS(WRITE, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(FSYNC, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(FSYNC, FAULT_A_DIRECTORY, EIO), BOTH, 11},
    {FAILS(CLOSE, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(CHMOD, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(RENAME, FAULT_A_DIRECTORY, EIO), BOTH, 11},
    {FAILS(SPACE, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 11},
    {FAILS(READ, FAULT_A_PEER, ECONNRESET), ALWAYS_TOO | LONG_ONLY, 0},
    {FAILS(WRITE, FAULT_A_PEER, EPIPE), LONG_ONLY, 0},
};

/* Calls if the partial has other content than the source. */
static const struct walk spoiled[] = {
    {FAILS(FCNTL, FAULT_A_FILE, ENOLCK), ALWAYS_TOO, 0},
    {FAILS(READ, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(SEEK, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(TRUNCATE, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(OPEN, FAULT_A_DIRECTORY, EMFILE), LONG_ONLY, 0},
    {FAILS(WRITE, FAULT_A_FILE, ENOSPC), BOTH | LONG_ONLY, 28},
    {FAILS(STAT, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO | LONG_ONLY, 0},
    {FAILS(CLOSE, FAULT_A_FILE, EIO), ALWAYS_TOO | LONG_ONLY, 0},
    {FAILS(RENAME, FAULT_A_DIRECTORY, EIO), BOTH | LONG_ONLY, 11},
    {FAILS(READ, FAULT_A_PEER, ECONNRESET), LONG_ONLY, 0},
};

/* Calls to compare existing files with the sources. */
static const struct walk same[] = {
    {FAILS(OPEN, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 0},
    {FAILS(STAT, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 0},
    {FAILS(FSYNC, FAULT_A_FILE, EIO), BOTH, 11},
    {FAILS(FSYNC, FAULT_A_DIRECTORY, EIO), BOTH, 11},
};

static const struct walk compared[] = {
    {FAILS(OPEN, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 0},
    {FAILS(OPEN, FAULT_A_DIRECTORY, EMFILE), ALWAYS_TOO, 0},
    {FAILS(STAT, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(STAT, FAULT_A_DIRECTORY, EIO), ALWAYS_TOO, 0},
    {FAILS(READ, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(CLOSE, FAULT_A_FILE, EIO), ALWAYS_TOO, 0},
    {FAILS(FSYNC, FAULT_A_FILE, EIO), BOTH, 11},
};

/* Faults that must make no difference. */
static const struct plan_fault harmless[] = {
    {CALLS(READ, FAULT_A_PEER, STORM)},
    {CALLS(WRITE, FAULT_ANYTHING, STORM)},
    {CALLS(POLL, FAULT_ANYTHING, STORM)},
    {CALLS(ACCEPT, FAULT_ANYTHING, STORM)},
    {CALLS(READ, FAULT_A_PEER, SHORT)},
    {CALLS(WRITE, FAULT_ANYTHING, SHORT)},
};

static struct plan plan;
static struct server server;
static int runs;

static void
start(void)
{
	pid_t pids[SERVER_WORKERS];

	server_start_by(&server, plan.launcher,
	    (const char *const[]){"-v", "-w", "1", "-o", "min-free=0", NULL});
	atomic_store(&plan.shared->spared, (int)server.pid);
	/* After this put the sweeper has ended, so no fault hits it. */
	put_good(&server, "new/a", "again");
	ck_assert_int_eq(unlink("in/again"), 0);
	server_expect_workers(&server, pids, 1);
}

static int
worker_lacked_resources(void)
{
	return server_count_logged(&server, "out of memory or descriptors") > 0;
}

/*
 * Returns nonzero if there were more connections than this, and all have ended.
 */
static int
all_disconnected(int more)
{
	int connections = server_count_logged(&server, ": connected");

	return connections > more &&
	    (server_count_logged(&server, ": disconnected") == connections ||
		worker_lacked_resources());
}

/* After the fault, nothing is staged, and the worker works. */
static void
check_server(void)
{
	pid_t pids[SERVER_WORKERS];

	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
	/*
	 * If a worker has ended for lack of resources, start a new server:
	 * delays of restarts are not tested here.  If a worker fails during
	 * the stop, the master reports a cut transfer: ignore its status.
	 */
	if (worker_lacked_resources()) {
		(void)server_end(&server, SIGTERM, HARNESS_TIMEOUT);
		ck_assert_int_eq(unlink("log"), 0);
		start();
	}
	server_expect_workers(&server, pids, 1);
	put_good(&server, "new/a", "again");
	ck_assert_int_eq(unlink("in/again"), 0);
}

/*
 * ftx must report the error of the server's call.  The status is 23 if other
 * files were stored.
 */
static void
check_reason(const struct walk *walk, const struct run *run)
{
	run_check(run, run->status == 23 ? 23 : walk->status,
	    strerror(walk->fault.value));
}

/* Returns nonzero if the fault hit a call. */
static int
step(const struct faulty_put *put, const struct walk *walk, int number,
    int always)
{
	int before = server_count_logged(&server, ": connected"), done;
	struct run run;

	faulty_prepare(put);
	plan_arm(&plan, &walk->fault, number, always);
	faulty_run(&run, put, NULL);
	eventually(all_disconnected(before), HARNESS_TIMEOUT);
	done = plan_disarm(&plan);
	faulty_describe("%s %d fails with %d%s", plan_name(walk->fault.call),
	    number, walk->fault.value, always ? ", always" : "");
	faulty_check(put, &run);
	if (done == 0)
		run_check(&run, 0, NULL);
	else if ((walk->flags & MUST_FAIL) != 0)
		ck_assert_msg(
		    run.status != 0, "%s: status 0", faulty_description());
	if (run.status != 0 && walk->status != 0)
		check_reason(walk, &run);
	if (run.status != 0 && put->resumes)
		faulty_repeat(put);
	check_server();
	eventually(all_disconnected(0), HARNESS_TIMEOUT);
	runs++;
	return done > 0;
}

static void
walk_through(
    const struct faulty_put *put, const struct walk *walks, size_t count)
{
	int long_form = getenv("FTX_ENDURANCE") != NULL;

	for (size_t i = 0; i < count; i++) {
		const struct walk *walk = &walks[i];
		int number = 1;

		if ((walk->flags & LONG_ONLY) != 0 && !long_form)
			continue;
		while (step(put, walk, number, 0))
			number++;
		faulty_check_reached(walk->fault.call, number - 1);
		if ((walk->flags & ALWAYS_TOO) == 0)
			continue;
		for (number = 1; step(put, walk, number, 1); number++)
			;
	}
}

static void
try_all(const struct faulty_put *put, const struct walk *walks, size_t count)
{
	faulty_make();
	if (plan_make(&plan, "plan") != 0)
		return;
	runs = 0;
	start();
	faulty_begin(put);
	walk_through(put, walks, count);
	printf("faults: %d runs\n", runs);
	server_stop(&server);
}

#define TRY_ALL(put, walks)                                                    \
	try_all(put, walks, sizeof(walks) / sizeof(*(walks)))

START_TEST(files_are_old_or_new_when_a_call_fails)
{
	TRY_ALL(&faulty_files, plain);
}
END_TEST

START_TEST(replaced_tree_is_old_or_new_when_a_call_fails)
{
	TRY_ALL(&faulty_tree, exact);
}
END_TEST

START_TEST(nothing_is_overwritten_when_a_call_fails)
{
	TRY_ALL(&faulty_no_clobber, careful);
}
END_TEST

START_TEST(sparse_file_is_old_or_new_when_a_call_fails)
{
	TRY_ALL(&faulty_sparse, sparse);
}
END_TEST

START_TEST(resumed_file_is_old_or_new_when_a_call_fails)
{
	TRY_ALL(&faulty_kept, kept);
}
END_TEST

START_TEST(restarted_file_is_old_or_new_when_a_call_fails)
{
	TRY_ALL(&faulty_spoiled, spoiled);
}
END_TEST

START_TEST(unchanged_files_stay_when_a_call_fails)
{
	TRY_ALL(&faulty_same, same);
}
END_TEST

START_TEST(compared_files_stay_when_a_call_fails)
{
	TRY_ALL(&faulty_compared, compared);
}
END_TEST

START_TEST(put_succeeds_when_calls_are_interrupted_or_short)
{
	struct run run;

	faulty_make();
	if (plan_make(&plan, "plan") != 0)
		return;
	start();
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
		faulty_prepare(&faulty_files);
		plan_arm(&plan, &harmless[i], 1, 1);
		/* Put twice: the first accept began before the fault. */
		faulty_run(&run, &faulty_files, NULL);
		run_check(&run, 0, NULL);
		faulty_run(&run, &faulty_files, NULL);
		faulty_describe("%s", plan_name(harmless[i].call));
		run_check(&run, 0, NULL);
		ck_assert_int_gt(plan_disarm(&plan), 0);
		faulty_check(&faulty_files, &run);
		check_server();
	}
	server_stop(&server);
}
END_TEST

Suite *
faults_suite(void)
{
	Suite *suite = suite_create("faults");
	TCase *tcase = harness_case("faults");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, files_are_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, replaced_tree_is_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, nothing_is_overwritten_when_a_call_fails);
	tcase_add_test(tcase, sparse_file_is_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, resumed_file_is_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, restarted_file_is_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, unchanged_files_stay_when_a_call_fails);
	tcase_add_test(tcase, compared_files_stay_when_a_call_fails);
	tcase_add_test(tcase, put_succeeds_when_calls_are_interrupted_or_short);
	suite_add_tcase(suite, tcase);
	return suite;
}
