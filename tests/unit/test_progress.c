/* SPDX-License-Identifier: ISC */
/* What is shown of a transfer under way. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/progress.h"

Suite *progress_suite(void);

START_TEST(describes)
{
	char line[PROGRESS_LINE];

	ck_assert_str_eq(progress_describe(line, "d/big.iso",
			     UINT64_C(2867000000), UINT64_C(4700000000), 25600),
	    "big.iso  61%  2.9/4.7 GB  112 MB/s  eta 0:16");
	ck_assert_str_eq(
	    progress_describe(line, "a", 912000000, UINT64_C(4700000000), 1000),
	    "a  19%  912 MB/4.7 GB  912 MB/s  eta 0:04");
	/* Nothing has come of which a rate could be made. */
	ck_assert_str_eq(
	    progress_describe(line, "a", 0, 1000, 0), "a  0%  0 B/1.0 kB");
	ck_assert_str_eq(
	    progress_describe(line, "e", 0, 0, 5), "e  100%  0/0 B");
}
END_TEST

START_TEST(largest_and_longest)
{
	char line[PROGRESS_LINE], name[300];

	memset(name, '\x1b', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	progress_describe(line, name, UINT64_MAX - 2, UINT64_MAX - 1, 1);
	ck_assert_uint_lt(strlen(line), sizeof(line));
	ck_assert_ptr_null(strchr(line, '\x1b'));
	ck_assert_ptr_nonnull(strstr(line, "99%"));
	progress_describe(line, name, 1, INT64_MAX, 1000000);
	ck_assert_uint_lt(strlen(line), sizeof(line));
}
END_TEST

START_TEST(percents)
{
	ck_assert_int_eq(progress_percent(0, 0), 100);
	ck_assert_int_eq(progress_percent(0, 1), 0);
	ck_assert_int_eq(progress_percent(199, 200), 99);
	ck_assert_int_eq(progress_percent(200, 200), 100);
	ck_assert_int_eq(progress_percent(UINT64_MAX / 2, UINT64_MAX), 49);
}
END_TEST

START_TEST(rates)
{
	ck_assert_uint_eq(progress_rate(1000, 1000), 1000);
	ck_assert_uint_eq(progress_rate(1, 10), 100);
	ck_assert_uint_eq(progress_rate(5, 0), 5000);
	ck_assert_uint_eq(progress_rate(5, -7), 5000);
	ck_assert_uint_eq(
	    progress_rate(UINT64_MAX, 1000), UINT64_MAX / 1000 * 1000);
}
END_TEST

START_TEST(clocks)
{
	char clock[PROGRESS_CLOCK];

	ck_assert_str_eq(progress_clock(clock, -1), "0:00");
	ck_assert_str_eq(progress_clock(clock, 7999), "0:07");
	ck_assert_str_eq(progress_clock(clock, 59 * 60000 + 59000), "59:59");
	ck_assert_str_eq(progress_clock(clock, 3600000 + 127000), "1:02:07");
	progress_clock(clock, INT64_MAX);
	ck_assert_uint_lt(strlen(clock), sizeof(clock));
}
END_TEST

Suite *
progress_suite(void)
{
	Suite *suite = suite_create("progress");
	TCase *tcase = tcase_create("progress");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, describes);
	tcase_add_test(tcase, largest_and_longest);
	tcase_add_test(tcase, percents);
	tcase_add_test(tcase, rates);
	tcase_add_test(tcase, clocks);
	suite_add_tcase(suite, tcase);
	return suite;
}
