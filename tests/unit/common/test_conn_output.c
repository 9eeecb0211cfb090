/* SPDX-License-Identifier: ISC */
/* conn, output: queue, flush, wait and linger. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/common/conn_pair.h"

Suite *conn_output_suite(void);

/* Read length bytes as the peer. */
static void
receive_bytes(void *buffer, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got = io_read(
		    conn_pair.ends[1], (uint8_t *)buffer + done, length - done);

		ck_assert_int_gt(got, 0);
		done += (size_t)got;
	}
}

START_TEST(flush_sends_what_was_queued)
{
	uint8_t input[100], *room;
	struct wire_frame frame;
	const char *reason;

	conn_queue_raw(&conn_pair.conn, "preamble", 8);
	room = conn_reserve(&conn_pair.conn, 100);
	ck_assert_ptr_nonnull(room);
	memset(room, 0, 16);
	/* A frame may be shorter than its reservation. */
	conn_queue(&conn_pair.conn, WIRE_GO, 7, 16);
	ck_assert_uint_eq(conn_unsent(&conn_pair.conn), 8 + WIRE_HEADER + 16);
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	ck_assert_uint_eq(conn_unsent(&conn_pair.conn), 0);
	ck_assert_uint_eq(conn_pair.conn.sent, 8 + WIRE_HEADER + 16);
	receive_bytes(input, 8 + WIRE_HEADER + 16);
	ck_assert_mem_eq(input, "preamble", 8);
	ck_assert_int_eq(
	    wire_read_header(input + 8, WIRE_FROM_SERVER, &frame, &reason), 0);
	ck_assert_int_eq(frame.type, WIRE_GO);
	ck_assert_uint_eq(frame.request, 7);
	ck_assert_uint_eq(frame.length, 16);
}
END_TEST

START_TEST(frame_is_inserted_when_another_is_being_made)
{
	uint8_t input[100], *room;
	struct wire_frame frame;
	const char *reason;

	conn_queue_raw(&conn_pair.conn, "preamble", 8);
	ck_assert_int_eq(conn_insert(&conn_pair.conn, WIRE_WORKING, 3), -1);
	room = conn_reserve(&conn_pair.conn, 16);
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	memset(room, 'x', 16);
	ck_assert_int_eq(conn_insert(&conn_pair.conn, WIRE_WORKING, 3), 0);
	ck_assert_int_eq(conn_insert(&conn_pair.conn, WIRE_WORKING, 3), -1);
	ck_assert_uint_eq(conn_unsent(&conn_pair.conn), WIRE_HEADER);
	/* It may be sent in two parts. */
	conn_pair.conn.send_until = conn_pair.conn.sent + 5;
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	ck_assert_uint_eq(conn_unsent(&conn_pair.conn), WIRE_HEADER - 5);
	conn_queue(&conn_pair.conn, WIRE_GO, 7, 16);
	ck_assert_uint_eq(
	    conn_unsent(&conn_pair.conn), 2 * WIRE_HEADER - 5 + 16);
	conn_pair.conn.send_until = UINT64_MAX;
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	ck_assert_uint_eq(conn_pair.conn.sent, 8 + 2 * WIRE_HEADER + 16);
	receive_bytes(input, 8 + 2 * WIRE_HEADER + 16);
	ck_assert_int_eq(
	    wire_read_header(input + 8, WIRE_FROM_SERVER, &frame, &reason), 0);
	ck_assert_int_eq(frame.type, WIRE_WORKING);
	ck_assert_uint_eq(frame.request, 3);
	ck_assert_int_eq(wire_read_header(input + 8 + WIRE_HEADER,
			     WIRE_FROM_SERVER, &frame, &reason),
	    0);
	ck_assert_int_eq(frame.type, WIRE_GO);
	ck_assert_mem_eq(input + 8 + 2 * WIRE_HEADER, "xxxxxxxxxxxxxxxx", 16);
}
END_TEST

/* conn_wait does not wait for output beyond send_until, either. */
START_TEST(flush_stops_at_send_until)
{
	char input[8];
	io_time begun;

	conn_queue_raw(&conn_pair.conn, "preamble", 8);
	conn_pair.conn.send_until = 0;
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	ck_assert_uint_eq(conn_pair.conn.sent, 0);
	conn_pair.conn.send_until = 7;
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	ck_assert_uint_eq(conn_pair.conn.sent, 7);
	ck_assert_uint_eq(conn_unsent(&conn_pair.conn), 1);
	begun = io_now();
	ck_assert_int_eq(conn_wait(&conn_pair.conn, 1, begun + 50), 0);
	ck_assert_int_ge(io_now() - begun, 49);
	conn_pair.conn.send_until = 8;
	ck_assert_int_eq(conn_wait(&conn_pair.conn, 1, IO_NEVER), 0);
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	ck_assert_uint_eq(conn_pair.conn.sent, 8);
	ck_assert_uint_eq(conn_unsent(&conn_pair.conn), 0);
	conn_queue_raw(&conn_pair.conn, "more", 4);
	conn_pair.conn.send_until = 9;
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	ck_assert_uint_eq(conn_unsent(&conn_pair.conn), 3);
	receive_bytes(input, 8);
	ck_assert_mem_eq(input, "preamble", 8);
}
END_TEST

