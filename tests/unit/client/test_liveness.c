/* SPDX-License-Identifier: ISC */
/* Server timeouts: idle time, and "working" without a result. */
#include <check.h>

#include "client/connection/liveness.h"
#include "tests/unit/support.h"

Suite *liveness_suite(void);

/* Milliseconds. */
#define TIMEOUT 60000
#define COMMIT 600000
#define BEGIN 1000

#define MIB (UINT64_C(1) << 20)

static struct liveness liveness;

static void
begin(void)
{
	liveness_init(&liveness, TIMEOUT, COMMIT, BEGIN);
}

/*
 * Receive "working" at this interval, until the deadline.  Returns the
 * deadline.
 */
static io_time
receive_working(io_time now, int64_t every, uint64_t size)
{
	liveness_received(&liveness, 1, now);
	while (now + every < liveness_deadline(&liveness, size)) {
		now += every;
		liveness_received(&liveness, 1, now);
	}
	return liveness_deadline(&liveness, size);
}

START_TEST(server_times_out_when_idle)
{
	ck_assert_int_eq(liveness_deadline(&liveness, 0), BEGIN + TIMEOUT);
	liveness_sent(&liveness, 5000);
	ck_assert_int_eq(liveness_deadline(&liveness, 0), 5000 + TIMEOUT);
	liveness_received(&liveness, 0, 7000);
	ck_assert_int_eq(liveness_deadline(&liveness, 1 << 30), 7000 + TIMEOUT);
}
END_TEST

START_TEST(commit_timeout_applies_after_working)
{
	liveness_received(&liveness, 1, 5000);
	ck_assert_int_eq(liveness_deadline(&liveness, 0), 5000 + COMMIT);
	ck_assert_int_eq(liveness_deadline(&liveness, 1 << 30), 5000 + COMMIT);
	liveness_received(&liveness, 0, 6000);
	ck_assert_int_eq(liveness_deadline(&liveness, 0), 6000 + TIMEOUT);
}
END_TEST

static const int64_t paces[] = {1, 200, 5000, 59999, 599999};

START_TEST(working_is_limited_in_total)
{
	ck_assert_int_eq(receive_working(5000, paces[_i], 0), 5000 + COMMIT);
	begin();
	ck_assert_int_eq(receive_working(5000, paces[_i], 6000 * MIB),
	    5000 + COMMIT + (int64_t)(6000 * MIB / 10485));
}
END_TEST

START_TEST(limit_grows_with_file_size)
{
	ck_assert_int_eq(liveness_longest(&liveness, 0), COMMIT);
	ck_assert_int_eq(liveness_longest(&liveness, 10484), COMMIT);
	ck_assert_int_eq(liveness_longest(&liveness, 10485), COMMIT + 1);
	ck_assert_int_ge(liveness_longest(&liveness, 10 * MIB), COMMIT + 1000);
	ck_assert_int_le(liveness_longest(&liveness, 10 * MIB), COMMIT + 1001);
	ck_assert_int_gt(liveness_longest(&liveness, INT64_MAX), COMMIT);
}
END_TEST

START_TEST(limit_restarts_after_result)
{
	io_time end = receive_working(5000, 5000, 0);

	liveness_received(&liveness, 0, end - 1);
	ck_assert_int_eq(receive_working(end, 5000, 0), end + COMMIT);
}
END_TEST

/* If the server reads again within 5 seconds, the time is not work. */
START_TEST(sending_does_not_count_as_work)
{
	io_time now = 5000;

	liveness_received(&liveness, 1, now);
	for (int i = 0; i < 100000; i++)
		liveness_sent(&liveness, now += 4999);
	ck_assert_int_eq(liveness_deadline(&liveness, 0), now + COMMIT);
}
END_TEST

/* If the server reads only every 5 seconds, the time counts as work. */
START_TEST(slow_reads_count_as_work)
{
	io_time now = 5000;
	int count = 0;

	liveness_received(&liveness, 1, now);
	while (now + 5000 < liveness_deadline(&liveness, 0) && count < 1000) {
		liveness_sent(&liveness, now += 5000);
		count++;
	}
	ck_assert_int_eq(liveness_deadline(&liveness, 0), 5000 + COMMIT);
}
END_TEST

Suite *
liveness_suite(void)
{
	Suite *suite = suite_create("liveness");
	TCase *tcase = support_case("liveness");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, server_times_out_when_idle);
	tcase_add_test(tcase, commit_timeout_applies_after_working);
	tcase_add_loop_test(tcase, working_is_limited_in_total, 0,
	    sizeof(paces) / sizeof(paces[0]));
	tcase_add_test(tcase, limit_grows_with_file_size);
	tcase_add_test(tcase, limit_restarts_after_result);
	tcase_add_test(tcase, sending_does_not_count_as_work);
	tcase_add_test(tcase, slow_reads_count_as_work);
	suite_add_tcase(suite, tcase);
	return suite;
}
