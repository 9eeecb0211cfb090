/* SPDX-License-Identifier: ISC */
/* Match the patterns of files that are not sent. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "client/settings/exclude.h"

Suite *exclude_suite(void);

static const struct {
	const char *pattern, *path;
	int matches;
} cases[] = {
    {"*.o", "x.o", 1},
    {"*.o", "a/b/x.o", 1},
    {"*.o", "x.oo", 0},
    {"*", ".hidden", 1},
    {"a", "a", 1},
    {"a", "b/a", 1},
    {"a", "a/b", 0},
    {"a/b", "a/b", 1},
    {"a/b", "c/a/b", 0},
    {"a/*", "a/b", 1},
    {"a/*", "a/b/c", 0},
    {"*/b", "a/b", 1},
    {"[ab]", "c/b", 1},
    {"\\*", "*", 1},
    {"\\*", "x", 0},
    {"[", "x", 0},
};

START_TEST(pattern_matches_name_or_path)
{
	char pattern[16];
	char *items[1] = {pattern};
	const struct setting_list list = {items, 1};

	snprintf(pattern, sizeof(pattern), "%s", cases[_i].pattern);
	ck_assert_int_eq(
	    exclude_matches(&list, cases[_i].path), cases[_i].matches);
}
END_TEST

START_TEST(nothing_matches_when_there_is_no_pattern)
{
	const struct setting_list none = {NULL, 0};

	ck_assert_int_eq(exclude_matches(&none, "x"), 0);
}
END_TEST

START_TEST(pattern_is_refused_when_it_could_never_match)
{
	const char *reason;

	ck_assert_int_eq(exclude_check("*.o", &reason), 0);
	ck_assert_int_eq(exclude_check("a/b", &reason), 0);
	ck_assert_int_eq(exclude_check("", &reason), -1);
	ck_assert_int_eq(exclude_check("/a", &reason), -1);
	ck_assert_int_eq(exclude_check("a/", &reason), -1);
}
END_TEST

Suite *
exclude_suite(void)
{
	Suite *suite = suite_create("exclude");
	TCase *tcase = tcase_create("exclude");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, pattern_matches_name_or_path, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, nothing_matches_when_there_is_no_pattern);
	tcase_add_test(tcase, pattern_is_refused_when_it_could_never_match);
	suite_add_tcase(suite, tcase);
	return suite;
}
