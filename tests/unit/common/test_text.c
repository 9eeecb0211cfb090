/* SPDX-License-Identifier: ISC */
/* Escape and cut text; print sizes and durations. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

Suite *text_suite(void);

static void
expect_escape(const char *in, enum text_set set, const char *wanted)
{
	char buffer[256];

	ck_assert_ptr_eq(
	    text_escape(buffer, sizeof buffer, in, strlen(in), set), buffer);
	ck_assert_str_eq(buffer, wanted);
}

START_TEST(ascii_is_kept_and_other_bytes_are_escaped)
{
	char all[256], buffer[1024 + 8], *out = buffer;

	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (char)i;
	text_escape(buffer, sizeof buffer, all, sizeof all, TEXT_ASCII);
	for (int i = 0; i < 256; i++) {
		char wanted[5] = {(char)i};

		if (i == '\\')
			memcpy(wanted, "\\\\", 3);
		else if (i < 0x20 || i > 0x7e)
			snprintf(wanted, sizeof wanted, "\\x%02x", i);
		ck_assert_int_eq(strncmp(out, wanted, strlen(wanted)), 0);
		out += strlen(wanted);
	}
	ck_assert_int_eq(*out, '\0');
}
END_TEST

/* The ends of each range that RFC 3629 and the escaping distinguish. */
START_TEST(utf8_is_kept_when_it_is_well_formed)
{
	static const char *const good[] = {"\xc2\xa0", "\xdf\xbf",
	    "\xe0\xa0\x80", "\xe1\x80\x80", "\xec\xbf\xbf", "\xed\x80\x80",
	    "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
	    "\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x8f\xbf\xbf",
	    "\xd8\x9b", "\xd8\x9d", "\xe2\x80\x8d", "\xe2\x80\x90",
	    "\xe2\x80\xa7", "\xe2\x80\xaf", "\xe2\x81\xa5", "\xe2\x81\xb0",
	    "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		expect_escape(good[i], TEXT_UTF8, good[i]);
	expect_escape("\xc3\xaf", TEXT_ASCII, "\\xc3\\xaf");
}
END_TEST

START_TEST(utf8_is_escaped_when_it_is_malformed)
{
	char buffer[64];

	expect_escape("\x80", TEXT_UTF8, "\\x80");
	expect_escape("\xbf", TEXT_UTF8, "\\xbf");
	expect_escape("\xc0\x80", TEXT_UTF8, "\\xc0\\x80");
	expect_escape("\xc1\xbf", TEXT_UTF8, "\\xc1\\xbf");
	expect_escape("\xc3", TEXT_UTF8, "\\xc3");
	expect_escape("\xc3(", TEXT_UTF8, "\\xc3(");
	expect_escape("\xe0\x9f\xbf", TEXT_UTF8, "\\xe0\\x9f\\xbf");
	expect_escape("\xed\xa0\x80", TEXT_UTF8, "\\xed\\xa0\\x80");
	expect_escape("\xe2\x82", TEXT_UTF8, "\\xe2\\x82");
	expect_escape("\xe2\x82(", TEXT_UTF8, "\\xe2\\x82(");
	expect_escape("\xf0\x8f\xbf\xbf", TEXT_UTF8, "\\xf0\\x8f\\xbf\\xbf");
	expect_escape("\xf4\x90\x80\x80", TEXT_UTF8, "\\xf4\\x90\\x80\\x80");
	expect_escape("\xf5\x80\x80\x80", TEXT_UTF8, "\\xf5\\x80\\x80\\x80");
	expect_escape("\xff", TEXT_UTF8, "\\xff");
	/* text_escape does not read beyond the end. */
	text_escape(buffer, sizeof buffer, "\xe2\x82\xac", 2, TEXT_UTF8);
	ck_assert_str_eq(buffer, "\\xe2\\x82");
	/* Decoding continues after a malformed character. */
	expect_escape("\xe2\xc3\xaf", TEXT_UTF8, "\\xe2\xc3\xaf");
}
END_TEST

START_TEST(control_characters_are_escaped)
{
	static const char *const bad[] = {"\xc2\x80", "\xc2\x9b", "\xc2\x9f",
	    "\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
	    "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xaf"};
	char buffer[64];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		text_escape(
		    buffer, sizeof buffer, bad[i], strlen(bad[i]), TEXT_UTF8);
		ck_assert_uint_eq(strlen(buffer), 4 * strlen(bad[i]));
		ck_assert_int_eq(buffer[0], '\\');
	}
	expect_escape("\033[31m", TEXT_UTF8, "\\x1b[31m");
	expect_escape("a\nb\\x", TEXT_UTF8, "a\\x0ab\\\\x");
	expect_escape("\x7f", TEXT_UTF8, "\\x7f");
}
END_TEST

