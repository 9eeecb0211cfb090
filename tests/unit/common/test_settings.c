/* SPDX-License-Identifier: ISC */
/* Set settings by name, and report errors. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings_print.h"
#include "tests/unit/common/settings_table.h"

Suite *settings_suite(void);

static void
set(const char *name, const char *value)
{
	ck_assert_msg(
	    settings_set(test_table, &values, name, value, error) == 0, "%s",
	    error);
}

static void
expect_refusal(const char *name, const char *value, const char *wanted)
{
	ck_assert_int_eq(
	    settings_set(test_table, &values, name, value, error), -1);
	ck_assert_str_eq(error, wanted);
}

START_TEST(init_sets_the_defaults)
{
	ck_assert_int_eq(values.flag, 0);
	ck_assert_int_eq(values.other, 1);
	ck_assert_uint_eq(values.workers, 8);
	ck_assert_uint_eq(values.size, 0);
	ck_assert_int_eq(values.timeout, 60000);
	ck_assert_ptr_null(values.path);
	ck_assert_str_eq(values.port, "2345");
	ck_assert_uint_eq(values.names.count, 0);
}
END_TEST

START_TEST(set_stores_each_kind)
{
	set("flag", NULL);
	set("other", "no");
	set("max-size", "18446744073709551615");
	set("timeout", "2m");
	set("path", "a");
	set("path", "b c");
	set("name", "x");
	set("name", "y");
	ck_assert_int_eq(values.flag, 1);
	ck_assert_int_eq(values.other, 0);
	ck_assert_uint_eq(values.size, UINT64_MAX);
	ck_assert_int_eq(values.timeout, 120000);
	ck_assert_str_eq(values.path, "b c");
	ck_assert_uint_eq(values.names.count, 2);
	ck_assert_str_eq(values.names.items[0], "x");
	ck_assert_str_eq(values.names.items[1], "y");
	test_begin_again();
	ck_assert_uint_eq(values.names.count, 0);
	ck_assert_ptr_null(values.path);
}
END_TEST

START_TEST(set_fails_when_the_value_is_out_of_range)
{
	set("workers", "1");
	set("workers", "2");
	set("workers", "511");
	set("workers", "512");
	expect_refusal("workers", "0",
	    "workers: \"0\" is out of range; accepted: 1 to 512");
	expect_refusal("workers", "513",
	    "workers: \"513\" is out of range; accepted: 1 to 512");
	expect_refusal("workers", "18446744073709551617",
	    "workers: \"18446744073709551617\" is out of range; "
	    "accepted: 1 to 512");
	set("timeout", "1s");
	set("timeout", "60m");
	expect_refusal("timeout", "0",
	    "timeout: \"0\" is out of range; accepted: 1s to 1h");
	expect_refusal("timeout", "3601",
	    "timeout: \"3601\" is out of range; accepted: 1s to 1h");
	ck_assert_uint_eq(values.workers, 512);
	ck_assert_int_eq(values.timeout, 3600000);
}
END_TEST

START_TEST(set_reports_why_it_fails)
{
	expect_refusal("workers", "x",
	    "workers: \"x\" is not a number; accepted: 1 to 512");
	expect_refusal("max-size", "1\033[m",
	    "max-size: \"1\\x1b[m\" is not a number; accepted: 0 or more");
	expect_refusal("timeout", "soon",
	    "timeout: \"soon\" is not a time; accepted: 1s to 1h");
	expect_refusal("flag", "on", "flag: \"on\" is neither yes nor no");
	expect_refusal(
	    "port", "http", "port: \"http\" is not accepted: a port is digits");
	expect_refusal("workers", NULL, "workers needs a value: count");
	expect_refusal("path", "", "path needs a value: file");
	expect_refusal("name", NULL, "name needs a value: name");
	expect_refusal("flag", "", "flag needs a value: yes or no");
	ck_assert_str_eq(values.port, "2345");
	ck_assert_ptr_null(values.path);
}
END_TEST

START_TEST(set_suggests_similar_names_when_the_name_is_unknown)
{
	expect_refusal(
	    "wrokers", "1", "\"wrokers\" is no setting; close to it: workers");
	expect_refusal(
	    "worker", "1", "\"worker\" is no setting; close to it: workers");
	expect_refusal(
	    "max", "1", "\"max\" is no setting; close to it: max-size");
	expect_refusal(
	    "prot", "1", "\"prot\" is no setting; close to it: port");
	expect_refusal("pot", "1", "\"pot\" is no setting; close to it: port");
	expect_refusal("pth", "1", "\"pth\" is no setting; close to it: path");
	expect_refusal(
	    "patt", "1", "\"patt\" is no setting; close to it: path");
	expect_refusal("workshop", "1",
	    "\"workshop\" is no setting; close to it: workers");
	expect_refusal(
	    "worshop", "1", "\"worshop\" is no setting; -h lists them");
	expect_refusal("umask", "1", "\"umask\" is no setting; -h lists them");
	expect_refusal("", "1", "\"\" is no setting; -h lists them");
	expect_refusal("a\nb", "1", "\"a\\x0ab\" is no setting; -h lists them");
	expect_refusal("PORT", "1", "\"PORT\" is no setting; -h lists them");
}
END_TEST

START_TEST(message_is_cut_when_the_value_is_long)
{
	char text[4096];

	memset(text, '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ck_assert_int_eq(
	    settings_set(test_table, &values, "workers", text, error), -1);
	ck_assert_uint_lt(strlen(error), SETTINGS_ERROR);
	ck_assert_ptr_nonnull(strstr(error, "accepted: 1 to 512"));
	ck_assert_int_eq(
	    settings_set(test_table, &values, text, text, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "is no setting"));
}
END_TEST

START_TEST(value_is_commented_out_when_a_line_cannot_contain_it)
{
	char *text;

	set("path", "a\nworkers 1");
	set("name", " blank");
	set("name", "blank ");
	text = test_print(&values);
	ck_assert_ptr_nonnull(strstr(
	    text, "\n# path is no line of a file: \"a\\x0aworkers 1\"\n"));
	ck_assert_ptr_nonnull(
	    strstr(text, "\n# name is no line of a file: \" blank\"\n"));
	ck_assert_ptr_nonnull(
	    strstr(text, "\n# name is no line of a file: \"blank \"\n"));
	free(text);
}
END_TEST

START_TEST(usage_has_a_line_for_each_setting)
{
	char *text = NULL;
	size_t size, lines = 0;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	settings_usage(test_table, out);
	ck_assert_int_eq(fclose(out), 0);
	for (const char *at = text; *at != '\0'; at++)
		lines += *at == '\n';
	ck_assert_uint_eq(lines, TEST_TABLE - 1);
	ck_assert_ptr_nonnull(
	    strstr(text, "  -w  workers=count                 how many (8)\n"));
	ck_assert_ptr_nonnull(
	    strstr(text, "      max-size=bytes                how large\n"));
	ck_assert_ptr_nonnull(
	    strstr(text, "  -F  flag                          a flag\n"));
	free(text);
}
END_TEST

Suite *
settings_suite(void)
{
	Suite *suite = suite_create("settings");
	TCase *tests = tcase_create("settings");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, test_begin, test_finish);
	tcase_add_test(tests, init_sets_the_defaults);
	tcase_add_test(tests, set_stores_each_kind);
	tcase_add_test(tests, set_fails_when_the_value_is_out_of_range);
	tcase_add_test(tests, set_reports_why_it_fails);
	tcase_add_test(
	    tests, set_suggests_similar_names_when_the_name_is_unknown);
	tcase_add_test(tests, message_is_cut_when_the_value_is_long);
	tcase_add_test(
	    tests, value_is_commented_out_when_a_line_cannot_contain_it);
	tcase_add_test(tests, usage_has_a_line_for_each_setting);
	suite_add_tcase(suite, tests);
	return suite;
}
