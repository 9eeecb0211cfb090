/* SPDX-License-Identifier: ISC */
/* Greetings, and what is none: how much of it is taken, and what is shown. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "client/connection/greeting.h"
#include "tests/unit/support.h"

Suite *greeting_suite(void);

static struct conn conn;
static struct greeting greeting;

static void
begin(void)
{
	ck_assert_int_eq(conn_init(&conn, -1, -1, WIRE_FROM_SERVER), 0);
	memset(&greeting, 0, sizeof(greeting));
}

static void
end(void)
{
	conn_release(&conn);
}

/* So many bytes have come. */
static enum greeting_event
take(const void *bytes, size_t length, io_time now)
{
	memcpy(conn.input.bytes + conn.input.end, bytes, length);
	conn.input.end += length;
	return greeting_read(&greeting, &conn, now);
}

static void
check_shown(const char *expected)
{
	char shown[GREETING_SHOWN];

	ck_assert_str_eq(greeting_show(&greeting, shown, TEXT_ASCII), expected);
}

START_TEST(greeting_is_taken_whole)
{
	const struct wire_greeting any = {1, 2, WIRE_READY, 5};
	uint8_t bytes[WIRE_GREETING + 1] = {0};

	wire_write_greeting(bytes, &any);
	for (size_t i = 0; i < WIRE_GREETING - 1; i++)
		ck_assert_int_eq(take(bytes + i, 1, 1000), GREETING_PARTIAL);
	ck_assert_int_eq(
	    take(bytes + WIRE_GREETING - 1, 2, 1000), GREETING_WHOLE);
	ck_assert_mem_eq(greeting.bytes, bytes, WIRE_GREETING);
	ck_assert_int_eq(greeting_is_possible(&greeting), 1);
	/* What stands behind it is left. */
	ck_assert_ptr_nonnull(conn_take(&conn, 1));
	ck_assert_ptr_null(conn_take(&conn, 1));
}
END_TEST

/* Each byte of the constant part counts, and none behind it. */
START_TEST(one_wrong_byte_is_foreign)
{
	const struct wire_greeting any = {1, 1, WIRE_READY, 5};
	uint8_t bytes[WIRE_GREETING];

	wire_write_greeting(bytes, &any);
	bytes[_i] ^= 1;
	ck_assert_int_ne(take(bytes, sizeof(bytes), 1000), GREETING_PARTIAL);
	ck_assert_int_eq(greeting_is_possible(&greeting), _i >= 8);
}
END_TEST

START_TEST(line_ends_with_its_newline)
{
	ck_assert_int_eq(take("220 ", 4, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(take("ready", 5, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(take("\r\nnext", 6, 1000), GREETING_FOREIGN);
	check_shown("220 ready");
}
END_TEST

START_TEST(line_ends_in_time)
{
	ck_assert_int_eq(take("220", 3, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(
	    take("", 0, 1000 + GREETING_LINE_WAIT - 1), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(
	    take("", 0, 1000 + GREETING_LINE_WAIT), GREETING_FOREIGN);
	check_shown("220");
}
END_TEST

START_TEST(line_is_cut)
{
	char line[GREETING_LINE + 1];

	memset(line, 'x', sizeof(line));
	ck_assert_int_eq(
	    take(line, GREETING_LINE - 1, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(take(line, 2, 1000), GREETING_FOREIGN);
	line[GREETING_LINE] = '\0';
	check_shown(line);
}
END_TEST

START_TEST(line_is_escaped)
{
	ck_assert_int_eq(take("\n\r\n\0\x1b\xff\n", 7, 1000), GREETING_FOREIGN);
	check_shown("\\x00\\x1b\\xff");
}
END_TEST

START_TEST(nothing_but_line_ends)
{
	ck_assert_int_eq(take("\n\n", 2, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(
	    take("", 0, 1000 + GREETING_LINE_WAIT), GREETING_FOREIGN);
	check_shown("");
}
END_TEST

Suite *
greeting_suite(void)
{
	Suite *suite = suite_create("greeting");
	TCase *tcase = support_case("greeting");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, greeting_is_taken_whole);
	tcase_add_loop_test(tcase, one_wrong_byte_is_foreign, 0, WIRE_GREETING);
	tcase_add_test(tcase, line_ends_with_its_newline);
	tcase_add_test(tcase, line_ends_in_time);
	tcase_add_test(tcase, line_is_cut);
	tcase_add_test(tcase, line_is_escaped);
	tcase_add_test(tcase, nothing_but_line_ends);
	suite_add_tcase(suite, tcase);
	return suite;
}
