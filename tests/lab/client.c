/* SPDX-License-Identifier: ISC */
/* A client of ftxd for tests: it sends any frame, and checks the replies. */
#include "tests/lab/client.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"

void
client_open(struct client *client, int fd)
{
	memset(client, 0, sizeof(*client));
	client->fd = fd;
	ck_assert_int_eq(io_set_blocking(fd, 0), 0);
	client->frame.payload = client->payload;
}

void
client_close(struct client *client)
{
	ck_assert_int_eq(close(client->fd), 0);
	client->fd = -1;
	free(client->queue.bytes);
	client->queue = (struct script){0};
}

int
client_write(struct client *client)
{
	struct script *queue = &client->queue;

	while (queue->length > 0) {
		ssize_t count =
		    io_write(client->fd, queue->bytes, queue->length);

		if (count == -1)
			return errno == EAGAIN ? 0 : -1;
		queue->length -= (size_t)count;
		memmove(queue->bytes, queue->bytes + count, queue->length);
	}
	return 0;
}

/* Returns 0, or -1 with errno and an empty queue. */
static int
write_all(struct client *client)
{
	io_time deadline = io_now() + CLIENT_TIMEOUT;

	while (client_write(client) == 0) {
		struct pollfd polled = {.fd = client->fd, .events = POLLOUT};

		if (client->queue.length == 0)
			return 0;
		ck_assert_msg(io_now() < deadline, "the server does not read");
		(void)io_poll(&polled, 1, deadline);
	}
	client->queue.length = 0;
	return -1;
}

void
client_flush(struct client *client)
{
	ck_assert_msg(write_all(client) == 0, "writing: %s", strerror(errno));
}

void
client_send(struct client *client, const void *bytes, size_t length)
{
	script_bytes(&client->queue, bytes, length);
	/* If the server has ended, the test finds out when it reads. */
	(void)write_all(client);
}

void
client_play(struct client *client, const struct script *script)
{
	client_send(client, script->bytes, script->length);
}

void
client_queue(struct client *client, enum wire_type type, uint32_t request,
    const void *payload, size_t length)
{
	script_frame(&client->queue, type, request, payload, length);
}

void
client_hello(struct client *client, unsigned lowest, unsigned highest)
{
	script_hello(&client->queue, lowest, highest);
}

void
client_base(struct client *client, enum wire_base_mode mode, const char *path)
{
	script_base(&client->queue, mode, path);
}

void
client_request(struct client *client, enum wire_type type, uint32_t request,
    const char *path, uint64_t size, unsigned wishes)
{
	script_request(&client->queue, type, request, path, size, wishes);
}

void
client_end(
    struct client *client, uint32_t request, const void *content, size_t length)
{
	script_end_of(&client->queue, request, content, length);
}

void
client_abort(struct client *client, uint32_t request, enum status status,
    const char *text)
{
	script_abort(&client->queue, request, status, text);
}

void
client_put(struct client *client, uint32_t request, const char *path,
    const char *content)
{
	script_file(&client->queue, request, path, content);
}

/*
 * Read exactly length bytes, and write the queue meanwhile.  Returns 1, or 0 if
 * the stream was ended or reset before.
 */
static int
read_all(struct client *client, uint8_t *bytes, size_t length)
{
	io_time deadline = io_now() + CLIENT_TIMEOUT;

	while (length > 0) {
		struct pollfd polled = {.fd = client->fd, .events = POLLIN};
		ssize_t count;

		/* If the server has ended, still read its last frames. */
		if (client_write(client) == -1)
			client->queue.length = 0;
		if (client->queue.length > 0)
			polled.events |= POLLOUT;
		ck_assert_msg(io_now() < deadline, "the server is silent");
		if (io_poll(&polled, 1, deadline) <= 0)
			continue;
		count = io_read(client->fd, bytes, length);
		if (count == -1 && errno == EAGAIN)
			continue;
		ck_assert_msg(count >= 0 || errno == ECONNRESET, "reading: %s",
		    strerror(errno));
		if (count <= 0)
			return 0;
		bytes += count;
		length -= (size_t)count;
	}
	return 1;
}

