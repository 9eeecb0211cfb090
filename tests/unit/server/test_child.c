/* SPDX-License-Identifier: ISC */
/* Work in a child: its result, and that it can be ended. */
#include "server/shared/child.h"

#include <unistd.h>

#include "common/io.h"
#include "tests/unit/support.h"

Suite *child_suite(void);

static int ticks, last_tick;

static int
count_tick(void *argument)
{
	(void)argument;
	return ++ticks == last_tick;
}

static const struct tick tick = {count_tick, NULL, NULL};

static int
answer(void *argument)
{
	int *number = argument;

	return (*number)++;
}

static int
never_end(void *argument)
{
	(void)argument;
	for (;;)
		pause();
	return 0;
}

START_TEST(result_comes_from_the_child)
{
	int number = 7;

	ck_assert_int_eq(child_run(answer, &number, NULL), 7);
	/* The child has a copy of all. */
	ck_assert_int_eq(number, 7);
	number = 0;
	ck_assert_int_eq(child_run(answer, &number, &tick), 0);
}
END_TEST

START_TEST(tick_ends_the_child)
{
	io_time begun = io_now();

	last_tick = 3;
	ck_assert_int_eq(child_run(never_end, NULL, &tick), -1);
	ck_assert_int_eq(ticks, 3);
	ck_assert_int_lt(io_now() - begun, 5000);
}
END_TEST

Suite *
child_suite(void)
{
	Suite *suite = suite_create("child");
	TCase *tcase = support_case("apart");

	tcase_add_test(tcase, result_comes_from_the_child);
	tcase_add_test(tcase, tick_ends_the_child);
	suite_add_tcase(suite, tcase);
	return suite;
}