START_TEST(reserve_fails_when_the_buffer_is_full)
{
	static uint8_t input[WIRE_HEADER + CONN_DATA];
	unsigned queued = 0, came = 0;

	/* The peer does not read: first the socket fills, then the buffer. */
	for (;;) {
		uint8_t *room = conn_reserve(&conn_pair.conn, CONN_DATA);

		if (room == NULL)
			break;
		ck_assert_uint_lt(queued, 1000);
		memset(room, (int)queued, CONN_DATA);
		conn_queue(&conn_pair.conn, WIRE_DATA, queued, CONN_DATA);
		queued++;
		ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	}
	ck_assert_uint_gt(conn_unsent(&conn_pair.conn), 0);
	ck_assert_uint_le(conn_unsent(&conn_pair.conn), CONN_OUTPUT);
	ck_assert_int_eq(io_set_blocking(conn_pair.ends[1], 0), 0);
	for (size_t done = 0; came < queued;) {
		ssize_t got = io_read(
		    conn_pair.ends[1], input + done, sizeof(input) - done);

		ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
		if (got < 0)
			continue;
		done += (size_t)got;
		if (done < sizeof(input))
			continue;
		ck_assert_uint_eq(input[7], came);
		ck_assert_uint_eq(input[WIRE_HEADER], came & 255);
		ck_assert_uint_eq(input[sizeof(input) - 1], came & 255);
		came++;
		done = 0;
	}
	ck_assert_uint_eq(conn_unsent(&conn_pair.conn), 0);
	ck_assert_ptr_nonnull(conn_reserve(&conn_pair.conn, CONN_DATA));
}
END_TEST

START_TEST(wait_returns_when_the_descriptor_is_ready)
{
	io_time begun = io_now();

	ck_assert_int_eq(conn_wait(&conn_pair.conn, 1, begun + 50), 0);
	ck_assert_int_ge(io_now() - begun, 49);
	/* The socket has space. */
	conn_queue_raw(&conn_pair.conn, "x", 1);
	begun = io_now();
	ck_assert_int_eq(conn_wait(&conn_pair.conn, 0, begun + 5000), 0);
	ck_assert_int_lt(io_now() - begun, 2000);
	ck_assert_int_eq(conn_flush(&conn_pair.conn), 0);
	/* With input, conn_wait returns at once only if reading. */
	conn_pair_send("x", 1);
	ck_assert_int_eq(conn_wait(&conn_pair.conn, 1, begun + 5000), 0);
	ck_assert_int_lt(io_now() - begun, 2000);
	begun = io_now();
	ck_assert_int_eq(conn_wait(&conn_pair.conn, 0, begun + 50), 0);
	ck_assert_int_ge(io_now() - begun, 49);
}
END_TEST

START_TEST(flush_fails_when_the_peer_has_closed)
{
	close(conn_pair.ends[1]);
	conn_pair.ends[1] = -1;
	conn_queue_raw(&conn_pair.conn, "x", 1);
	ck_assert_int_eq(conn_flush(&conn_pair.conn), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(linger_delivers_when_input_is_unread)
{
	char input[8];

	/* Unread input must not reset the connection. */
	conn_pair_send("unread", 6);
	conn_queue_raw(&conn_pair.conn, "last", 4);
	conn_linger(&conn_pair.conn, 50, 1000);
	receive_bytes(input, 4);
	ck_assert_mem_eq(input, "last", 4);
	ck_assert_int_eq(io_read(conn_pair.ends[1], input, 1), 0);
	ck_assert_uint_eq(conn_pair.conn.received, 6);
}
END_TEST

START_TEST(linger_ends_at_its_limits)
{
	static uint8_t block[100000];
	io_time begun = io_now();

	/* After the limit on bytes, conn_linger does not wait for the end. */
	conn_pair_send(block, sizeof(block));
	conn_linger(&conn_pair.conn, 20000, 65536);
	ck_assert_int_lt(io_now() - begun, 10000);
	ck_assert_uint_ge(conn_pair.conn.received, 65536);
	while (conn_fill(&conn_pair.conn) > 0)
		continue;
	/* Without input, conn_linger waits until the time has passed. */
	begun = io_now();
	conn_linger(&conn_pair.conn, 50, 65536);
	ck_assert_int_ge(io_now() - begun, 49);
	ck_assert_int_lt(io_now() - begun, 5000);
}
END_TEST

Suite *
conn_output_suite(void)
{
	Suite *suite = suite_create("conn_output");
	TCase *tcase = tcase_create("output");

	tcase_add_checked_fixture(tcase, conn_pair_begin, conn_pair_finish);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, flush_sends_what_was_queued);
	tcase_add_test(tcase, frame_is_inserted_when_another_is_being_made);
	tcase_add_test(tcase, flush_stops_at_send_until);
	tcase_add_test(tcase, reserve_fails_when_the_buffer_is_full);
	tcase_add_test(tcase, wait_returns_when_the_descriptor_is_ready);
	tcase_add_test(tcase, flush_fails_when_the_peer_has_closed);
	tcase_add_test(tcase, linger_delivers_when_input_is_unread);
	tcase_add_test(tcase, linger_ends_at_its_limits);
	suite_add_tcase(suite, tcase);
	return suite;
}
