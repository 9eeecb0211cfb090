/* SPDX-License-Identifier: ISC */
/* The limit on bytes per second, at times that the test sets. */
#include <check.h>

#include "client/run/rate.h"

Suite *rate_suite(void);

#define BEGIN 5000

static struct rate rate;

/*
 * For duration ms, spend all that is allowed, late ms after it is due.  Returns
 * the bytes.
 */
static uint64_t
drain(uint64_t limit, io_time duration, io_time late)
{
	io_time now = BEGIN;
	uint64_t sent = 0;

	rate_init(&rate, limit, now);
	while (now <= BEGIN + duration) {
		uint64_t allowed = rate_allows(&rate, now);

		rate_spend(&rate, allowed);
		sent += allowed;
		ck_assert_int_gt(rate_due(&rate), now);
		now = rate_due(&rate) + late;
	}
	return sent;
}

START_TEST(everything_is_allowed_without_a_limit)
{
	rate_init(&rate, 0, BEGIN);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN), UINT64_MAX);
	rate_spend(&rate, UINT64_C(1) << 40);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN), UINT64_MAX);
	ck_assert_int_le(rate_due(&rate), BEGIN);
	ck_assert_uint_eq(rate_piece(&rate, 4096), 4096);
}
END_TEST

START_TEST(nothing_is_allowed_at_first)
{
	rate_init(&rate, 1000, BEGIN);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN), 0);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN + 1), 1);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN + 100), 100);
	rate_spend(&rate, 60);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN + 100), 40);
}
END_TEST

static const uint64_t limits[] = {
    1, 50, 51, 128, 1000, 1024 * 128, 12345678, RATE_MAX};

START_TEST(limit_holds_over_seconds)
{
	uint64_t limit = limits[_i], whole = 10 * limit;
	/* At the end, up to one step may be unspent. */
	uint64_t step = limit / 50 + 1;

	for (io_time late = 0; late <= 100; late += 50) {
		uint64_t sent = drain(limit, 10000, late);

		ck_assert_uint_le(sent, whole);
		ck_assert_uint_ge(sent + step + limit / 10 + 1, whole);
	}
}
END_TEST

START_TEST(burst_is_small_after_idle_time)
{
	uint64_t burst;

	rate_init(&rate, 100000, BEGIN);
	burst = rate_allows(&rate, BEGIN + 3600 * 1000);
	ck_assert_uint_le(burst, 100000 / 4 + 1);
	rate_spend(&rate, burst);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN + 3600 * 1000), 0);
}
END_TEST

START_TEST(rate_is_due_when_enough_for_a_write_is_allowed)
{
	rate_init(&rate, 100000, BEGIN);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN), 0);
	ck_assert_int_eq(rate_due(&rate), BEGIN + 20);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN + 20), 2000);
	rate_spend(&rate, 1000);
	ck_assert_int_eq(rate_due(&rate), BEGIN + 30);
	rate_init(&rate, 1, BEGIN);
	ck_assert_int_eq(rate_due(&rate), BEGIN + 1000);
}
END_TEST

START_TEST(nothing_is_added_when_the_clock_does_not_advance)
{
	rate_init(&rate, 1000, BEGIN);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN + 10), 10);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN + 10), 10);
	ck_assert_uint_eq(rate_allows(&rate, BEGIN), 10);
}
END_TEST

START_TEST(pieces_fit_the_limit)
{
	rate_init(&rate, 1, BEGIN);
	ck_assert_uint_eq(rate_piece(&rate, 65536), 1024);
	rate_init(&rate, 40000, BEGIN);
	ck_assert_uint_eq(rate_piece(&rate, 65536), 10000);
	rate_init(&rate, RATE_MAX, BEGIN);
	ck_assert_uint_eq(rate_piece(&rate, 65536), 65536);
}
END_TEST

Suite *
rate_suite(void)
{
	Suite *suite = suite_create("rate");
	TCase *tcase = tcase_create("rate");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, everything_is_allowed_without_a_limit);
	tcase_add_test(tcase, nothing_is_allowed_at_first);
	tcase_add_loop_test(tcase, limit_holds_over_seconds, 0,
	    (int)(sizeof(limits) / sizeof(limits[0])));
	tcase_add_test(tcase, burst_is_small_after_idle_time);
	tcase_add_test(tcase, rate_is_due_when_enough_for_a_write_is_allowed);
	tcase_add_test(tcase, nothing_is_added_when_the_clock_does_not_advance);
	tcase_add_test(tcase, pieces_fit_the_limit);
	suite_add_tcase(suite, tcase);
	return suite;
}
