/* SPDX-License-Identifier: ISC */
/* Divide descriptors between streams and directories. */
#include <check.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "client/shared/descriptors.h"
#include "tests/unit/support.h"

Suite *descriptors_suite(void);

static const struct {
	size_t streams, directories, per_stream, limit, used;
	size_t fit, held;
} cases[] = {
    /* More than enough, exactly enough, or one too few. */
    {64, 64, 2, 1024, 3, 64, 64},
    {64, 64, 2, 204, 3, 64, 64},
    {64, 64, 2, 203, 3, 64, 64},
    {64, 64, 2, 202, 3, 64, 47},
    {8, 0, 2, 27, 3, 8, 0},
    {8, 0, 2, 26, 3, 7, 0},
    /* Streams and directories share the descriptors. */
    {64, 64, 2, 128, 3, 44, 29},
    {32, 64, 2, 64, 3, 20, 13},
    {8, 64, 2, 20, 3, 3, 2},
    {8, 64, 3, 20, 3, 2, 2},
    {8, 0, 2, 20, 10, 1, 0},
    /* ftx always tries one stream. */
    {8, 64, 2, 13, 3, 1, 2},
    {8, 64, 2, 11, 3, 1, 2},
    {8, 64, 2, 10, 3, 1, 2},
    {1, 0, 4, 0, 3, 1, 0},
};

START_TEST(streams_fit_the_limit)
{
	struct descriptors share = {cases[_i].streams, cases[_i].directories};

	descriptors_fit(
	    &share, cases[_i].per_stream, cases[_i].limit, cases[_i].used);
	ck_assert_uint_eq(share.streams, cases[_i].fit);
	ck_assert_uint_eq(share.directories, cases[_i].held);
}
END_TEST

static void
set_limit(rlim_t soft, rlim_t hard)
{
	const struct rlimit limit = {soft, hard};

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static rlim_t
soft_limit(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit.rlim_cur;
}

START_TEST(soft_limit_is_raised_when_it_is_short)
{
	struct descriptors share = {64, 64};

	set_limit(64, 1024);
	descriptors_share(&share, 2);
	ck_assert_uint_eq(share.streams, 64);
	ck_assert_uint_eq(share.directories, 64);
	ck_assert_uint_eq(soft_limit(), 2 * (64 + 64 * 2 + 8));
	/* One stream needs less, so the limit stays. */
	share = (struct descriptors){1, 0};
	descriptors_share(&share, 2);
	ck_assert_uint_eq(soft_limit(), 2 * (64 + 64 * 2 + 8));
}
END_TEST

START_TEST(hard_limit_is_kept_when_it_is_short)
{
	struct descriptors share = {64, 64};

	set_limit(64, 128);
	descriptors_share(&share, 2);
	ck_assert_uint_eq(soft_limit(), 128);
	ck_assert_uint_ge(share.streams, 30);
	ck_assert_uint_le(share.streams, 44);
}
END_TEST

Suite *
descriptors_suite(void)
{
	Suite *suite = suite_create("descriptors");
	TCase *tcase = support_case("descriptors");
	TCase *limits = support_case("limits");

	tcase_add_loop_test(
	    tcase, streams_fit_the_limit, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tcase);
	tcase_set_tags(limits, SUPPORT_LIMITS);
	tcase_add_test(limits, soft_limit_is_raised_when_it_is_short);
	tcase_add_test(limits, hard_limit_is_kept_when_it_is_short);
	suite_add_tcase(suite, limits);
	return suite;
}
