/* SPDX-License-Identifier: ISC */
/* Run a function in a child: its result, and a stop by keepalive. */
#include "server/shared/child.h"

#include <unistd.h>

#include "common/io.h"
#include "tests/unit/support.h"

Suite *child_suite(void);

static int calls, last_call;

static int
count_call(void *argument)
{
	(void)argument;
	return ++calls == last_call;
}

static const struct keepalive keepalive = {count_call, NULL};

static int
return_and_increment(void *argument)
{
	int *number = argument;

	return (*number)++;
}

static int
run_forever(void *argument)
{
	(void)argument;
	for (;;)
		pause();
	return 0;
}

START_TEST(work_runs_in_a_child)
{
	int number = 7;

	ck_assert_int_eq(child_run(return_and_increment, &number, NULL), 7);
	/* The child increments its own copy. */
	ck_assert_int_eq(number, 7);
	number = 0;
	ck_assert_int_eq(
	    child_run(return_and_increment, &number, &keepalive), 0);
}
END_TEST

START_TEST(child_is_killed_when_keepalive_stops_the_work)
{
	io_time begun = io_now();

	last_call = 3;
	ck_assert_int_eq(child_run(run_forever, NULL, &keepalive), -1);
	ck_assert_int_eq(calls, 3);
	ck_assert_int_lt(io_now() - begun, 5000);
}
END_TEST

Suite *
child_suite(void)
{
	Suite *suite = suite_create("child");
	TCase *tcase = support_case("child");

	tcase_add_test(tcase, work_runs_in_a_child);
	tcase_add_test(tcase, child_is_killed_when_keepalive_stops_the_work);
	suite_add_tcase(suite, tcase);
	return suite;
}
