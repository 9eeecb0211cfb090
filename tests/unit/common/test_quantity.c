/* SPDX-License-Identifier: ISC */
/* Parse and print numbers and times. */
#include <check.h>
#include <errno.h>

#include "common/quantity.h"

Suite *quantity_suite(void);

static void
expect_value(const char *text, enum quantity_kind kind, uint64_t wanted)
{
	uint64_t value;

	ck_assert_msg(quantity_parse(text, kind, &value) == 0, "%s", text);
	ck_assert_uint_eq(value, wanted);
}

static void
expect_error(const char *text, enum quantity_kind kind, int error)
{
	uint64_t value;

	errno = 0;
	ck_assert_msg(quantity_parse(text, kind, &value) == -1, "%s", text);
	ck_assert_int_eq(errno, error);
}

START_TEST(parse_reads_numbers)
{
	expect_value("0", QUANTITY_NUMBER, 0);
	expect_value("007", QUANTITY_NUMBER, 7);
	expect_value("1K", QUANTITY_NUMBER, 1024);
	expect_value("3M", QUANTITY_NUMBER, 3 << 20);
	expect_value("1G", QUANTITY_NUMBER, 1 << 30);
	expect_value("2T", QUANTITY_NUMBER, UINT64_C(2) << 40);
	expect_value("18446744073709551615", QUANTITY_NUMBER, UINT64_MAX);
	expect_value("16777215T", QUANTITY_NUMBER, UINT64_C(16777215) << 40);
}
END_TEST

START_TEST(parse_reads_times)
{
	expect_value("0", QUANTITY_TIME, 0);
	expect_value("10", QUANTITY_TIME, 10000);
	expect_value("10s", QUANTITY_TIME, 10000);
	expect_value("2m", QUANTITY_TIME, 120000);
	expect_value("1h", QUANTITY_TIME, 3600000);
	expect_value("7d", QUANTITY_TIME, 604800000);
	expect_value("18446744073709551s", QUANTITY_TIME,
	    UINT64_C(18446744073709551000));
}
END_TEST

START_TEST(parse_fails_when_the_text_is_no_quantity)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "K", "1k",
	    "1KB", "1KK", "1.5K", "0x10", "1e3", "x", "1P", "1\n"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		expect_error(bad[i], QUANTITY_NUMBER, EINVAL);
		expect_error(bad[i], QUANTITY_TIME, EINVAL);
	}
	expect_error("1s", QUANTITY_NUMBER, EINVAL);
	expect_error("1K", QUANTITY_TIME, EINVAL);
	expect_error("1ms", QUANTITY_TIME, EINVAL);
}
END_TEST

START_TEST(parse_fails_when_64_bits_are_exceeded)
{
	expect_error("18446744073709551616", QUANTITY_NUMBER, ERANGE);
	expect_error("99999999999999999999", QUANTITY_NUMBER, ERANGE);
	expect_error("16777216T", QUANTITY_NUMBER, ERANGE);
	expect_error("18446744073709552", QUANTITY_TIME, ERANGE);
}
END_TEST

static void
expect_text(uint64_t value, enum quantity_kind kind, const char *wanted)
{
	char buffer[QUANTITY_TEXT];

	ck_assert_str_eq(quantity_print(buffer, kind, value), wanted);
	expect_value(buffer, kind, value);
}

START_TEST(print_writes_what_parse_reads)
{
	expect_text(0, QUANTITY_NUMBER, "0");
	expect_text(1023, QUANTITY_NUMBER, "1023");
	expect_text(1024, QUANTITY_NUMBER, "1K");
	expect_text(1025, QUANTITY_NUMBER, "1025");
	expect_text(1536 << 10, QUANTITY_NUMBER, "1536K");
	expect_text(UINT64_C(1) << 60, QUANTITY_NUMBER, "1048576T");
	expect_text(UINT64_MAX, QUANTITY_NUMBER, "18446744073709551615");
	expect_text(0, QUANTITY_TIME, "0");
	expect_text(59000, QUANTITY_TIME, "59s");
	expect_text(60000, QUANTITY_TIME, "1m");
	expect_text(5400000, QUANTITY_TIME, "90m");
	expect_text(172800000, QUANTITY_TIME, "2d");
}
END_TEST

Suite *
quantity_suite(void)
{
	Suite *suite = suite_create("quantity");
	TCase *tests = tcase_create("quantity");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, parse_reads_numbers);
	tcase_add_test(tests, parse_reads_times);
	tcase_add_test(tests, parse_fails_when_the_text_is_no_quantity);
	tcase_add_test(tests, parse_fails_when_64_bits_are_exceeded);
	tcase_add_test(tests, print_writes_what_parse_reads);
	suite_add_tcase(suite, tests);
	return suite;
}
