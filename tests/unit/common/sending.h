/* SPDX-License-Identifier: ISC */
/* A source, what sends it, and what came out at the other end. */
#ifndef TESTS_UNIT_COMMON_SENDING_H
#define TESTS_UNIT_COMMON_SENDING_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/send_file.h"

/* A header, because each program of unit tests links all other files. */
static int ends[2], source;
static struct conn conn;
static struct send_file file;
static struct outcome outcome;

/* What came out at the other end. */
static struct {
	uint64_t data, holes;
	struct digest digest;
	int ended, aborted;
	struct wire_end end;
	enum status status;
} heard;

static inline void
begin(void)
{
	FILE *stream = tmpfile();

	ck_assert_ptr_nonnull(stream);
	source = dup(fileno(stream));
	ck_assert_int_ge(source, 0);
	fclose(stream);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	ck_assert_int_eq(io_set_blocking(ends[1], 0), 0);
	ck_assert_int_eq(
	    conn_init(&conn, ends[0], ends[0], WIRE_FROM_SERVER), 0);
	memset(&heard, 0, sizeof(heard));
	digest_init(&heard.digest);
}

static inline void
finish(void)
{
	conn_release(&conn);
	close(source);
	close(ends[0]);
	close(ends[1]);
}

static inline void
take_hole(const struct conn_frame *frame)
{
	uint64_t length;

	ck_assert_int_eq(
	    wire_read_hole(frame->payload, frame->length, &length), 0);
	heard.holes += length;
	digest_add_zeros(&heard.digest, length);
}

static inline void
take(const struct conn_frame *frame)
{
	struct wire_reason reason;

	ck_assert_uint_eq(frame->request, 77);
	ck_assert(!heard.ended && !heard.aborted);
	if (frame->type == WIRE_DATA) {
		heard.data += frame->length;
		digest_add(&heard.digest, frame->payload, frame->length);
	} else if (frame->type == WIRE_HOLE) {
		take_hole(frame);
	} else if (frame->type == WIRE_END) {
		heard.ended = 1;
		ck_assert_int_eq(
		    wire_read_end(frame->payload, frame->length, &heard.end),
		    0);
	} else {
		ck_assert_int_eq(frame->type, WIRE_ABORT);
		heard.aborted = 1;
		ck_assert_int_eq(
		    wire_read_reason(frame->payload, frame->length, &reason),
		    0);
		heard.status = reason.status;
		ck_assert_uint_eq(reason.text.length, strlen(outcome.text));
	}
}

/* Send what is queued, and hear it as the other side. */
static inline void
carry(struct conn *other)
{
	struct conn_frame frame;

	do {
		ck_assert_int_eq(conn_flush(&conn), 0);
		while (conn_next(other, &frame) == CONN_FRAME)
			take(&frame);
	} while (conn_fill(other) > 0 || conn_unsent(&conn) > 0);
}

/* Step until it is over; lazy: flush only when there is no room. */
static inline enum send_file_event
send_all(int lazy)
{
	struct conn other;
	enum send_file_event event;

	ck_assert_int_eq(
	    conn_init(&other, ends[1], ends[1], WIRE_FROM_CLIENT), 0);
	do {
		event = send_file_step(&file, &conn, &outcome);
		if (event == SEND_FILE_FULL || !lazy)
			carry(&other);
	} while (event == SEND_FILE_MORE || event == SEND_FILE_FULL);
	carry(&other);
	conn_release(&other);
	return event;
}

static inline void
check_whole(uint64_t size)
{
	ck_assert(heard.ended);
	ck_assert_uint_eq(heard.data + heard.holes, size);
	ck_assert_uint_eq(heard.end.size, size);
	ck_assert_uint_eq(heard.end.digest, digest_value(&heard.digest));
}

#endif
