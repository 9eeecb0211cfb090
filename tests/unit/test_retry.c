/* SPDX-License-Identifier: ISC */
/* When a connection is made again, and when a run gives up. */
#include <check.h>
#include <stdlib.h>

#include "client/retry.h"

Suite *retry_suite(void);

#define QUEUE 300000
#define LIMIT 5

static struct retry retry;

static void
begin(void)
{
	retry_init(&retry, QUEUE, LIMIT, 1, 1000);
}

static int64_t
after(
    enum status status, int connected, int greeted, int progressed, io_time now)
{
	struct attempt attempt = {status, connected, greeted, progressed};

	return retry_after(&retry, &attempt, now);
}

START_TEST(first_connect_is_not_tried_again)
{
	ck_assert_int_eq(after(STATUS_UNREACHABLE, 0, 0, 0, 1000), -1);
	ck_assert_int_eq(
	    retry_verdict(&retry, STATUS_UNREACHABLE), STATUS_UNREACHABLE);
}
END_TEST

static const enum status quick[] = {STATUS_LOST, STATUS_BUSY, STATUS_DRAINING};

START_TEST(quick_until_queue_timeout)
{
	static const int64_t longest[] = {20, 40, 80, 160, 320, 500, 500, 500};
	int64_t delay;

	for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
		delay = after(quick[_i], 1, 0, 0, 2000);
		ck_assert_int_ge(delay, longest[i] / 2);
		ck_assert_int_le(delay, longest[i]);
	}
	ck_assert_int_ge(after(quick[_i], 1, 0, 0, 1000 + QUEUE - 501), 0);
	ck_assert_int_ge(
	    after(STATUS_UNREACHABLE, 0, 0, 0, 1000 + QUEUE - 501), 0);
	/* Each try begins before the end. */
	ck_assert_int_eq(after(quick[_i], 1, 0, 0, 1000 + QUEUE - 1), -1);
	ck_assert_int_eq(after(quick[_i], 1, 0, 0, 1000 + QUEUE), -1);
	ck_assert_int_eq(
	    retry_verdict(&retry, STATUS_LOST), STATUS_UNREACHABLE);
	ck_assert_int_eq(retry_verdict(&retry, STATUS_BUSY), STATUS_BUSY);
}
END_TEST

START_TEST(clients_spread)
{
	struct retry other;
	struct attempt attempt = {STATUS_BUSY, 1, 0, 0};
	int differ = 0;

	retry_init(&other, QUEUE, LIMIT, 2, 1000);
	for (int i = 0; i < 20; i++)
		differ |= retry_after(&other, &attempt, 1000) !=
		    after(STATUS_BUSY, 1, 0, 0, 1000);
	ck_assert_int_eq(differ, 1);
}
END_TEST

START_TEST(slow_once_greeted)
{
	static const int64_t delays[] = {1000, 2000, 4000, 8000, 16000, -1};

	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 5000), delays[0]);
	for (size_t i = 1; i < sizeof(delays) / sizeof(delays[0]); i++)
		ck_assert_int_eq(
		    after(STATUS_UNREACHABLE, 0, 0, 0, 5000), delays[i]);
	ck_assert_int_eq(
	    retry_verdict(&retry, STATUS_UNREACHABLE), STATUS_LOST);
	ck_assert_int_eq(
	    retry_verdict(&retry, STATUS_DRAINING), STATUS_DRAINING);
}
END_TEST

START_TEST(progress_counts_anew)
{
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 1, 5000), 1000);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 6000), 2000);
	ck_assert_int_eq(after(STATUS_DRAINING, 1, 1, 1, 7000), 1000);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 8000), 2000);
}
END_TEST

START_TEST(at_most_a_minute)
{
	int64_t delay = 0;

	retry_init(&retry, QUEUE, 100, 1, 1000);
	for (int i = 0; i < 100; i++) {
		delay = after(STATUS_LOST, 1, 1, 0, 5000);
		ck_assert_int_le(delay, 60000);
	}
	ck_assert_int_eq(delay, 60000);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 5000), -1);
}
END_TEST

