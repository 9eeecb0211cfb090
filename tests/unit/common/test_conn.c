/* SPDX-License-Identifier: ISC */
/* conn, input: frames at once, in pieces, byte by byte, malformed. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/common/conn_pair.h"

Suite *conn_suite(void);

static size_t
write_frame(
    uint8_t *out, enum wire_type type, uint32_t request, const char *payload)
{
	struct wire_frame frame = {type, request, (uint32_t)strlen(payload)};

	wire_write_header(out, &frame);
	for (uint32_t i = 0; i < frame.length; i++)
		out[WIRE_HEADER + i] = (uint8_t)payload[i];
	return WIRE_HEADER + frame.length;
}

/* Fill once, with all that the peer has sent. */
static void
fill(size_t expected)
{
	ck_assert_int_eq(conn_fill(&conn_pair.conn), (ssize_t)expected);
}

static void
expect_frame(enum wire_type type, uint32_t request, const char *payload)
{
	struct conn_frame frame;

	ck_assert_int_eq(conn_next(&conn_pair.conn, &frame), CONN_FRAME);
	ck_assert_int_eq(frame.type, type);
	ck_assert_uint_eq(frame.request, request);
	ck_assert_uint_eq(frame.length, strlen(payload));
	if (frame.length > 0)
		ck_assert_mem_eq(frame.payload, payload, frame.length);
}

static void
expect_nothing(void)
{
	struct conn_frame frame;

	ck_assert_int_eq(conn_next(&conn_pair.conn, &frame), CONN_NOTHING);
}

START_TEST(next_returns_each_frame_when_many_came_at_once)
{
	uint8_t bytes[200];
	size_t length = write_frame(bytes, WIRE_BASE, 0, "path");

	length += write_frame(bytes + length, WIRE_WAITING, 3, "");
	length += write_frame(bytes + length, WIRE_DATA, 4, "content");
	length += write_frame(bytes + length, WIRE_BYE, 0, "");
	conn_pair_send(bytes, length);
	expect_nothing();
	fill(length);
	expect_frame(WIRE_BASE, 0, "path");
	expect_frame(WIRE_WAITING, 3, "");
	expect_frame(WIRE_DATA, 4, "content");
	expect_frame(WIRE_BYE, 0, "");
	expect_nothing();
	ck_assert_uint_eq(conn_pair.conn.received, length);
	ck_assert_int_eq(conn_fill(&conn_pair.conn), -1);
	ck_assert(errno == EAGAIN || errno == EWOULDBLOCK);
	ck_assert(!conn_pair.conn.ended);
}
END_TEST

START_TEST(next_returns_a_frame_when_its_last_byte_came)
{
	uint8_t bytes[100];
	size_t length = write_frame(bytes, WIRE_ABORT, 9, "\017why");

	for (size_t i = 0; i < length; i++) {
		expect_nothing();
		conn_pair_send(bytes + i, 1);
		fill(1);
	}
	expect_frame(WIRE_ABORT, 9, "\017why");
	length = write_frame(bytes, WIRE_DATA, 9, "abc");
	for (size_t i = 0; i < length; i++) {
		char piece[2] = {(char)bytes[i], '\0'};

		expect_nothing();
		conn_pair_send(bytes + i, 1);
		fill(1);
		if (i >= WIRE_HEADER)
			expect_frame(WIRE_DATA, 9, piece);
	}
	expect_nothing();
}
END_TEST

START_TEST(take_returns_the_preamble_when_it_is_complete)
{
	uint8_t bytes[100] = "0123456789";
	size_t length;

	length = 10 + write_frame(bytes + 10, WIRE_BYE, 0, "");
	ck_assert_ptr_null(conn_take(&conn_pair.conn, 1));
	conn_pair_send(bytes, 9);
	fill(9);
	ck_assert_ptr_null(conn_take(&conn_pair.conn, 10));
	conn_pair_send(bytes + 9, length - 9);
	fill(length - 9);
	ck_assert_mem_eq(conn_take(&conn_pair.conn, 10), "0123456789", 10);
	expect_frame(WIRE_BYE, 0, "");
	ck_assert_ptr_null(conn_take(&conn_pair.conn, 1));
}
END_TEST

