/* SPDX-License-Identifier: ISC */
/* How long a client is waited for, at each limit and one step beside it. */
#include <check.h>

#include "server/session/liveness.h"

Suite *liveness_suite(void);

#define IDLE 1000 /* milliseconds */
#define RATE 100  /* bytes a second, so 100 in an idle time-out */

static struct liveness liveness;

static void
set_up(void)
{
	liveness_init(&liveness, IDLE, RATE);
}

/* While no other worker is idle. */
static const char *
count(int64_t time, uint64_t moved)
{
	return liveness_count(&liveness, time, moved, 0);
}

START_TEST(silence_ends_at_the_time_out)
{
	ck_assert_ptr_null(count(IDLE - 1, 0));
	ck_assert_str_eq(count(1, 0), "nothing came or went for too long");
}
END_TEST

START_TEST(a_byte_ends_silence_but_not_slowness)
{
	ck_assert_ptr_null(count(IDLE - 1, 0));
	ck_assert_str_eq(count(1, 1), "too slow");
}
END_TEST

/* Wait an idle time-out in two parts, with so many bytes moved in each. */
static const char *
wait_twice(uint64_t first, uint64_t second)
{
	ck_assert_ptr_null(count(IDLE / 2, liveness.transferred + first));
	return count(IDLE / 2, liveness.transferred + second);
}

START_TEST(the_least_rate_is_enough)
{
	ck_assert_ptr_null(wait_twice(99, 1));
	ck_assert_ptr_null(wait_twice(1, 100));
}
END_TEST

START_TEST(one_byte_less_is_too_slow)
{
	ck_assert_str_eq(wait_twice(98, 1), "too slow");
}
END_TEST

START_TEST(each_time_out_counts_anew)
{
	ck_assert_ptr_null(wait_twice(500000, 500000));
	ck_assert_str_eq(wait_twice(98, 1), "too slow");
}
END_TEST

START_TEST(what_moved_before_does_not_excuse_a_silent_wait)
{
	ck_assert_str_eq(
	    count(IDLE, 1000000), "nothing came or went for too long");
}
END_TEST

START_TEST(an_excuse_suspends_both)
{
	liveness_set_state(&liveness, LIVENESS_WAITING);
	ck_assert_ptr_null(count(100 * IDLE, 0));
	liveness_set_state(&liveness, LIVENESS_ACTIVE);
	ck_assert_ptr_null(count(IDLE - 1, 0));
	ck_assert_ptr_nonnull(count(1, 0));
}
END_TEST

START_TEST(excuses_end_too)
{
	liveness_set_state(&liveness, LIVENESS_WAITING);
	ck_assert_ptr_null(count(LIVENESS_WAITING_MAX - 1, 0));
	ck_assert_str_eq(count(1, 0), "the source has waited too long");
}
END_TEST

/* So many excused milliseconds in a file of its own. */
static const char *
excuse(int64_t time, int another_idle)
{
	liveness_next_file(&liveness);
	return liveness_count(&liveness, time, 0, another_idle);
}

START_TEST(each_file_has_its_own_excuses)
{
	liveness_set_state(&liveness, LIVENESS_WAITING);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_null(excuse(LIVENESS_WAITING_MAX - 1, 1));
	ck_assert_str_eq(liveness_count(&liveness, 1, 0, 1),
	    "the source has waited too long");
}
END_TEST

START_TEST(all_excuses_end_while_no_worker_is_idle)
{
	liveness_set_state(&liveness, LIVENESS_WAITING);
	ck_assert_ptr_null(excuse(LIVENESS_WAITING_MAX - 1, 0));
	ck_assert_ptr_null(excuse(1, 0));
	ck_assert_ptr_null(excuse(100 * IDLE, 1));
	ck_assert_ptr_null(excuse(IDLE - 1, 0));
	ck_assert_ptr_nonnull(excuse(1, 0));
}
END_TEST

START_TEST(before_an_ask_only_an_idle_worker_excuses)
{
	liveness_set_state(&liveness, LIVENESS_ANNOUNCING);
	ck_assert_ptr_null(excuse(LIVENESS_WAITING_MAX - 1, 1));
	ck_assert_ptr_null(excuse(IDLE - 1, 0));
	ck_assert_ptr_nonnull(excuse(1, 0));
}
END_TEST

Suite *
liveness_suite(void)
{
	Suite *suite = suite_create("liveness");
	TCase *tcase = tcase_create("patience");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, silence_ends_at_the_time_out);
	tcase_add_test(tcase, a_byte_ends_silence_but_not_slowness);
	tcase_add_test(tcase, the_least_rate_is_enough);
	tcase_add_test(tcase, one_byte_less_is_too_slow);
	tcase_add_test(tcase, each_time_out_counts_anew);
	tcase_add_test(tcase, what_moved_before_does_not_excuse_a_silent_wait);
	tcase_add_test(tcase, an_excuse_suspends_both);
	tcase_add_test(tcase, excuses_end_too);
	tcase_add_test(tcase, each_file_has_its_own_excuses);
	tcase_add_test(tcase, all_excuses_end_while_no_worker_is_idle);
	tcase_add_test(tcase, before_an_ask_only_an_idle_worker_excuses);
	suite_add_tcase(suite, tcase);
	return suite;
}
