/* SPDX-License-Identifier: ISC */
/* Decide when to connect again, and when to end the run. */
#include <check.h>
#include <stdlib.h>

#include "client/run/retry.h"

Suite *retry_suite(void);

/* Milliseconds. */
#define QUEUE 300000
#define LIMIT 600000

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

START_TEST(run_ends_when_the_first_connect_fails)
{
	ck_assert_int_eq(after(STATUS_UNREACHABLE, 0, 0, 0, 1000), -1);
	ck_assert_int_eq(
	    retry_final_status(&retry, STATUS_UNREACHABLE), STATUS_UNREACHABLE);
}
END_TEST

static const enum status quick[] = {STATUS_LOST, STATUS_BUSY, STATUS_DRAINING};

START_TEST(tries_are_quick_until_queue_timeout)
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
	/* A try that would begin after QUEUE is not made. */
	ck_assert_int_eq(after(quick[_i], 1, 0, 0, 1000 + QUEUE - 1), -1);
	ck_assert_int_eq(after(quick[_i], 1, 0, 0, 1000 + QUEUE), -1);
	ck_assert_int_eq(
	    retry_final_status(&retry, STATUS_LOST), STATUS_UNREACHABLE);
	ck_assert_int_eq(retry_final_status(&retry, STATUS_BUSY), STATUS_BUSY);
}
END_TEST

START_TEST(delays_differ_between_clients)
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

static const enum status losses[] = {STATUS_LOST, STATUS_STALLED};

/* Advance the clock to the next try after this status. */
static int64_t
next(enum status status, int greeted, io_time *now)
{
	int64_t delay = after(status, greeted, greeted, 0, *now);

	if (delay > 0)
		*now += delay;
	return delay;
}

START_TEST(tries_are_slow_once_greeted)
{
	static const int64_t delays[] = {
	    1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	io_time now = 5000;

	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
		ck_assert_int_eq(next(i == 0 ? losses[_i] : STATUS_UNREACHABLE,
				     i == 0, &now),
		    delays[i]);
	ck_assert_int_eq(
	    retry_final_status(&retry, STATUS_UNREACHABLE), losses[_i]);
	ck_assert_int_eq(
	    retry_final_status(&retry, STATUS_DRAINING), STATUS_DRAINING);
}
END_TEST

/* If the last try fails, the run ends. */
START_TEST(last_try_comes_at_the_limit)
{
	io_time now = 5000;
	int64_t delay = 0;
	int tries = 0;

	while (next(losses[_i], 1, &now) >= 0 && tries < 100)
		tries++;
	ck_assert_int_eq(now, 5000 + LIMIT);
	ck_assert_int_eq(tries, 15);
	ck_assert_int_eq(retry_final_status(&retry, losses[_i]), losses[_i]);
	/* Now each try itself takes a minute. */
	begin();
	now = 5000;
	for (tries = 0; delay >= 0 && tries < 100; tries++) {
		delay = next(losses[_i], 1, &now);
		now += 60000;
	}
	ck_assert_int_le(now, 5000 + LIMIT + 2 * 60000);
}
END_TEST

START_TEST(short_limits_allow_the_tries_that_fit)
{
	static const struct {
		int64_t limit;
		int tries;
	} limits[] = {{0, 0}, {999, 0}, {1000, 1}, {1001, 1}, {1999, 1},
	    {2000, 2}, {5000, 3}, {5999, 3}, {6000, 3}, {7000, 3}, {8000, 4}};
	io_time now;
	int tries;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		retry_init(&retry, QUEUE, limits[i].limit, 1, 1000);
		now = 5000;
		for (tries = 0; next(STATUS_LOST, 1, &now) >= 0;)
			tries++;
		ck_assert_int_eq(tries, limits[i].tries);
		ck_assert_int_le(now, 5000 + limits[i].limit);
	}
}
END_TEST

START_TEST(delays_start_again_after_progress)
{
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 1, 5000), 1000);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 6000), 2000);
	ck_assert_int_eq(after(STATUS_STALLED, 1, 1, 1, 6000 + LIMIT), 1000);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 4000 + 2 * LIMIT), 2000);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 6000 + 2 * LIMIT), -1);
	ck_assert_int_eq(
	    after(STATUS_DRAINING, 1, 1, 1, 7000 + 3 * LIMIT), 1000);
}
END_TEST

/* The time before the first loss does not count. */
START_TEST(limit_begins_with_the_loss)
{
	io_time now = 5000 + 10 * LIMIT;

	ck_assert_int_eq(next(STATUS_STALLED, 1, &now), 1000);
	ck_assert_int_eq(
	    after(STATUS_STALLED, 1, 1, 0, now + LIMIT - 2000), 1000);
}
END_TEST