START_TEST(next_reports_malformed_headers)
{
	static const uint8_t bad[][WIRE_HEADER] = {{0}, {255}, {WIRE_GO},
	    {WIRE_BYE, 1}, {WIRE_BYE, 0, 1}, {WIRE_BYE, 0, 0, 1},
	    {WIRE_BYE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, {WIRE_DATA},
	    {WIRE_DATA, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 1},
	    {WIRE_PUT, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}};
	struct conn_frame frame;

	conn_pair_send(bad[_i], WIRE_HEADER);
	fill(WIRE_HEADER);
	ck_assert_int_eq(conn_next(&conn_pair.conn, &frame), CONN_MALFORMED);
	ck_assert_ptr_nonnull(frame.reason);
}
END_TEST

/* Send count data frames of this length from a child process. */
static pid_t
start_sender(uint32_t length, int count)
{
	static uint8_t block[65536];
	uint8_t header[WIRE_HEADER];
	struct wire_frame frame = {WIRE_DATA, 1, length};
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	wire_write_header(header, &frame);
	while (count-- > 0) {
		if (io_write_all(conn_pair.ends[1], header, sizeof(header)) ==
		    -1)
			_exit(1);
		for (uint32_t left = length; left > 0;) {
			uint32_t part =
			    left < sizeof(block) ? left : sizeof(block);

			if (io_write_all(conn_pair.ends[1], block, part) == -1)
				_exit(1);
			left -= part;
		}
	}
	_exit(0);
}

START_TEST(next_returns_data_in_pieces_when_it_exceeds_the_buffer)
{
	const uint32_t lengths[] = {
	    CONN_INPUT - 1, CONN_INPUT, CONN_INPUT + 1, WIRE_DATA_MAX};
	const uint64_t expected = 3 * (uint64_t)lengths[_i];
	pid_t sender = start_sender(lengths[_i], 3);
	uint64_t got = 0;
	int status;

	while (got < expected) {
		struct conn_frame frame;
		enum conn_event event = conn_next(&conn_pair.conn, &frame);

		if (event == CONN_NOTHING) {
			ck_assert_int_eq(
			    conn_wait(&conn_pair.conn, 1, io_now() + 10000), 0);
			ck_assert_int_ne(conn_fill(&conn_pair.conn), 0);
			continue;
		}
		ck_assert_int_eq(event, CONN_FRAME);
		ck_assert_int_eq(frame.type, WIRE_DATA);
		ck_assert_uint_gt(frame.length, 0);
		got += frame.length;
	}
	ck_assert_uint_eq(got, expected);
	expect_nothing();
	ck_assert_int_eq(waitpid(sender, &status, 0), sender);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(next_returns_the_longest_control_frame)
{
	static uint8_t bytes[WIRE_HEADER + WIRE_REQUEST_SIZE + WIRE_PATH_MAX];
	struct wire_frame header = {
	    WIRE_ASK, 1, WIRE_REQUEST_SIZE + WIRE_PATH_MAX};
	struct conn_frame frame;
	int frames = 0;

	wire_write_header(bytes, &header);
	/* Send enough frames for one to cross the end of the buffer. */
	for (int i = 0; i < 200; i++) {
		conn_pair_send(bytes, sizeof(bytes));
		while (conn_fill(&conn_pair.conn) > 0)
			while (conn_next(&conn_pair.conn, &frame) == CONN_FRAME)
				frames++;
	}
	ck_assert_int_eq(frames, 200);
}
END_TEST

START_TEST(fill_sets_ended_when_the_peer_closes)
{
	uint8_t bytes[100];
	size_t length = write_frame(bytes, WIRE_DATA, 1, "abc");

	conn_pair_send(bytes, length - 1);
	close(conn_pair.ends[1]);
	conn_pair.ends[1] = -1;
	fill(length - 1);
	expect_frame(WIRE_DATA, 1, "ab");
	expect_nothing();
	fill(0);
	ck_assert(conn_pair.conn.ended);
	expect_nothing();
}
END_TEST

Suite *
conn_suite(void)
{
	Suite *suite = suite_create("conn");
	TCase *input = tcase_create("input");

	tcase_add_checked_fixture(input, conn_pair_begin, conn_pair_finish);
	tcase_set_timeout(input, 60);
	tcase_add_test(input, next_returns_each_frame_when_many_came_at_once);
	tcase_add_test(input, next_returns_a_frame_when_its_last_byte_came);
	tcase_add_test(input, take_returns_the_preamble_when_it_is_complete);
	tcase_add_loop_test(input, next_reports_malformed_headers, 0, 10);
	tcase_add_loop_test(input,
	    next_returns_data_in_pieces_when_it_exceeds_the_buffer, 0, 4);
	tcase_add_test(input, next_returns_the_longest_control_frame);
	tcase_add_test(input, fill_sets_ended_when_the_peer_closes);
	suite_add_tcase(suite, input);
	return suite;
}
