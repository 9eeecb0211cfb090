/* SPDX-License-Identifier: ISC */
/* conn: what is queued, held up, waited for, and said last. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/conn.h"

Suite *conn_output_suite(void);

static int ends[2]; /* the connection's, and the other one */
static struct conn conn;

static void
begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	ck_assert_int_eq(
	    conn_init(&conn, ends[0], ends[0], WIRE_FROM_CLIENT), 0);
}

static void
finish(void)
{
	conn_release(&conn);
	close(ends[0]);
	if (ends[1] != -1)
		close(ends[1]);
}

static void
say(const void *bytes, size_t length)
{
	ck_assert_int_eq(io_write_all(ends[1], bytes, length), 0);
}

/* Read so much from the other end. */
static void
hear(void *buffer, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t got =
		    io_read(ends[1], (uint8_t *)buffer + done, length - done);

		ck_assert_int_gt(got, 0);
		done += (size_t)got;
	}
}

START_TEST(queue_and_flush)
{
	uint8_t heard[100], *room;
	struct wire_frame frame;
	const char *reason;

	conn_queue_raw(&conn, "preamble", 8);
	room = conn_reserve(&conn, 100);
	ck_assert_ptr_nonnull(room);
	memset(room, 0, 16);
	/* It may take less than it reserved. */
	conn_queue(&conn, WIRE_GO, 7, 16);
	ck_assert_uint_eq(conn_unsent(&conn), 8 + WIRE_HEADER + 16);
	ck_assert_int_eq(conn_flush(&conn), 0);
	ck_assert_uint_eq(conn_unsent(&conn), 0);
	ck_assert_uint_eq(conn.sent, 8 + WIRE_HEADER + 16);
	hear(heard, 8 + WIRE_HEADER + 16);
	ck_assert_mem_eq(heard, "preamble", 8);
	ck_assert_int_eq(
	    wire_read_header(heard + 8, WIRE_FROM_SERVER, &frame, &reason), 0);
	ck_assert_int_eq(frame.type, WIRE_GO);
	ck_assert_uint_eq(frame.request, 7);
	ck_assert_uint_eq(frame.length, 16);
}
END_TEST

/* Between the reservation of a frame and its end: neither is disturbed. */
START_TEST(frame_is_inserted_when_another_is_being_made)
{
	uint8_t heard[100], *room;
	struct wire_frame frame;
	const char *reason;

	conn_queue_raw(&conn, "preamble", 8);
	ck_assert_int_eq(conn_insert(&conn, WIRE_WORKING, 3), -1);
	room = conn_reserve(&conn, 16);
	ck_assert_int_eq(conn_flush(&conn), 0);
	memset(room, 'x', 16);
	ck_assert_int_eq(conn_insert(&conn, WIRE_WORKING, 3), 0);
	ck_assert_int_eq(conn_insert(&conn, WIRE_WORKING, 3), -1);
	ck_assert_uint_eq(conn_unsent(&conn), WIRE_HEADER);
	/* It may go in two parts. */
	conn.send_until = conn.sent + 5;
	ck_assert_int_eq(conn_flush(&conn), 0);
	ck_assert_uint_eq(conn_unsent(&conn), WIRE_HEADER - 5);
	conn_queue(&conn, WIRE_GO, 7, 16);
	ck_assert_uint_eq(conn_unsent(&conn), 2 * WIRE_HEADER - 5 + 16);
	conn.send_until = UINT64_MAX;
	ck_assert_int_eq(conn_flush(&conn), 0);
	ck_assert_uint_eq(conn.sent, 8 + 2 * WIRE_HEADER + 16);
	hear(heard, 8 + 2 * WIRE_HEADER + 16);
	ck_assert_int_eq(
	    wire_read_header(heard + 8, WIRE_FROM_SERVER, &frame, &reason), 0);
	ck_assert_int_eq(frame.type, WIRE_WORKING);
	ck_assert_uint_eq(frame.request, 3);
	ck_assert_int_eq(wire_read_header(heard + 8 + WIRE_HEADER,
			     WIRE_FROM_SERVER, &frame, &reason),
	    0);
	ck_assert_int_eq(frame.type, WIRE_GO);
	ck_assert_mem_eq(heard + 8 + 2 * WIRE_HEADER, "xxxxxxxxxxxxxxxx", 16);
}
END_TEST

/* Beyond send_until nothing goes, and room to write is not waited for. */
START_TEST(held_up)
{
	char heard[8];
	io_time begun;

	conn_queue_raw(&conn, "preamble", 8);
	conn.send_until = 0;
	ck_assert_int_eq(conn_flush(&conn), 0);
	ck_assert_uint_eq(conn.sent, 0);
	conn.send_until = 7;
	ck_assert_int_eq(conn_flush(&conn), 0);
	ck_assert_uint_eq(conn.sent, 7);
	ck_assert_uint_eq(conn_unsent(&conn), 1);
	begun = io_now();
	ck_assert_int_eq(conn_wait(&conn, 1, begun + 50), 0);
	ck_assert_int_ge(io_now() - begun, 49);
	conn.send_until = 8;
	ck_assert_int_eq(conn_wait(&conn, 1, IO_NEVER), 0);
	ck_assert_int_eq(conn_flush(&conn), 0);
	ck_assert_uint_eq(conn.sent, 8);
	ck_assert_uint_eq(conn_unsent(&conn), 0);
	conn_queue_raw(&conn, "more", 4);
	conn.send_until = 9;
	ck_assert_int_eq(conn_flush(&conn), 0);
	ck_assert_uint_eq(conn_unsent(&conn), 3);
	hear(heard, 8);
	ck_assert_mem_eq(heard, "preamble", 8);
}
END_TEST

