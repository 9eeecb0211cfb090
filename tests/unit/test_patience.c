/* SPDX-License-Identifier: ISC */
/* How long a client is waited for, at each limit and one step beside it. */
#include <check.h>

#include "server/patience.h"

Suite *patience_suite(void);

#define IDLE 1000 /* milliseconds */
#define RATE 100  /* bytes a second, so 100 in an idle time-out */

static struct patience patience;

static void
set_up(void)
{
	patience_init(&patience, IDLE, RATE);
}

START_TEST(silence_ends_at_the_time_out)
{
	ck_assert_ptr_null(patience_count(&patience, IDLE - 1, 0));
	ck_assert_str_eq(patience_count(&patience, 1, 0),
	    "nothing came or went for too long");
}
END_TEST

START_TEST(a_byte_ends_silence_but_not_slowness)
{
	ck_assert_ptr_null(patience_count(&patience, IDLE - 1, 0));
	ck_assert_str_eq(patience_count(&patience, 1, 1), "too slow");
}
END_TEST

/* Wait an idle time-out in two parts, with so many bytes moved in each. */
static const char *
wait_twice(uint64_t first, uint64_t second)
{
	ck_assert_ptr_null(
	    patience_count(&patience, IDLE / 2, patience.moved + first));
	return patience_count(&patience, IDLE / 2, patience.moved + second);
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
	ck_assert_str_eq(patience_count(&patience, IDLE, 1000000),
	    "nothing came or went for too long");
}
END_TEST

START_TEST(an_excuse_suspends_both)
{
	patience_excuse(&patience, 1);
	ck_assert_ptr_null(patience_count(&patience, 100 * IDLE, 0));
	patience_excuse(&patience, 0);
	ck_assert_ptr_null(patience_count(&patience, IDLE - 1, 0));
	ck_assert_ptr_nonnull(patience_count(&patience, 1, 0));
}
END_TEST

START_TEST(excuses_end_too)
{
	patience_excuse(&patience, 1);
	ck_assert_ptr_null(patience_count(&patience, PATIENCE_EXCUSED - 1, 0));
	ck_assert_str_eq(
	    patience_count(&patience, 1, 0), "the source has waited too long");
}
END_TEST

START_TEST(each_file_has_its_own_excuses)
{
	patience_excuse(&patience, 1);
	ck_assert_ptr_null(patience_count(&patience, PATIENCE_EXCUSED - 1, 0));
	patience_next_file(&patience);
	ck_assert_ptr_null(patience_count(&patience, PATIENCE_EXCUSED - 1, 0));
}
END_TEST

Suite *
patience_suite(void)
{
	Suite *suite = suite_create("patience");
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
	suite_add_tcase(suite, tcase);
	return suite;
}
