/* SPDX-License-Identifier: ISC */
/* Each call of the client fails in turn. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/system/faulty.h"
#include "tests/system/harness.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define CALLS(name, on, what)                                                  \
	.call = FAULT_##name, .object = (on), .kind = FAULT_##what
#define FAILS(name, on, error)                                                 \
	{                                                                      \
		CALLS(name, on, ERROR), .value = (error)                       \
	}

/* Calls between a file and the connection, and for the results. */
static const struct plan_fault faults[] = {
    FAILS(OPEN, FAULT_ANYTHING, EMFILE),
    FAILS(STAT, FAULT_ANYTHING, EIO),
    FAILS(READ, FAULT_A_FILE, EIO),
    FAILS(CLOSE, FAULT_ANYTHING, EIO),
    FAILS(SOCKET, FAULT_ANYTHING, ENFILE),
    FAILS(CONNECT, FAULT_A_PEER, ENETUNREACH),
    FAILS(FCNTL, FAULT_A_PEER, EIO),
    FAILS(SOCKOPT, FAULT_A_PEER, ENOBUFS),
    FAILS(READ, FAULT_A_PEER, ECONNRESET),
    FAILS(POLL, FAULT_ANYTHING, ENOMEM),
};

/* After a failed write, ftx waits some seconds for the server's reason. */
static const struct plan_fault slow_faults[] = {
    FAILS(WRITE, FAULT_A_PEER, EPIPE),
};

/* Further calls for a tree. */
static const struct plan_fault tree_faults[] = {
    FAILS(DIRECTORY, FAULT_ANYTHING, EIO),
    FAILS(OPEN, FAULT_A_DIRECTORY, EACCES),
    FAILS(STAT, FAULT_A_DIRECTORY, EIO),
    FAILS(STAT, FAULT_A_FILE, EIO),
};

static const struct plan_fault removing_faults[] = {
    FAILS(RENAME, FAULT_ANYTHING, EIO),
    FAILS(RENAME, FAULT_ANYTHING, ENOSYS),
    FAILS(UNLINK, FAULT_ANYTHING, EIO),
    FAILS(STAT, FAULT_ANYTHING, EIO),
    FAILS(READ, FAULT_A_PEER, ECONNRESET),
};

/* Further calls for partials, holes and digests. */
static const struct plan_fault large_faults[] = {
    FAILS(OPEN, FAULT_ANYTHING, EMFILE),
    FAILS(STAT, FAULT_ANYTHING, EIO),
    FAILS(READ, FAULT_A_FILE, EIO),
    FAILS(SEEK, FAULT_A_FILE, EIO),
    FAILS(CLOSE, FAULT_A_FILE, EIO),
    FAILS(READ, FAULT_A_PEER, ECONNRESET),
};

static const struct plan_fault compared_faults[] = {
    FAILS(OPEN, FAULT_ANYTHING, EMFILE),
    FAILS(STAT, FAULT_ANYTHING, EIO),
    FAILS(READ, FAULT_A_FILE, EIO),
    FAILS(READ, FAULT_A_PEER, ECONNRESET),
};

static const struct plan_fault harmless[] = {
    {CALLS(READ, FAULT_ANYTHING, STORM)},
    {CALLS(WRITE, FAULT_ANYTHING, STORM)},
    {CALLS(POLL, FAULT_ANYTHING, STORM)},
    {CALLS(READ, FAULT_ANYTHING, SHORT)},
    {CALLS(WRITE, FAULT_ANYTHING, SHORT)},
};

static struct plan plan;
static struct server server;
static int runs;

/* Returns nonzero if the server runs, zero if the test was skipped. */
static int
begin(void)
{
	faulty_make();
	if (plan_make(&plan, "plan") != 0)
		return 0;
	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	return 1;
}

/* Returns nonzero if the fault may hit further calls. */
static int
step(const struct faulty_put *put, const struct plan_fault *fault, int number,
    int always)
{
	struct run run;
	int done;

	faulty_prepare(put);
	plan_arm(&plan, fault, number, always);
	faulty_run(&run, put, &plan);
	done = plan_disarm(&plan);
	faulty_describe("%s %d fails with %d%s", plan_name(fault->call), number,
	    fault->value, always ? ", always" : "");
	faulty_check(put, &run);
	if (done == 0)
		run_check(&run, 0, NULL);
	runs++;
	if (run.status == 0)
		return done > 0;
	/*
	 * The only worker serves this put after it has finished the last one.
	 */
	RUN(&run, "ftx", "put", "-q", "new/a", "127.0.0.1:again");
	run_check(&run, 0, NULL);
	if (put->resumes)
		faulty_repeat(put);
	return 1;
}