START_TEST(back_pressure)
{
	static uint8_t heard[WIRE_HEADER + CONN_DATA];
	unsigned queued = 0, came = 0;

	/* Nobody reads: the kernel is full, and then so is the buffer. */
	for (;;) {
		uint8_t *room = conn_reserve(&conn, CONN_DATA);

		if (room == NULL)
			break;
		ck_assert_uint_lt(queued, 1000);
		memset(room, (int)queued, CONN_DATA);
		conn_queue(&conn, WIRE_DATA, queued, CONN_DATA);
		queued++;
		ck_assert_int_eq(conn_flush(&conn), 0);
	}
	ck_assert_uint_gt(conn_unsent(&conn), 0);
	ck_assert_uint_le(conn_unsent(&conn), CONN_OUTPUT);
	ck_assert_int_eq(io_set_blocking(ends[1], 0), 0);
	for (size_t done = 0; came < queued;) {
		ssize_t got =
		    io_read(ends[1], heard + done, sizeof(heard) - done);

		ck_assert_int_eq(conn_flush(&conn), 0);
		if (got < 0)
			continue;
		done += (size_t)got;
		if (done < sizeof(heard))
			continue;
		ck_assert_uint_eq(heard[7], came);
		ck_assert_uint_eq(heard[WIRE_HEADER], came & 255);
		ck_assert_uint_eq(heard[sizeof(heard) - 1], came & 255);
		came++;
		done = 0;
	}
	ck_assert_uint_eq(conn_unsent(&conn), 0);
	ck_assert_ptr_nonnull(conn_reserve(&conn, CONN_DATA));
}
END_TEST

START_TEST(waiting)
{
	io_time begun = io_now();

	ck_assert_int_eq(conn_wait(&conn, 1, begun + 50), 0);
	ck_assert_int_ge(io_now() - begun, 49);
	/* There is room to write. */
	conn_queue_raw(&conn, "x", 1);
	begun = io_now();
	ck_assert_int_eq(conn_wait(&conn, 0, begun + 5000), 0);
	ck_assert_int_lt(io_now() - begun, 2000);
	ck_assert_int_eq(conn_flush(&conn), 0);
	/* There is something to read, and who does not ask does not care. */
	say("x", 1);
	ck_assert_int_eq(conn_wait(&conn, 1, begun + 5000), 0);
	ck_assert_int_lt(io_now() - begun, 2000);
	begun = io_now();
	ck_assert_int_eq(conn_wait(&conn, 0, begun + 50), 0);
	ck_assert_int_ge(io_now() - begun, 49);
}
END_TEST

START_TEST(flush_to_nobody)
{
	close(ends[1]);
	ends[1] = -1;
	conn_queue_raw(&conn, "x", 1);
	ck_assert_int_eq(conn_flush(&conn), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(lingering_delivers)
{
	char heard[8];

	/* What the peer has said, unread, does not undo the last words. */
	say("unread", 6);
	conn_queue_raw(&conn, "last", 4);
	conn_linger(&conn, 50, 1000);
	hear(heard, 4);
	ck_assert_mem_eq(heard, "last", 4);
	ck_assert_int_eq(io_read(ends[1], heard, 1), 0);
	ck_assert_uint_eq(conn.received, 6);
}
END_TEST

START_TEST(lingering_is_limited)
{
	static uint8_t block[100000];
	io_time begun = io_now();

	/* More than it will read: it does not wait for the end. */
	say(block, sizeof(block));
	conn_linger(&conn, 20000, 65536);
	ck_assert_int_lt(io_now() - begun, 10000);
	ck_assert_uint_ge(conn.received, 65536);
	while (conn_fill(&conn) > 0)
		continue;
	/* Nothing more comes: it waits for so long, and no longer. */
	begun = io_now();
	conn_linger(&conn, 50, 65536);
	ck_assert_int_ge(io_now() - begun, 49);
	ck_assert_int_lt(io_now() - begun, 5000);
}
END_TEST

Suite *
conn_output_suite(void)
{
	Suite *suite = suite_create("conn_output");
	TCase *tcase = tcase_create("output");

	tcase_add_checked_fixture(tcase, begin, finish);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, queue_and_flush);
	tcase_add_test(tcase, frame_is_inserted_when_another_is_being_made);
	tcase_add_test(tcase, held_up);
	tcase_add_test(tcase, back_pressure);
	tcase_add_test(tcase, waiting);
	tcase_add_test(tcase, flush_to_nobody);
	tcase_add_test(tcase, lingering_delivers);
	tcase_add_test(tcase, lingering_is_limited);
	suite_add_tcase(suite, tcase);
	return suite;
}