/* A server that is busy is not failing, however late that is. */
START_TEST(busy_after_a_greeting)
{
	io_time lost = 1000 + 2 * QUEUE;

	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, lost), 1000);
	for (int i = 0; i < 100; i++)
		ck_assert_int_le(after(STATUS_BUSY, 1, 0, 0, lost + i), 500);
	ck_assert_int_eq(retry.slow, 0);
	ck_assert_int_eq(after(STATUS_BUSY, 1, 0, 0, lost + 1000 + QUEUE), -1);
}
END_TEST

/* The pauses between do not count as waiting for a worker. */
START_TEST(a_slow_pause_is_no_wait)
{
	io_time now = 5000;

	retry_init(&retry, 2000, LIMIT, 1, 1000);
	now += after(STATUS_LOST, 1, 1, 0, now);
	for (int i = 1; i < LIMIT; i++) {
		ck_assert_int_eq(retry.since, now);
		ck_assert_int_eq(retry.slow, 1);
		now += after(STATUS_UNREACHABLE, 0, 0, 0, now);
	}
	ck_assert_int_eq(now, 5000 + 31000);
	ck_assert_int_eq(retry.since, now);
	ck_assert_int_ge(after(STATUS_BUSY, 1, 0, 0, now + 1499), 0);
	ck_assert_int_eq(retry.since, now);
	ck_assert_int_eq(after(STATUS_BUSY, 1, 0, 0, now + 2000), -1);
}
END_TEST

/* As a host that is unreachable, where the way was there before. */
START_TEST(untried_is_tried_again_once_connected)
{
	ck_assert_int_eq(after(STATUS_UNTRIED, 0, 0, 0, 1000), -1);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 5000), 1000);
	ck_assert_int_eq(after(STATUS_UNTRIED, 0, 0, 0, 6000), 2000);
}
END_TEST

/* One that greets and is busy then does not try us for ever. */
START_TEST(busy_behind_a_greeting)
{
	for (int i = 0; i < LIMIT; i++)
		ck_assert_int_ge(after(STATUS_BUSY, 1, 1, 0, 5000), 1000);
	ck_assert_int_eq(after(STATUS_BUSY, 1, 1, 0, 5000), -1);
}
END_TEST

static const enum status final[] = {STATUS_REFUSED, STATUS_PROTOCOL,
    STATUS_VERSION, STATUS_STALLED, STATUS_FAILED, STATUS_NO_SPACE,
    STATUS_MEMORY};

START_TEST(final_statuses)
{
	ck_assert_int_eq(after(final[_i], 1, 0, 0, 1000), -1);
	ck_assert_int_eq(after(final[_i], 1, 1, 1, 1000), -1);
	ck_assert_int_eq(retry_verdict(&retry, final[_i]), final[_i]);
}
END_TEST

Suite *
retry_suite(void)
{
	Suite *suite = suite_create("retry");
	TCase *tcase = tcase_create("retry");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, first_connect_is_not_tried_again);
	tcase_add_loop_test(tcase, quick_until_queue_timeout, 0, 3);
	tcase_add_test(tcase, clients_spread);
	tcase_add_test(tcase, slow_once_greeted);
	tcase_add_test(tcase, progress_counts_anew);
	tcase_add_test(tcase, at_most_a_minute);
	tcase_add_test(tcase, busy_after_a_greeting);
	tcase_add_test(tcase, a_slow_pause_is_no_wait);
	tcase_add_test(tcase, untried_is_tried_again_once_connected);
	tcase_add_test(tcase, busy_behind_a_greeting);
	tcase_add_loop_test(tcase, final_statuses, 0, 7);
	suite_add_tcase(suite, tcase);
	return suite;
}
