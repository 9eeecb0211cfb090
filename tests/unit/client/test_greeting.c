/* SPDX-License-Identifier: ISC */
/* Read a greeting, or show the first line of a peer that is not ftxd. */
#include <check.h>
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

/* Receive these bytes at the time now. */
static enum greeting_event
receive(const void *bytes, size_t length, io_time now)
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

START_TEST(greeting_is_read_in_pieces)
{
	const struct wire_greeting any = {1, 2, WIRE_READY, 5};
	uint8_t bytes[WIRE_GREETING + 1] = {0};

	wire_write_greeting(bytes, &any);
	for (size_t i = 0; i < WIRE_GREETING - 1; i++)
		ck_assert_int_eq(receive(bytes + i, 1, 1000), GREETING_PARTIAL);
	ck_assert_int_eq(
	    receive(bytes + WIRE_GREETING - 1, 2, 1000), GREETING_WHOLE);
	ck_assert_mem_eq(greeting.bytes, bytes, WIRE_GREETING);
	ck_assert_int_eq(greeting_is_possible(&greeting), 1);
	/* The byte after the greeting is left. */
	ck_assert_ptr_nonnull(conn_take(&conn, 1));
	ck_assert_ptr_null(conn_take(&conn, 1));
}
END_TEST

/* The first 8 bytes are constant; if one differs, the peer is foreign. */
START_TEST(peer_is_foreign_when_one_byte_differs)
{
	const struct wire_greeting any = {1, 1, WIRE_READY, 5};
	uint8_t bytes[WIRE_GREETING];

	wire_write_greeting(bytes, &any);
	bytes[_i] ^= 1;
	ck_assert_int_ne(receive(bytes, sizeof(bytes), 1000), GREETING_PARTIAL);
	ck_assert_int_eq(greeting_is_possible(&greeting), _i >= 8);
}
END_TEST

START_TEST(line_ends_at_newline)
{
	ck_assert_int_eq(receive("220 ", 4, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(receive("ready", 5, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(receive("\r\nnext", 6, 1000), GREETING_FOREIGN);
	check_shown("220 ready");
}
END_TEST

START_TEST(line_ends_when_time_is_over)
{
	ck_assert_int_eq(receive("220", 3, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(receive("", 0, 1000 + GREETING_LINE_WAIT - 1),
	    GREETING_LINE_PARTIAL);
	ck_assert_int_eq(
	    receive("", 0, 1000 + GREETING_LINE_WAIT), GREETING_FOREIGN);
	check_shown("220");
}
END_TEST

START_TEST(line_is_cut_when_too_long)
{
	char line[GREETING_LINE + 1];

	memset(line, 'x', sizeof(line));
	ck_assert_int_eq(
	    receive(line, GREETING_LINE - 1, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(receive(line, 2, 1000), GREETING_FOREIGN);
	line[GREETING_LINE] = '\0';
	check_shown(line);
}
END_TEST

START_TEST(line_is_escaped_when_shown)
{
	ck_assert_int_eq(
	    receive("\n\r\n\0\x1b\xff\n", 7, 1000), GREETING_FOREIGN);
	check_shown("\\x00\\x1b\\xff");
}
END_TEST

START_TEST(line_is_empty_when_only_newlines_come)
{
	ck_assert_int_eq(receive("\n\n", 2, 1000), GREETING_LINE_PARTIAL);
	ck_assert_int_eq(
	    receive("", 0, 1000 + GREETING_LINE_WAIT), GREETING_FOREIGN);
	check_shown("");
}
END_TEST

Suite *
greeting_suite(void)
{
	Suite *suite = suite_create("greeting");
	TCase *tcase = support_case("greeting");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, greeting_is_read_in_pieces);
	tcase_add_loop_test(
	    tcase, peer_is_foreign_when_one_byte_differs, 0, WIRE_GREETING);
	tcase_add_test(tcase, line_ends_at_newline);
	tcase_add_test(tcase, line_ends_when_time_is_over);
	tcase_add_test(tcase, line_is_cut_when_too_long);
	tcase_add_test(tcase, line_is_escaped_when_shown);
	tcase_add_test(tcase, line_is_empty_when_only_newlines_come);
	suite_add_tcase(suite, tcase);
	return suite;
}