/* No character and no escape is cut, at any size of the buffer. */
START_TEST(text_is_cut_between_characters)
{
	static const char in[] = "a\xe2\x82\xac\n\\z";
	static const char whole[] = "a\xe2\x82\xac\\x0a\\\\z";
	static const size_t ends[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 8, 10, 11};

	for (size_t room = 0; room < sizeof ends / sizeof *ends; room++) {
		char buffer[32];

		memset(buffer, '#', sizeof buffer);
		text_escape(buffer, room + 1, in, strlen(in), TEXT_UTF8);
		ck_assert_uint_eq(strlen(buffer), ends[room]);
		ck_assert_mem_eq(buffer, whole, ends[room]);
		ck_assert_int_eq(buffer[room + 1], '#');
	}
}
END_TEST

/* A name cannot contain a quotation mark or TEXT_CUT. */
START_TEST(name_in_a_log_ends_in_a_mark_when_it_is_cut)
{
	static const char in[] = "a\xe2\x82\xac\n\"z";
	static const char *const shown[] = {"", "", "", "", "\\...", "a\\...",
	    "a\\...", "a\\...", "a\xe2\x82\xac\\...", "a\xe2\x82\xac\\...",
	    "a\xe2\x82\xac\\...", "a\xe2\x82\xac\\...",
	    "a\xe2\x82\xac\\x0a\\...", "a\xe2\x82\xac\\x0a\\x22z"};

	expect_escape(
	    "a\" stored, 5 bytes", TEXT_LOG, "a\\x22 stored, 5 bytes");
	expect_escape("\\...", TEXT_LOG, "\\\\...");
	for (size_t room = 0; room < sizeof shown / sizeof *shown; room++) {
		char buffer[32];

		memset(buffer, '#', sizeof buffer);
		text_escape(buffer, room + 1, in, strlen(in), TEXT_LOG);
		if (room >= strlen(TEXT_CUT))
			ck_assert_str_eq(buffer, shown[room]);
		ck_assert_int_eq(buffer[room + 1], '#');
	}
}
END_TEST

static void
expect_size(uint64_t bytes, const char *wanted)
{
	char buffer[TEXT_NUMBER];

	ck_assert_str_eq(text_size(buffer, bytes), wanted);
}

START_TEST(size_has_at_most_three_digits)
{
	expect_size(0, "0 B");
	expect_size(512, "512 B");
	expect_size(999, "999 B");
	expect_size(1000, "1.0 kB");
	expect_size(1049, "1.0 kB");
	expect_size(1050, "1.1 kB");
	expect_size(41000000, "41.0 MB");
	expect_size(99949, "99.9 kB");
	expect_size(99950, "100 kB");
	expect_size(115400000, "115 MB");
	expect_size(999499, "999 kB");
	expect_size(999500, "1.0 MB");
	expect_size(4700000000, "4.7 GB");
	expect_size(999499999999, "999 GB");
	expect_size(999500000000, "1.0 TB");
	expect_size(UINT64_MAX, "18.4 EB");
}
END_TEST

static void
expect_duration(int64_t milliseconds, const char *wanted)
{
	char buffer[TEXT_NUMBER];

	ck_assert_str_eq(text_duration(buffer, milliseconds), wanted);
}

START_TEST(duration_is_rounded_by_its_length)
{
	expect_duration(INT64_MIN, "0.0 s");
	expect_duration(-1, "0.0 s");
	expect_duration(0, "0.0 s");
	expect_duration(49, "0.0 s");
	expect_duration(50, "0.1 s");
	expect_duration(400, "0.4 s");
	expect_duration(9949, "9.9 s");
	expect_duration(9950, "10 s");
	expect_duration(41000, "41 s");
	expect_duration(59499, "59 s");
	expect_duration(59500, "1:00");
	expect_duration(127000, "2:07");
	expect_duration(3599499, "59:59");
	expect_duration(3599500, "1:00:00");
	expect_duration(3727000, "1:02:07");
	expect_duration(INT64_MAX, "2562047788015:12:56");
}
END_TEST

Suite *
text_suite(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, ascii_is_kept_and_other_bytes_are_escaped);
	tcase_add_test(tests, utf8_is_kept_when_it_is_well_formed);
	tcase_add_test(tests, utf8_is_escaped_when_it_is_malformed);
	tcase_add_test(tests, control_characters_are_escaped);
	tcase_add_test(tests, text_is_cut_between_characters);
	tcase_add_test(tests, name_in_a_log_ends_in_a_mark_when_it_is_cut);
	tcase_add_test(tests, size_has_at_most_three_digits);
	tcase_add_test(tests, duration_is_rounded_by_its_length);
	suite_add_tcase(suite, tests);
	return suite;
}
