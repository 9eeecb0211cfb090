/* SPDX-License-Identifier: ISC */
/* Limit the log lines in a span, and count the lines left out. */
#include <check.h>

#include "server/shared/log_limit.h"

Suite *log_limit_suite(void);

START_TEST(left_out_is_returned_when_the_span_ends)
{
	struct log_limit lines = {0};
	const io_time begun = 5000;

	for (int i = 0; i < LOG_LIMIT_MOST; i++)
		ck_assert_int_eq(log_limit_admit(&lines, begun + i), 1);
	ck_assert_uint_eq(
	    log_limit_left_out(&lines, begun + LOG_LIMIT_SPAN), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
		    log_limit_admit(&lines, begun + LOG_LIMIT_SPAN - 1), 0);
	ck_assert_uint_eq(
	    log_limit_left_out(&lines, begun + LOG_LIMIT_SPAN - 1), 0);
	ck_assert_uint_eq(
	    log_limit_left_out(&lines, begun + LOG_LIMIT_SPAN), 3);
	ck_assert_uint_eq(
	    log_limit_left_out(&lines, begun + LOG_LIMIT_SPAN), 0);
	ck_assert_int_eq(log_limit_admit(&lines, begun + LOG_LIMIT_SPAN), 1);
}
END_TEST

START_TEST(left_out_is_returned_before_the_span_ends_when_asked)
{
	struct log_limit lines = {0};

	for (int i = 0; i < LOG_LIMIT_MOST + 2; i++)
		(void)log_limit_admit(&lines, 1);
	ck_assert_uint_eq(log_limit_left_out(&lines, IO_NEVER), 2);
}
END_TEST

Suite *
log_limit_suite(void)
{
	Suite *suite = suite_create("log_limit");
	TCase *tests = tcase_create("lines");

	tcase_add_test(tests, left_out_is_returned_when_the_span_ends);
	tcase_add_test(
	    tests, left_out_is_returned_before_the_span_ends_when_asked);
	suite_add_tcase(suite, tests);
	return suite;
}
