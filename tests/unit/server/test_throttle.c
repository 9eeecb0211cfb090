/* SPDX-License-Identifier: ISC */
/* Delay the start of new workers while workers keep dying. */
#include <check.h>

#include "server/process/throttle.h"

#define BEGIN 1000000
#define OLD (THROTTLE_YOUNG)
#define YOUNG (THROTTLE_YOUNG - 1)

Suite *throttle_suite(void);

START_TEST(no_delay_when_one_worker_dies)
{
	struct throttle throttle = {0};

	ck_assert(throttle_allows(&throttle, BEGIN));
	throttle_add_death(&throttle, BEGIN, OLD, 8);
	ck_assert(throttle_allows(&throttle, BEGIN));
}
END_TEST

START_TEST(delay_doubles_when_workers_die_young)
{
	static const int64_t delays[] = {
	    1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	struct throttle throttle = {0};
	io_time now = BEGIN;

	for (int worker = 0; worker < 8; worker++)
		throttle_add_death(&throttle, now, YOUNG, 8);
	ck_assert(throttle_allows(&throttle, now));
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		/* If all workers die at once, the delay is raised once. */
		for (int worker = 0; worker < 8; worker++)
			throttle_add_death(&throttle, now, YOUNG, 8);
		ck_assert_int_eq(throttle.delay, delays[i]);
		ck_assert(!throttle_allows(&throttle, now + delays[i] - 1));
		ck_assert(throttle_allows(&throttle, now + delays[i]));
		now += delays[i];
	}
}
END_TEST

START_TEST(no_delay_when_each_worker_dies_young_once)
{
	struct throttle throttle = {0};

	throttle_add_death(&throttle, BEGIN, YOUNG, 1);
	ck_assert(throttle_allows(&throttle, BEGIN));
	throttle_add_death(&throttle, BEGIN + 1, YOUNG, 1);
	ck_assert(!throttle_allows(&throttle, BEGIN + 1));
}
END_TEST

START_TEST(delay_starts_anew_after_the_calm_time)
{
	struct throttle throttle = {0};

	throttle_raise(&throttle, BEGIN);
	throttle_raise(&throttle, throttle.until);
	ck_assert_int_eq(throttle.delay, 2 * THROTTLE_FIRST);
	throttle_raise(&throttle, throttle.until + THROTTLE_CALM - 1);
	ck_assert_int_eq(throttle.delay, 4 * THROTTLE_FIRST);
	throttle_raise(&throttle, throttle.until + THROTTLE_CALM);
	ck_assert_int_eq(throttle.delay, THROTTLE_FIRST);
}
END_TEST

START_TEST(delay_starts_when_too_many_die_in_a_window)
{
	struct throttle throttle = {0};
	const int most = 2 * 20;

	for (int i = 0; i < most; i++)
		throttle_add_death(&throttle, BEGIN, OLD, 20);
	ck_assert(throttle_allows(&throttle, BEGIN));
	throttle_add_death(&throttle, BEGIN + THROTTLE_WINDOW, OLD, 20);
	ck_assert(throttle_allows(&throttle, BEGIN + THROTTLE_WINDOW));
	for (int i = 0; i < most; i++)
		throttle_add_death(&throttle, BEGIN + THROTTLE_WINDOW, OLD, 20);
	ck_assert(!throttle_allows(&throttle, BEGIN + THROTTLE_WINDOW));
}
END_TEST

START_TEST(longest_delays_are_counted_in_a_row)
{
	struct throttle throttle = {0};
	int steps = 0;

	while (throttle.longest < THROTTLE_GIVE_UP && steps < 100) {
		throttle_raise(&throttle, throttle.until + 1);
		steps++;
	}
	ck_assert_int_eq(steps, 7 + THROTTLE_GIVE_UP);
	throttle_raise(&throttle, throttle.until + THROTTLE_CALM);
	ck_assert_uint_eq(throttle.longest, 0);
}
END_TEST

Suite *
throttle_suite(void)
{
	Suite *suite = suite_create("throttle");
	TCase *tcase = tcase_create("throttle");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, no_delay_when_one_worker_dies);
	tcase_add_test(tcase, delay_doubles_when_workers_die_young);
	tcase_add_test(tcase, no_delay_when_each_worker_dies_young_once);
	tcase_add_test(tcase, delay_starts_anew_after_the_calm_time);
	tcase_add_test(tcase, delay_starts_when_too_many_die_in_a_window);
	tcase_add_test(tcase, longest_delays_are_counted_in_a_row);
	suite_add_tcase(suite, tcase);
	return suite;
}
