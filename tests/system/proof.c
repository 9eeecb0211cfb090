/* SPDX-License-Identifier: ISC */
/* The oracle notices each wrong order of the server's calls. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/system/faulty.h"
#include "tests/system/harness.h"
#include "tests/system/oracle.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

static struct plan plan;
static struct oracle oracle;

/*
 * Put with this fault, unless it is NULL, and let the oracle check the calls.
 * Returns 0, or -1 if the programs load no shim.
 */
static int
put_and_check_record(
    const struct faulty_put *put, const struct plan_fault *fault)
{
	struct server server;
	struct run run;

	faulty_make();
	if (plan_make(&plan, "plan") != 0)
		return -1;
	plan_record(&plan, "record");
	server_start_by(&server, plan.launcher,
	    (const char *const[]){"-w", "1", "-o", "min-free=0", NULL});
	faulty_prepare(put);
	if (fault != NULL)
		plan_arm(&plan, fault, 1, 1);
	faulty_run(&run, put, NULL);
	run_check(&run, 0, NULL);
	if (fault != NULL)
		ck_assert_int_gt(plan_disarm(&plan), 0);
	server_stop(&server);
	oracle_check(&oracle, "record");
	ck_assert_int_ge(oracle.durable, 3);
	return 0;
}

static void
expect_caught(const struct plan_fault *fault, const char *what)
{
	if (put_and_check_record(&faulty_files, fault) != 0)
		return;
	ck_assert_int_gt(oracle.violations, 0);
	ck_assert_msg(strstr(oracle.first, what) != NULL,
	    "the oracle reported \"%s\"", oracle.first);
}

START_TEST(oracle_accepts_the_right_order)
{
	static const struct faulty_put *const puts[] = {
	    &faulty_files, &faulty_tree, &faulty_no_clobber};

	if (put_and_check_record(puts[_i], NULL) == 0)
		ck_assert_msg(oracle.violations == 0, "%s", oracle.first);
}
END_TEST

START_TEST(oracle_notices_when_files_are_not_synced)
{
	static const struct plan_fault fault = {
	    .call = FAULT_FSYNC, .object = FAULT_A_FILE, .kind = FAULT_SKIP};

	expect_caught(&fault, "published before it was synced");
}
END_TEST

START_TEST(oracle_notices_when_directories_are_not_synced)
{
	static const struct plan_fault fault = {.call = FAULT_FSYNC,
	    .object = FAULT_A_DIRECTORY,
	    .kind = FAULT_SKIP};

	expect_caught(&fault, "its directory was not synced");
}
END_TEST

START_TEST(oracle_notices_when_a_file_is_published_first)
{
	static const struct plan_fault fault = {.call = FAULT_FSYNC,
	    .object = FAULT_A_FILE,
	    .kind = FAULT_HOLD,
	    .until = FAULT_RENAME,
	    .until_object = FAULT_A_DIRECTORY};

	expect_caught(&fault, "published before it was synced");
}
END_TEST

START_TEST(oracle_notices_when_a_result_is_sent_first)
{
	static const struct plan_fault fault = {.call = FAULT_FSYNC,
	    .object = FAULT_A_DIRECTORY,
	    .kind = FAULT_HOLD,
	    .until = FAULT_WRITE,
	    .until_object = FAULT_A_PEER};

	expect_caught(&fault, "its directory was not synced");
}
END_TEST

Suite *
proof_suite(void)
{
	Suite *suite = suite_create("proof");
	TCase *tcase = harness_case("proof");

	tcase_add_loop_test(tcase, oracle_accepts_the_right_order, 0, 3);
	tcase_add_test(tcase, oracle_notices_when_files_are_not_synced);
	tcase_add_test(tcase, oracle_notices_when_directories_are_not_synced);
	tcase_add_test(tcase, oracle_notices_when_a_file_is_published_first);
	tcase_add_test(tcase, oracle_notices_when_a_result_is_sent_first);
	suite_add_tcase(suite, tcase);
	return suite;
}
