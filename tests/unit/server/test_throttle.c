/* SPDX-License-Identifier: ISC */
/* How fast workers that keep dying are replaced. */
#include <check.h>

#include "server/process/throttle.h"

#define BEGIN 1000000
#define OLD (THROTTLE_YOUNG)
#define YOUNG (THROTTLE_YOUNG - 1)

Suite *throttle_suite(void);

START_TEST(one_death_costs_nothing)
{
	struct throttle throttle = {0};

	ck_assert(throttle_open(&throttle, BEGIN));
	throttle_death(&throttle, BEGIN, OLD, 8);
	ck_assert(throttle_open(&throttle, BEGIN));
}
END_TEST

START_TEST(young_deaths_double_the_delay)
{
	static const int64_t delays[] = {
	    1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	struct throttle throttle = {0};
	io_time now = BEGIN;

	for (int worker = 0; worker < 8; worker++)
		throttle_death(&throttle, now, YOUNG, 8);
	ck_assert(throttle_open(&throttle, now));
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		/* All workers die at once, which is one step. */
		for (int worker = 0; worker < 8; worker++)
			throttle_death(&throttle, now, YOUNG, 8);
		ck_assert_int_eq(throttle.delay, delays[i]);
		ck_assert(!throttle_open(&throttle, now + delays[i] - 1));
		ck_assert(throttle_open(&throttle, now + delays[i]));
		now += delays[i];
	}
}
END_TEST

START_TEST(young_deaths_are_forgiven_once)
{
	struct throttle throttle = {0};

	throttle_death(&throttle, BEGIN, YOUNG, 1);
	ck_assert(throttle_open(&throttle, BEGIN));
	throttle_death(&throttle, BEGIN + 1, YOUNG, 1);
	ck_assert(!throttle_open(&throttle, BEGIN + 1));
}
END_TEST

START_TEST(calm_resets_the_delay)
{
	struct throttle throttle = {0};

	throttle_step(&throttle, BEGIN);
	throttle_step(&throttle, throttle.until);
	ck_assert_int_eq(throttle.delay, 2 * THROTTLE_FIRST);
	throttle_step(&throttle, throttle.until + THROTTLE_CALM - 1);
	ck_assert_int_eq(throttle.delay, 4 * THROTTLE_FIRST);
	throttle_step(&throttle, throttle.until + THROTTLE_CALM);
	ck_assert_int_eq(throttle.delay, THROTTLE_FIRST);
}
END_TEST

START_TEST(too_many_deaths_are_too_many)
{
	struct throttle throttle = {0};
	const int most = 2 * 20;

	for (int i = 0; i < most; i++)
		throttle_death(&throttle, BEGIN, OLD, 20);
	ck_assert(throttle_open(&throttle, BEGIN));
	throttle_death(&throttle, BEGIN + THROTTLE_WINDOW, OLD, 20);
	ck_assert(throttle_open(&throttle, BEGIN + THROTTLE_WINDOW));
	for (int i = 0; i < most; i++)
		throttle_death(&throttle, BEGIN + THROTTLE_WINDOW, OLD, 20);
	ck_assert(!throttle_open(&throttle, BEGIN + THROTTLE_WINDOW));
}
END_TEST

START_TEST(hopeless_after_many_longest_delays)
{
	struct throttle throttle = {0};
	int steps = 0;

	while (throttle.hopeless < THROTTLE_HOPELESS && steps < 100) {
		throttle_step(&throttle, throttle.until + 1);
		steps++;
	}
	ck_assert_int_eq(steps, 7 + THROTTLE_HOPELESS);
	throttle_step(&throttle, throttle.until + THROTTLE_CALM);
	ck_assert_uint_eq(throttle.hopeless, 0);
}
END_TEST

Suite *
throttle_suite(void)
{
	Suite *suite = suite_create("throttle");
	TCase *tcase = tcase_create("throttle");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, one_death_costs_nothing);
	tcase_add_test(tcase, young_deaths_double_the_delay);
	tcase_add_test(tcase, young_deaths_are_forgiven_once);
	tcase_add_test(tcase, calm_resets_the_delay);
	tcase_add_test(tcase, too_many_deaths_are_too_many);
	tcase_add_test(tcase, hopeless_after_many_longest_delays);
	suite_add_tcase(suite, tcase);
	return suite;
}