static int
is_long_form(void)
{
	return getenv("FTX_ENDURANCE") != NULL;
}

static void
walk_one(
    const struct faulty_put *put, const struct plan_fault *fault, int always)
{
	int number = 1;

	while (step(put, fault, number, always))
		number++;
	faulty_check_reached(fault->call, number - 1);
}

static void
walk_through(
    const struct faulty_put *put, const struct plan_fault *walks, size_t count)
{
	if (!begin())
		return;
	faulty_begin(put);
	for (size_t i = 0; i < count; i++) {
		walk_one(put, &walks[i], 0);
		/*
		 * If each connection fails, ftx retries: only the long form
		 * waits for that.
		 */
		if (walks[i].object != FAULT_A_PEER || is_long_form())
			walk_one(put, &walks[i], 1);
	}
	printf("faults_client: %d runs\n", runs);
	server_stop(&server);
}

#define WALK_THROUGH(put, walks)                                               \
	walk_through(put, walks, sizeof(walks) / sizeof(*(walks)))

START_TEST(files_are_old_or_new_when_a_call_fails)
{
	WALK_THROUGH(&faulty_files, faults);
}
END_TEST

START_TEST(files_are_old_or_new_when_a_write_fails)
{
	if (is_long_form())
		WALK_THROUGH(&faulty_files, slow_faults);
}
END_TEST

START_TEST(replaced_tree_is_old_or_new_when_a_call_fails)
{
	WALK_THROUGH(&faulty_tree, tree_faults);
}
END_TEST

START_TEST(source_stays_unless_stored_when_a_call_fails)
{
	WALK_THROUGH(&faulty_removing, removing_faults);
}
END_TEST

START_TEST(sparse_file_is_old_or_new_when_a_call_fails)
{
	WALK_THROUGH(&faulty_sparse, large_faults);
}
END_TEST

START_TEST(resumed_file_is_old_or_new_when_a_call_fails)
{
	WALK_THROUGH(&faulty_kept, large_faults);
}
END_TEST

START_TEST(restarted_file_is_old_or_new_when_a_call_fails)
{
	WALK_THROUGH(&faulty_spoiled, large_faults);
}
END_TEST

START_TEST(unchanged_files_stay_when_a_call_fails)
{
	WALK_THROUGH(&faulty_same, compared_faults);
}
END_TEST

START_TEST(compared_files_stay_when_a_call_fails)
{
	WALK_THROUGH(&faulty_compared, compared_faults);
}
END_TEST

START_TEST(put_succeeds_when_calls_are_interrupted_or_short)
{
	struct run run;

	if (!begin())
		return;
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++) {
		faulty_prepare(&faulty_tree);
		plan_arm(&plan, &harmless[i], 1, 1);
		faulty_run(&run, &faulty_tree, &plan);
		faulty_describe("%s", plan_name(harmless[i].call));
		run_check(&run, 0, NULL);
		ck_assert_int_gt(plan_disarm(&plan), 0);
		faulty_check(&faulty_tree, &run);
	}
	server_stop(&server);
}
END_TEST

Suite *
faults_client_suite(void)
{
	Suite *suite = suite_create("faults_client");
	TCase *tcase = harness_case("faults_client");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, files_are_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, files_are_old_or_new_when_a_write_fails);
	tcase_add_test(tcase, replaced_tree_is_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, source_stays_unless_stored_when_a_call_fails);
	tcase_add_test(tcase, sparse_file_is_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, resumed_file_is_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, restarted_file_is_old_or_new_when_a_call_fails);
	tcase_add_test(tcase, unchanged_files_stay_when_a_call_fails);
	tcase_add_test(tcase, compared_files_stay_when_a_call_fails);
	tcase_add_test(tcase, put_succeeds_when_calls_are_interrupted_or_short);
	suite_add_tcase(suite, tcase);
	return suite;
}
