/* SPDX-License-Identifier: ISC */
/* Fuzz wire: a frame that is read and written again has the same bytes. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/conn.h"
#include "common/wire.h"
#include "tests/fuzz/fuzz.h"

static uint8_t written[WIRE_CONTROL_MAX];

/* Read and write a payload.  Returns the length, or 0 if it is invalid. */
static size_t
repeat_client(const struct conn_frame *frame)
{
	const uint8_t *in = frame->payload;
	size_t length = frame->length;
	struct wire_base base;
	struct wire_request request;
	uint64_t hole;
	struct wire_end end;

	switch (frame->type) {
	case WIRE_BASE:
		return wire_read_base(in, length, &base) == 0
		    ? wire_write_base(written, &base)
		    : 0;
	case WIRE_PUT:
	case WIRE_ASK:
	case WIRE_DIRECTORY:
		return wire_read_request(in, length, &request) == 0
		    ? wire_write_request(written, &request)
		    : 0;
	case WIRE_HOLE:
		return wire_read_hole(in, length, &hole) == 0
		    ? wire_write_hole(written, hole)
		    : 0;
	case WIRE_END:
		return wire_read_end(in, length, &end) == 0
		    ? wire_write_end(written, &end)
		    : 0;
	default:
		return 0;
	}
}

static size_t
repeat_either(const struct conn_frame *frame)
{
	const uint8_t *in = frame->payload;
	size_t length = frame->length;
	struct wire_based based;
	struct wire_go go;
	struct wire_result result;
	struct wire_reason reason;
	uint64_t features;

	switch (frame->type) {
	case WIRE_BASED:
		return wire_read_based(in, length, &based) == 0
		    ? wire_write_based(written, &based)
		    : 0;
	case WIRE_GO:
		return wire_read_go(in, length, &go) == 0
		    ? wire_write_go(written, &go)
		    : 0;
	case WIRE_RESULT:
		return wire_read_result(in, length, &result) == 0
		    ? wire_write_result(written, &result)
		    : 0;
	case WIRE_ABORT:
	case WIRE_FATAL:
		return wire_read_reason(in, length, &reason) == 0
		    ? wire_write_reason(written, &reason)
		    : 0;
	case WIRE_FEATURES:
		return wire_read_features(in, length, &features) == 0
		    ? wire_write_features(written, features)
		    : 0;
	default:
		return repeat_client(frame);
	}
}

static void
check_frame(const struct conn_frame *frame)
{
	size_t length = repeat_either(frame);

	fuzz_check(frame->length <= WIRE_DATA_MAX);
	fuzz_check(wire_type_name(frame->type)[0] != '\0');
	fuzz_check(length == 0 ||
	    (length == frame->length &&
		memcmp(written, frame->payload, length) == 0));
}

/* Read the preamble and the frames, up to the first invalid one. */
static void
check_stream(struct conn *conn)
{
	struct wire_greeting greeting;
	struct wire_hello hello;
	struct conn_frame frame;
	enum conn_event event;
	const uint8_t *preamble = NULL;

	do {
		if (preamble == NULL)
			preamble = conn_take(conn, WIRE_GREETING);
		if (preamble == NULL)
			continue;
		(void)wire_read_greeting(preamble, &greeting);
		(void)wire_read_hello(preamble, &hello);
		while ((event = conn_next(conn, &frame)) == CONN_FRAME)
			check_frame(&frame);
		if (event == CONN_MALFORMED) {
			fuzz_check(frame.reason != NULL);
			return;
		}
	} while (conn_fill(conn) > 0);
}

/* The first byte selects the side that sends the frames. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wire_side side;
	struct conn conn;
	int ends[2];

	if (size == 0)
		return 0;
	side = data[0] % 2 == 0 ? WIRE_FROM_CLIENT : WIRE_FROM_SERVER;
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	fuzz_check(io_set_blocking(ends[0], 0) == 0);
	fuzz_check(conn_init(&conn, ends[0], ends[0], side) == 0);
	fuzz_check(io_write_all(ends[1], data + 1, size - 1) == 0);
	check_stream(&conn);
	conn_release(&conn);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
