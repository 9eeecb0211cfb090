/* SPDX-License-Identifier: ISC */
/* A source that is sent, and the received content at the other end. */
#include "tests/unit/common/sending.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct sending sending;

void
sending_begin(void)
{
	FILE *stream = tmpfile();

	ck_assert_ptr_nonnull(stream);
	sending.source = dup(fileno(stream));
	ck_assert_int_ge(sending.source, 0);
	fclose(stream);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sending.ends), 0);
	ck_assert_int_eq(io_set_blocking(sending.ends[0], 0), 0);
	ck_assert_int_eq(io_set_blocking(sending.ends[1], 0), 0);
	ck_assert_int_eq(conn_init(&sending.conn, sending.ends[0],
			     sending.ends[0], WIRE_FROM_SERVER),
	    0);
	memset(&sending.received, 0, sizeof(sending.received));
	digest_init(&sending.received.digest);
}

void
sending_end(void)
{
	conn_release(&sending.conn);
	close(sending.source);
	close(sending.ends[0]);
	close(sending.ends[1]);
}

static void
receive_hole(const struct conn_frame *frame)
{
	uint64_t length;

	ck_assert_int_eq(
	    wire_read_hole(frame->payload, frame->length, &length), 0);
	sending.received.holes += length;
	digest_add_zeros(&sending.received.digest, length);
}

static void
receive(const struct conn_frame *frame)
{
	struct wire_reason reason;

	ck_assert_uint_eq(frame->request, 77);
	ck_assert(!sending.received.ended && !sending.received.aborted);
	if (frame->type == WIRE_DATA) {
		sending.received.data += frame->length;
		digest_add(
		    &sending.received.digest, frame->payload, frame->length);
	} else if (frame->type == WIRE_HOLE) {
		receive_hole(frame);
	} else if (frame->type == WIRE_END) {
		sending.received.ended = 1;
		ck_assert_int_eq(wire_read_end(frame->payload, frame->length,
				     &sending.received.end),
		    0);
	} else {
		ck_assert_int_eq(frame->type, WIRE_ABORT);
		sending.received.aborted = 1;
		ck_assert_int_eq(
		    wire_read_reason(frame->payload, frame->length, &reason),
		    0);
		sending.received.status = reason.status;
		ck_assert_uint_eq(
		    reason.text.length, strlen(sending.outcome.text));
	}
}

void
sending_carry(struct conn *other)
{
	struct conn_frame frame;

	do {
		ck_assert_int_eq(conn_flush(&sending.conn), 0);
		while (conn_next(other, &frame) == CONN_FRAME)
			receive(&frame);
	} while (conn_fill(other) > 0 || conn_unsent(&sending.conn) > 0);
}

enum send_file_event
sending_run(int lazy)
{
	struct conn other;
	enum send_file_event event;

	ck_assert_int_eq(conn_init(&other, sending.ends[1], sending.ends[1],
			     WIRE_FROM_CLIENT),
	    0);
	do {
		event = send_file_step(
		    &sending.file, &sending.conn, &sending.outcome);
		if (event == SEND_FILE_FULL || !lazy)
			sending_carry(&other);
	} while (event == SEND_FILE_MORE || event == SEND_FILE_FULL);
	sending_carry(&other);
	conn_release(&other);
	return event;
}

void
sending_check_whole(uint64_t size)
{
	ck_assert(sending.received.ended);
	ck_assert_uint_eq(sending.received.data + sending.received.holes, size);
	ck_assert_uint_eq(sending.received.end.size, size);
	ck_assert_uint_eq(sending.received.end.digest,
	    digest_value(&sending.received.digest));
}