struct wire_greeting
client_greeting(struct client *client)
{
	struct wire_greeting greeting;
	uint8_t bytes[WIRE_GREETING];

	ck_assert_msg(
	    read_all(client, bytes, sizeof(bytes)), "no greeting came");
	ck_assert_int_eq(wire_read_greeting(bytes, &greeting), 0);
	return greeting;
}

/* Nonzero for a frame that client_next skips.  Stores the features. */
static int
is_skipped(struct client *client)
{
	const struct conn_frame *frame = &client->frame;

	if (frame->type == WIRE_FEATURES) {
		ck_assert_int_eq(wire_read_features(frame->payload,
				     frame->length, &client->features),
		    0);
		client->featured++;
	}
	return frame->type == WIRE_FEATURES || frame->type == WIRE_WORKING;
}

int
client_receive(struct client *client)
{
	uint8_t header[WIRE_HEADER];
	struct wire_frame frame;
	const char *reason;

	if (!read_all(client, header, sizeof(header)))
		return 0;
	ck_assert_msg(
	    wire_read_header(header, WIRE_FROM_SERVER, &frame, &reason) == 0,
	    "%s", reason);
	ck_assert_msg(read_all(client, client->payload, frame.length),
	    "the stream ends within a frame");
	client->payload[frame.length] = '\0';
	client->frame = (struct conn_frame){.type = frame.type,
	    .request = frame.request,
	    .payload = client->payload,
	    .length = frame.length};
	return 1;
}

int
client_next(struct client *client)
{
	do
		if (!client_receive(client))
			return 0;
	while (is_skipped(client));
	return 1;
}

const char *
client_text(struct client *client)
{
	const struct conn_frame *frame = &client->frame;
	struct wire_result result;
	struct wire_reason reason;

	if (frame->type == WIRE_RESULT &&
	    wire_read_result(frame->payload, frame->length, &result) == 0)
		return result.text.bytes;
	if (frame->type == WIRE_FATAL &&
	    wire_read_reason(frame->payload, frame->length, &reason) == 0)
		return reason.text.bytes;
	return "";
}

void
client_expect(struct client *client, enum wire_type type, uint32_t request)
{
	const struct conn_frame *frame = &client->frame;

	ck_assert_msg(client_next(client), "the stream ended before %s of %u",
	    wire_type_name(type), request);
	ck_assert_msg(frame->type == type && frame->request == request,
	    "%s of %u came instead of %s of %u: %s",
	    wire_type_name(frame->type), frame->request, wire_type_name(type),
	    request, client_text(client));
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
	struct wire_result result;

	client_expect(client, WIRE_RESULT, request);
	ck_assert_int_eq(wire_read_result(client->frame.payload,
			     client->frame.length, &result),
	    0);
	ck_assert_msg(result.status == status, "%s instead of %s: %s",
	    status_text(result.status), status_text(status),
	    client_text(client));
	if (status != STATUS_STORED)
		ck_assert(result.size == 0 && result.digest == 0);
	return result;
}

void
client_expect_fatal(struct client *client, enum status status, const char *text)
{
	struct wire_reason reason;

	client_expect(client, WIRE_FATAL, 0);
	ck_assert_int_eq(wire_read_reason(client->frame.payload,
			     client->frame.length, &reason),
	    0);
	ck_assert_msg(reason.status == status, "%s instead of %s: %s",
	    status_text(reason.status), status_text(status),
	    client_text(client));
	ck_assert_msg(strstr(client_text(client), text) != NULL,
	    "no \"%s\" in \"%s\"", text, client_text(client));
}

void
client_expect_nothing(struct client *client)
{
	struct pollfd polled = {.fd = client->fd, .events = POLLIN};

	ck_assert_int_eq(poll(&polled, 1, 0), 0);
}

void
client_expect_end(struct client *client)
{
	ck_assert_msg(!client_next(client), "%s came instead of the end: %s",
	    wire_type_name(client->frame.type), client_text(client));
}
