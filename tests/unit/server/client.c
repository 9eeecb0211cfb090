/* SPDX-License-Identifier: ISC */
/* A client that says what a test wants said, and expects what must come. */
#include "tests/unit/server/client.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"

void
client_open(struct client *client, int fd)
{
	memset(client, 0, sizeof(*client));
	ck_assert_int_eq(io_set_blocking(fd, 0), 0);
	ck_assert_int_eq(conn_init(&client->conn, fd, fd, WIRE_FROM_SERVER), 0);
}

void
client_close(struct client *client)
{
	ck_assert_int_eq(close(client->conn.in), 0);
	conn_release(&client->conn);
}

void
client_flush(struct client *client)
{
	io_time deadline = io_now() + CLIENT_PATIENCE;

	do {
		ck_assert_msg(conn_flush(&client->conn) == 0, "writing: %s",
		    strerror(errno));
		if (conn_unsent(&client->conn) == 0)
			return;
		ck_assert_int_eq(conn_wait(&client->conn, 0, deadline), 0);
	} while (io_now() < deadline);
	ck_abort_msg("the server does not read");
}

void
client_say(struct client *client, const void *bytes, size_t length)
{
	client_flush(client);
	conn_queue_raw(&client->conn, bytes, length);
	client_flush(client);
}

void
client_queue(struct client *client, enum wire_type type, uint32_t request,
    const void *payload, size_t length)
{
	uint8_t *room = conn_reserve(&client->conn, length);

	if (room == NULL) {
		client_flush(client);
		room = conn_reserve(&client->conn, length);
	}
	ck_assert_ptr_nonnull(room);
	if (length > 0)
		memcpy(room, payload, length);
	conn_queue(&client->conn, type, request, length);
}

void
client_hello(struct client *client, unsigned lowest, unsigned highest)
{
	const struct wire_hello hello = {(uint16_t)lowest, (uint16_t)highest};
	uint8_t preamble[WIRE_HELLO];

	wire_write_hello(preamble, &hello);
	conn_queue_raw(&client->conn, preamble, sizeof(preamble));
}

void
client_base(struct client *client, enum wire_base_mode mode, const char *path)
{
	const struct wire_base base = {mode, {path, strlen(path)}};
	uint8_t payload[1 + 2 * WIRE_PATH_MAX];
	size_t length = wire_write_base(payload, &base);

	client_queue(client, WIRE_BASE, 0, payload, length);
}

void
client_request(struct client *client, enum wire_type type, uint32_t request,
    const char *path, uint64_t size, unsigned wishes)
{
	const struct wire_request announced = {.kind = type == WIRE_DIRECTORY
		? WIRE_KIND_DIRECTORY
		: WIRE_KIND_FILE,
	    .wishes = wishes,
	    .mode = 0644,
	    .size = size,
	    .path = {path, strlen(path)}};
	uint8_t payload[WIRE_REQUEST_SIZE + 2 * WIRE_PATH_MAX];
	size_t length = wire_write_request(payload, &announced);

	client_queue(client, type, request, payload, length);
}

uint64_t
client_digest(const void *content, size_t length)
{
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, content, length);
	return digest_value(&digest);
}

void
client_end(
    struct client *client, uint32_t request, const void *content, size_t length)
{
	const struct wire_end end = {length, client_digest(content, length)};
	uint8_t payload[16];
	size_t written = wire_write_end(payload, &end);

	client_queue(client, WIRE_END, request, payload, written);
}

void
client_abort(struct client *client, uint32_t request, enum status status,
    const char *text)
{
	const struct wire_reason reason = {status, {text, strlen(text)}};
	uint8_t payload[STATUS_TEXT];
	size_t length = wire_write_reason(payload, &reason);

	client_queue(client, WIRE_ABORT, request, payload, length);
}

void
client_put(struct client *client, uint32_t request, const char *path,
    const char *content)
{
	size_t length = strlen(content);

	client_request(client, WIRE_PUT, request, path, length, 0);
	if (length > 0)
		client_queue(client, WIRE_DATA, request, content, length);
	client_end(client, request, content, length);
}

/* Read more.  Returns 0 at the end; a reset is one, too. */
static int
wait_for_more(struct client *client, io_time deadline)
{
	struct conn *conn = &client->conn;
	ssize_t got;

	for (;;) {
		/* The server may have ended; what it said is still there. */
		if (conn_flush(conn) == -1)
			conn->output.start = conn->output.end = 0;
		got = conn_fill(conn);
		if (got > 0)
			return 1;
		if (got == 0 || errno == ECONNRESET)
			return 0;
		ck_assert_msg(errno == EAGAIN, "reading: %s", strerror(errno));
		ck_assert_int_eq(conn_wait(conn, 1, deadline), 0);
		ck_assert_msg(io_now() < deadline, "the server says nothing");
	}
}

