/* SPDX-License-Identifier: ISC */
/* Read settings from a command line and from a file. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/settings_read.h"
#include "tests/unit/common/settings_table.h"

Suite *settings_read_suite(void);

#define ARGUMENTS 12

/* Split text at single blanks. */
static int
parse_line(const char *line)
{
	static char copy[256];
	char *words[ARGUMENTS + 1] = {NULL}, *rest;
	int count = 0;

	snprintf(copy, sizeof copy, "%s", line);
	for (char *word = strtok_r(copy, " ", &rest);
	     word != NULL && count < ARGUMENTS;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	return settings_command_line(test_table, &values, count, words, error);
}

START_TEST(command_line_sets_letters_and_names)
{
	ck_assert_int_eq(parse_line("ftxd"), 1);
	ck_assert_int_eq(
	    parse_line("ftxd -w 9 -Ft5 -o other=no -o path=a=b -n x -nx"), 11);
	ck_assert_uint_eq(values.workers, 9);
	ck_assert_int_eq(values.flag, 1);
	ck_assert_int_eq(values.timeout, 5000);
	ck_assert_int_eq(values.other, 0);
	ck_assert_str_eq(values.path, "a=b");
	ck_assert_uint_eq(values.names.count, 2);
	test_begin_again();
	ck_assert_int_eq(parse_line("ftxd -o flag -w 1 -w 2 -o workers=3"), 9);
	ck_assert_int_eq(values.flag, 1);
	ck_assert_uint_eq(values.workers, 3);
}
END_TEST

START_TEST(command_line_stops_at_the_first_operand)
{
	ck_assert_int_eq(parse_line("ftx -F a -w 9"), 2);
	ck_assert_uint_eq(values.workers, 8);
	ck_assert_int_eq(parse_line("ftx -F -- -w 9"), 3);
	ck_assert_uint_eq(values.workers, 8);
	ck_assert_int_eq(parse_line("ftx - -w 9"), 1);
	ck_assert_uint_eq(values.workers, 8);
}
END_TEST

static void
expect_usage_error(const char *line, const char *wanted)
{
	ck_assert_int_eq(parse_line(line), -1);
	ck_assert_str_eq(error, wanted);
}

START_TEST(command_line_reports_wrong_options)
{
	expect_usage_error("ftxd -x", "-x is no option; -h lists them");
	expect_usage_error("ftxd -?", "-? is no option; -h lists them");
	expect_usage_error("ftxd -:", "-: is no option; -h lists them");
	expect_usage_error("ftxd -\xff", "-\\xff is no option; -h lists them");
	expect_usage_error(
	    "ftxd --workers", "--workers is no option; -h lists them");
	expect_usage_error(
	    "ftxd -F -w 3 --x=\x1b", "--x=\\x1b is no option; -h lists them");
	expect_usage_error("ftxd -F- --x", "-- is no option; -h lists them");
	expect_usage_error("ftxd -w", "-w needs a value: workers");
	expect_usage_error("ftxd -o", "-o needs a value: name[=value]");
	expect_usage_error(
	    "ftxd -o =3", "-o needs a name before any =: name[=value]");
	expect_usage_error("ftxd -o workers", "workers needs a value: count");
	expect_usage_error("ftxd -o workers=", "workers needs a value: count");
	expect_usage_error("ftxd -o x=3", "\"x\" is no setting; -h lists them");
	/* The first error is reported. */
	expect_usage_error("ftxd -w 0 -x -t 0",
	    "workers: \"0\" is out of range; accepted: 1 to 512");
}
END_TEST

/* After an error, getopt(3) must not continue inside an argument. */
START_TEST(command_line_is_read_again_after_an_error)
{
	for (int i = 0; i < 3; i++) {
		test_begin_again();
		ck_assert_int_eq(parse_line("ftxd -n a -FO -w 7 b"), 6);
		ck_assert_uint_eq(values.names.count, 1);
		ck_assert_uint_eq(values.workers, 7);
		ck_assert_int_eq(parse_line("ftxd -FxOFOF -w 3"), -1);
		ck_assert_int_eq(parse_line("ftxd -FxOFO"), -1);
	}
}
END_TEST

static const char *
write_file(const void *bytes, size_t size)
{
	static char path[64];
	int fd;

	snprintf(path, sizeof path, "/tmp/ftx-settings-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	return path;
}

static int
read_file(const char *text)
{
	const char *path = write_file(text, strlen(text));
	int result = settings_file(test_table, &values, path, error);

	unlink(path);
	return result;
}

START_TEST(file_sets_its_values)
{
	ck_assert_msg(read_file("# a comment\n"
				"\n"
				"   # another\n"
				"workers 9\n"
				"  timeout\t 2m  \r\n"
				"flag\n"
				"other no\n"
				"name a\n"
				"name b # c\n"
				"path \\n  x") == 0,
	    "%s", error);
	ck_assert_uint_eq(values.workers, 9);
	ck_assert_int_eq(values.timeout, 120000);
	ck_assert_int_eq(values.flag, 1);
	ck_assert_int_eq(values.other, 0);
	ck_assert_uint_eq(values.names.count, 2);
	ck_assert_str_eq(values.names.items[1], "b # c");
	ck_assert_str_eq(values.path, "\\n  x");
	ck_assert_int_eq(read_file(""), 0);
}
END_TEST

/* Check that error is the path, and then wanted. */
static void
expect_file_error(const char *path, const char *wanted)
{
	ck_assert_int_eq(settings_file(test_table, &values, path, error), -1);
	ck_assert_int_eq(strncmp(error, path, strlen(path)), 0);
	ck_assert_str_eq(error + strlen(path), wanted);
}

START_TEST(file_error_names_the_line)
{
	static const char bad[] = "workers 9\n\n# x\nworkers no\nworkers 7\n";
	static const char nul[] = "workers 9\nworkers 8\0junk\n";
	const char *path = write_file(bad, sizeof bad - 1);

	expect_file_error(
	    path, ":4: workers: \"no\" is not a number; accepted: 1 to 512");
	unlink(path);
	path = write_file(nul, sizeof nul - 1);
	expect_file_error(path, ":2: a NUL byte");
	unlink(path);
	expect_file_error(path, ": No such file or directory");
	expect_file_error("/", ": Is a directory");
	ck_assert_int_eq(read_file("workers"), -1);
	ck_assert_int_eq(read_file("workers=9"), -1);
}
END_TEST

START_TEST(file_reads_what_print_wrote)
{
	char *first, *second;

	ck_assert_int_eq(
	    parse_line("ftxd -F -w 9 -n x -n y -t 90 -o max-size=3M"), 12);
	first = test_print(&values);
	ck_assert_str_eq(first,
	    "flag yes\nother yes\nworkers 9\nmax-size 3M\n"
	    "timeout 90s\n# path is not set\nport 2345\nname x\nname y\n");
	test_begin_again();
	ck_assert_msg(read_file(first) == 0, "%s", error);
	second = test_print(&values);
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
}
END_TEST

Suite *
settings_read_suite(void)
{
	Suite *suite = suite_create("settings_read");
	TCase *tests = tcase_create("settings_read");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, test_begin, test_finish);
	tcase_add_test(tests, command_line_sets_letters_and_names);
	tcase_add_test(tests, command_line_stops_at_the_first_operand);
	tcase_add_test(tests, command_line_reports_wrong_options);
	tcase_add_test(tests, command_line_is_read_again_after_an_error);
	tcase_add_test(tests, file_sets_its_values);
	tcase_add_test(tests, file_error_names_the_line);
	tcase_add_test(tests, file_reads_what_print_wrote);
	suite_add_tcase(suite, tests);
	return suite;
}