START_TEST(run_ends_when_it_stalls_before_a_greeting)
{
	ck_assert_int_eq(after(STATUS_STALLED, 1, 0, 0, 5000), -1);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 5000), 1000);
	ck_assert_int_eq(after(STATUS_STALLED, 1, 0, 0, 6000), 2000);
}
END_TEST

START_TEST(busy_server_is_tried_until_queue_timeout)
{
	io_time lost = 1000 + 2 * QUEUE;

	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, lost), 1000);
	for (int i = 0; i < 100; i++)
		ck_assert_int_le(after(STATUS_BUSY, 1, 0, 0, lost + i), 500);
	ck_assert_int_eq(retry.slow, 0);
	/* After QUEUE, the limit on the time without progress applies. */
	ck_assert_int_eq(
	    after(STATUS_BUSY, 1, 0, 0, lost + 1000 + QUEUE), 2000);
	ck_assert_int_eq(retry.slow, 1);
	ck_assert_int_eq(retry.since, lost + 3000 + QUEUE);
	ck_assert_int_eq(
	    after(STATUS_BUSY, 1, 0, 0, lost + 3000 + 2 * QUEUE), -1);
	ck_assert_int_eq(retry_final_status(&retry, STATUS_BUSY), STATUS_BUSY);
}
END_TEST

START_TEST(slow_pause_does_not_count_as_waiting)
{
	io_time now = 5000;

	retry_init(&retry, 2000, 31000, 1, 1000);
	now += after(STATUS_LOST, 1, 1, 0, now);
	for (int i = 1; i < 5; i++) {
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

/* STATUS_UNTRIED is final only until a connection was made. */
START_TEST(run_continues_when_untried_after_a_connection)
{
	ck_assert_int_eq(after(STATUS_UNTRIED, 0, 0, 0, 1000), -1);
	ck_assert_int_eq(after(STATUS_LOST, 1, 1, 0, 5000), 1000);
	ck_assert_int_eq(after(STATUS_UNTRIED, 0, 0, 0, 6000), 2000);
}
END_TEST

START_TEST(queue_timeout_applies_when_greeting_is_followed_by_busy)
{
	ck_assert_int_eq(after(STATUS_BUSY, 1, 1, 0, 5000), 1000);
	ck_assert_int_eq(after(STATUS_BUSY, 1, 1, 0, 4000 + QUEUE), 1000);
	ck_assert_int_eq(after(STATUS_BUSY, 1, 1, 0, 5000 + QUEUE), -1);
}
END_TEST

static const enum status final[] = {STATUS_REFUSED, STATUS_PROTOCOL,
    STATUS_VERSION, STATUS_FOREIGN, STATUS_FAILED, STATUS_NO_SPACE,
    STATUS_MEMORY};

START_TEST(run_ends_when_the_status_is_final)
{
	ck_assert_int_eq(after(final[_i], 1, 0, 0, 1000), -1);
	ck_assert_int_eq(after(final[_i], 1, 1, 1, 1000), -1);
	ck_assert_int_eq(retry_final_status(&retry, final[_i]), final[_i]);
}
END_TEST

Suite *
retry_suite(void)
{
	Suite *suite = suite_create("retry");
	TCase *tcase = tcase_create("retry");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, run_ends_when_the_first_connect_fails);
	tcase_add_loop_test(tcase, tries_are_quick_until_queue_timeout, 0, 3);
	tcase_add_test(tcase, delays_differ_between_clients);
	tcase_add_loop_test(tcase, tries_are_slow_once_greeted, 0, 2);
	tcase_add_loop_test(tcase, last_try_comes_at_the_limit, 0, 2);
	tcase_add_test(tcase, short_limits_allow_the_tries_that_fit);
	tcase_add_test(tcase, delays_start_again_after_progress);
	tcase_add_test(tcase, limit_begins_with_the_loss);
	tcase_add_test(tcase, run_ends_when_it_stalls_before_a_greeting);
	tcase_add_test(tcase, busy_server_is_tried_until_queue_timeout);
	tcase_add_test(tcase, slow_pause_does_not_count_as_waiting);
	tcase_add_test(tcase, run_continues_when_untried_after_a_connection);
	tcase_add_test(
	    tcase, queue_timeout_applies_when_greeting_is_followed_by_busy);
	tcase_add_loop_test(tcase, run_ends_when_the_status_is_final, 0, 7);
	suite_add_tcase(suite, tcase);
	return suite;
}
