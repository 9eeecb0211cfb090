/* SPDX-License-Identifier: ISC */
/* Client timeouts: at each limit, and one step below it. */
#include <check.h>

#include "server/session/liveness.h"

Suite *liveness_suite(void);

#define IDLE 1000 /* milliseconds */
#define RATE 100  /* bytes a second: 100 in an idle timeout */

static struct liveness liveness;

static void
set_up(void)
{
	liveness_init(&liveness, IDLE, RATE);
}

/* Count a wait while no other worker is idle. */
static const char *
count(int64_t time, uint64_t moved)
{
	return liveness_count(&liveness, time, moved, 0);
}

START_TEST(client_is_ended_when_idle_timeout_expires)
{
	ck_assert_ptr_null(count(IDLE - 1, 0));
	ck_assert_str_eq(count(1, 0), "nothing came or went for too long");
}
END_TEST

START_TEST(client_is_too_slow_when_a_byte_ends_its_silence)
{
	ck_assert_ptr_null(count(IDLE - 1, 0));
	ck_assert_str_eq(count(1, 1), "too slow");
}
END_TEST

/* Wait half an idle timeout twice; transfer first, then second bytes. */
static const char *
wait_twice(uint64_t first, uint64_t second)
{
	ck_assert_ptr_null(count(IDLE / 2, liveness.transferred + first));
	return count(IDLE / 2, liveness.transferred + second);
}

START_TEST(client_is_not_ended_when_its_rate_is_the_minimum)
{
	ck_assert_ptr_null(wait_twice(99, 1));
	ck_assert_ptr_null(wait_twice(1, 100));
}
END_TEST

START_TEST(client_is_too_slow_when_one_byte_is_missing)
{
	ck_assert_str_eq(wait_twice(98, 1), "too slow");
}
END_TEST

START_TEST(rate_is_checked_anew_when_a_timeout_has_passed)
{
	ck_assert_ptr_null(wait_twice(500000, 500000));
	ck_assert_str_eq(wait_twice(98, 1), "too slow");
}
END_TEST

START_TEST(client_is_ended_when_bytes_came_only_before_the_wait)
{
	ck_assert_str_eq(
	    count(IDLE, 1000000), "nothing came or went for too long");
}
END_TEST

START_TEST(timeouts_are_suspended_when_the_client_waits)
{
	liveness_set_state(&liveness, LIVENESS_WAITING);
	ck_assert_ptr_null(count(100 * IDLE, 0));
	liveness_set_state(&liveness, LIVENESS_ACTIVE);
	ck_assert_ptr_null(count(IDLE - 1, 0));
	ck_assert_ptr_nonnull(count(1, 0));
}
END_TEST

START_TEST(client_is_ended_when_it_waits_too_long)
{
	liveness_set_state(&liveness, LIVENESS_WAITING);
	ck_assert_ptr_null(count(LIVENESS_WAITING_MAX - 1, 0));
	ck_assert_str_eq(count(1, 0), "the source has waited too long");
}
END_TEST

/* Begin a new file, and count a wait of time ms without bytes. */
static const char *
wait_in_next_file(int64_t time, int another_idle)
{
	liveness_next_file(&liveness);
	return liveness_count(&liveness, time, 0, another_idle);
}

START_TEST(waiting_is_counted_anew_when_a_file_begins)
{
	liveness_set_state(&liveness, LIVENESS_WAITING);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_null(
		    wait_in_next_file(LIVENESS_WAITING_MAX - 1, 1));
	ck_assert_str_eq(liveness_count(&liveness, 1, 0, 1),
	    "the source has waited too long");
}
END_TEST

START_TEST(waiting_is_bounded_when_no_worker_is_idle)
{
	liveness_set_state(&liveness, LIVENESS_WAITING);
	ck_assert_ptr_null(wait_in_next_file(LIVENESS_WAITING_MAX - 1, 0));
	ck_assert_ptr_null(wait_in_next_file(1, 0));
	ck_assert_ptr_null(wait_in_next_file(100 * IDLE, 1));
	ck_assert_ptr_null(wait_in_next_file(IDLE - 1, 0));
	ck_assert_ptr_nonnull(wait_in_next_file(1, 0));
}
END_TEST

START_TEST(waiting_before_an_ask_counts_when_no_worker_is_idle)
{
	liveness_set_state(&liveness, LIVENESS_ANNOUNCING);
	ck_assert_ptr_null(wait_in_next_file(LIVENESS_WAITING_MAX - 1, 1));
	ck_assert_ptr_null(wait_in_next_file(IDLE - 1, 0));
	ck_assert_ptr_nonnull(wait_in_next_file(1, 0));
}
END_TEST

Suite *
liveness_suite(void)
{
	Suite *suite = suite_create("liveness");
	TCase *tcase = tcase_create("liveness");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, client_is_ended_when_idle_timeout_expires);
	tcase_add_test(tcase, client_is_too_slow_when_a_byte_ends_its_silence);
	tcase_add_test(tcase, client_is_not_ended_when_its_rate_is_the_minimum);
	tcase_add_test(tcase, client_is_too_slow_when_one_byte_is_missing);
	tcase_add_test(tcase, rate_is_checked_anew_when_a_timeout_has_passed);
	tcase_add_test(
	    tcase, client_is_ended_when_bytes_came_only_before_the_wait);
	tcase_add_test(tcase, timeouts_are_suspended_when_the_client_waits);
	tcase_add_test(tcase, client_is_ended_when_it_waits_too_long);
	tcase_add_test(tcase, waiting_is_counted_anew_when_a_file_begins);
	tcase_add_test(tcase, waiting_is_bounded_when_no_worker_is_idle);
	tcase_add_test(
	    tcase, waiting_before_an_ask_counts_when_no_worker_is_idle);
	suite_add_tcase(suite, tcase);
	return suite;
}
