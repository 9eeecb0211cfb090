/* SPDX-License-Identifier: ISC */
/* Names of sources, and clashes between them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/sources/source.h"

Suite *source_suite(void);

static int
clash_of(char *const paths[], int recursive, const char *clash[2])
{
	size_t count = 0;

	while (paths[count] != NULL)
		count++;
	return source_clash(paths, count, recursive, clash);
}

START_TEST(last_component_is_the_name)
{
	static const char *const pairs[][2] = {{"a", "a"}, {"a/b", "b"},
	    {"/b/", "b"}, {"b//", "b"}, {"..", ".."}, {"/", ""}, {"", ""}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct wire_bytes name = source_name(pairs[i][0]);

		ck_assert_uint_eq(name.length, strlen(pairs[i][1]));
		ck_assert_int_eq(
		    memcmp(name.bytes, pairs[i][1], name.length), 0);
	}
}
END_TEST

START_TEST(clash_is_found_when_names_are_equal)
{
	static char ax[] = "a/x", y[] = "y", bx[] = "b/x", x[] = "x/";
	static char xx[] = "xx", root[] = "/", roots[] = "//";
	char *const one[] = {ax, NULL}, *const none[] = {ax, y, xx, NULL};
	char *const far[] = {bx, y, xx, ax, NULL};
	char *const slash[] = {x, y, ax, NULL},
		    *const same[] = {y, ax, y, NULL};
	char *const nameless[] = {root, roots, NULL};
	const char *clash[2];

	ck_assert_int_eq(clash_of(one, 0, clash), 0);
	ck_assert_int_eq(clash_of(none, 0, clash), 0);
	ck_assert_int_eq(clash_of(nameless, 0, clash), 0);
	ck_assert_int_eq(clash_of(far, 0, clash), 1);
	ck_assert_str_eq(clash[0], "b/x");
	ck_assert_str_eq(clash[1], "a/x");
	ck_assert_int_eq(clash_of(slash, 0, clash), 1);
	ck_assert_str_eq(clash[0], "x/");
	ck_assert_int_eq(clash_of(same, 0, clash), 1);
	ck_assert_str_eq(clash[1], "y");
}
END_TEST

/* A source such as "dir/" sends only the contents, without a name. */
START_TEST(contents_do_not_clash_when_recursive)
{
	static char ax[] = "a/x", x[] = "x/", bx[] = "b/x//", dot[] = ".";
	static char dots[] = "..", ad[] = "a/.", bd[] = "b/.", ae[] = "a/..";
	static char be[] = "b/..", cx[] = "c/x";
	char *const paths[] = {ax, x, bx, x, dot, dots, ad, bd, ae, be, NULL};
	char *const named[] = {x, ax, dot, cx, NULL};
	const char *clash[2];

	ck_assert_int_eq(clash_of(paths, 1, clash), 0);
	ck_assert_int_eq(clash_of(named, 1, clash), 1);
	ck_assert_str_eq(clash[0], "a/x");
	ck_assert_str_eq(clash[1], "c/x");
}
END_TEST

/* Comparing all pairs would take minutes. */
START_TEST(clash_is_found_quickly_among_many_names)
{
	enum {
		MANY = 100000
	};
	static char texts[MANY][16];
	static char *paths[MANY + 1];
	const char *clash[2];

	for (int i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof(texts[i]), "d%d/f%d", i % 7,
		    (int)(i * 7919L % MANY));
		paths[i] = texts[i];
	}
	ck_assert_int_eq(clash_of(paths, 0, clash), 0);
	snprintf(texts[3], sizeof(texts[3]), "other/f%d", 7919 * 5);
	ck_assert_int_eq(clash_of(paths, 0, clash), 1);
	ck_assert_ptr_eq(clash[0], texts[3]);
	ck_assert_ptr_eq(clash[1], texts[5]);
}
END_TEST

Suite *
source_suite(void)
{
	Suite *suite = suite_create("source");
	TCase *tcase = tcase_create("source");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, last_component_is_the_name);
	tcase_add_test(tcase, clash_is_found_when_names_are_equal);
	tcase_add_test(tcase, contents_do_not_clash_when_recursive);
	tcase_add_test(tcase, clash_is_found_quickly_among_many_names);
	suite_add_tcase(suite, tcase);
	return suite;
}