struct wire_greeting
client_greeting(struct client *client)
{
	io_time deadline = io_now() + CLIENT_PATIENCE;
	struct wire_greeting greeting;
	const uint8_t *bytes;

	while ((bytes = conn_take(&client->conn, WIRE_GREETING)) == NULL)
		ck_assert_int_eq(wait_for_more(client, deadline), 1);
	ck_assert_int_eq(wire_read_greeting(bytes, &greeting), 0);
	return greeting;
}

static void
note_features(struct client *client)
{
	ck_assert_int_eq(wire_read_features(client->frame.payload,
			     client->frame.length, &client->features),
	    0);
	client->featured++;
}

int
client_next(struct client *client)
{
	io_time deadline = io_now() + CLIENT_PATIENCE;
	enum conn_event event;

	for (;;) {
		event = conn_next(&client->conn, &client->frame);
		ck_assert_int_ne(event, CONN_MALFORMED);
		if (event == CONN_FRAME && client->frame.type == WIRE_FEATURES)
			note_features(client);
		else if (event == CONN_FRAME &&
		    client->frame.type != WIRE_WORKING)
			return 1;
		if (event == CONN_NOTHING && !wait_for_more(client, deadline))
			return 0;
	}
}

/* The text of the last frame, for messages. */
static const char *
describe(const struct client *client)
{
	static char text[2 * STATUS_TEXT];
	const struct conn_frame *frame = &client->frame;
	size_t skip = frame->type == WIRE_RESULT ? WIRE_RESULT_SIZE
	    : frame->type == WIRE_FATAL		 ? 1
						 : frame->length;

	snprintf(text, sizeof(text), "%s of %u \"%.*s\"",
	    wire_type_name(frame->type), frame->request,
	    (int)(frame->length - skip), (const char *)frame->payload + skip);
	return text;
}

void
client_expect(struct client *client, enum wire_type type, uint32_t request)
{
	ck_assert_msg(client_next(client), "the end, instead of %s of %u",
	    wire_type_name(type), request);
	ck_assert_msg(
	    client->frame.type == type && client->frame.request == request,
	    "%s, instead of %s of %u", describe(client), wire_type_name(type),
	    request);
}

void
client_expect_based(
    struct client *client, const char *directory, const char *name)
{
	struct wire_based based;

	client_expect(client, WIRE_BASED, 0);
	ck_assert_int_eq(wire_read_based(client->frame.payload,
			     client->frame.length, &based),
	    0);
	ck_assert_uint_eq(based.directory.length, strlen(directory));
	ck_assert_mem_eq(
	    based.directory.bytes, directory, based.directory.length);
	ck_assert_uint_eq(based.name.length, strlen(name));
	ck_assert_mem_eq(based.name.bytes, name, based.name.length);
}

struct wire_result
client_expect_result(
    struct client *client, uint32_t request, enum status status)
{
	struct wire_result answer;

	client_expect(client, WIRE_RESULT, request);
	ck_assert_int_eq(wire_read_result(client->frame.payload,
			     client->frame.length, &answer),
	    0);
	ck_assert_msg(answer.status == status, "%s: %s, instead of %s",
	    describe(client), status_text(answer.status), status_text(status));
	if (status != STATUS_STORED)
		ck_assert(answer.size == 0 && answer.digest == 0);
	return answer;
}

void
client_expect_fatal(struct client *client, enum status status, const char *text)
{
	char said[STATUS_TEXT];
	struct wire_reason reason;

	client_expect(client, WIRE_FATAL, 0);
	ck_assert_int_eq(wire_read_reason(client->frame.payload,
			     client->frame.length, &reason),
	    0);
	snprintf(said, sizeof(said), "%.*s", (int)reason.text.length,
	    reason.text.bytes);
	ck_assert_msg(reason.status == status, "%s (%s), instead of %s",
	    status_text(reason.status), said, status_text(status));
	ck_assert_msg(strstr(said, text) != NULL, "%s", said);
}

void
client_expect_end(struct client *client)
{
	ck_assert_msg(
	    !client_next(client), "%s, instead of the end", describe(client));
}
