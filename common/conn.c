/* SPDX-License-Identifier: ISC */
/* A framed connection over two descriptors, both directions at once. */
#include "common/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int
buffer_init(struct conn_buffer *buffer, size_t capacity)
{
	buffer->bytes = malloc(capacity);
	buffer->start = buffer->end = 0;
	buffer->capacity = capacity;
	return buffer->bytes != NULL ? 0 : -1;
}

static size_t
buffer_length(const struct conn_buffer *buffer)
{
	return buffer->end - buffer->start;
}

/* Take length bytes from the front; the buffer holds at least as many. */
static const uint8_t *
buffer_take(struct conn_buffer *buffer, size_t length)
{
	const uint8_t *at = buffer->bytes + buffer->start;

	buffer->start += length;
	return at;
}

/* Move the contents to the front, so that all free space follows them. */
static void
buffer_compact(struct conn_buffer *buffer)
{
	size_t length = buffer_length(buffer);

	if (length > 0 && buffer->start > 0)
		memmove(buffer->bytes, buffer->bytes + buffer->start, length);
	buffer->start = 0;
	buffer->end = length;
}

int
conn_init(struct conn *conn, int in, int out, enum wire_side peer)
{
	memset(conn, 0, sizeof(*conn));
	conn->in = in;
	conn->out = out;
	conn->also = -1;
	conn->peer = peer;
	conn->send_until = UINT64_MAX;
	if (buffer_init(&conn->input, CONN_INPUT) == -1)
		return -1;
	if (buffer_init(&conn->output, CONN_OUTPUT) == -1) {
		conn_release(conn);
		return -1;
	}
	return 0;
}

void
conn_release(struct conn *conn)
{
	free(conn->input.bytes);
	free(conn->output.bytes);
	conn->input.bytes = conn->output.bytes = NULL;
}

const uint8_t *
conn_take(struct conn *conn, size_t length)
{
	if (buffer_length(&conn->input) < length)
		return NULL;
	return buffer_take(&conn->input, length);
}

static enum conn_event
next_piece(struct conn *conn, struct conn_frame *frame)
{
	size_t length = buffer_length(&conn->input);

	if (length == 0)
		return CONN_NOTHING;
	if (length > conn->data_left)
		length = conn->data_left;
	conn->data_left -= length;
	frame->type = conn->frame.type;
	frame->request = conn->frame.request;
	frame->payload = buffer_take(&conn->input, length);
	frame->length = length;
	return CONN_FRAME;
}

enum conn_event
conn_next(struct conn *conn, struct conn_frame *frame)
{
	struct conn_buffer *input = &conn->input;

	if (conn->data_left > 0)
		return next_piece(conn, frame);
	if (buffer_length(input) < WIRE_HEADER)
		return CONN_NOTHING;
	if (wire_read_header(input->bytes + input->start, conn->peer,
		&conn->frame, &frame->reason) == -1)
		return CONN_MALFORMED;
	if (conn->frame.type == WIRE_DATA) {
		(void)buffer_take(input, WIRE_HEADER);
		conn->data_left = conn->frame.length;
		return next_piece(conn, frame);
	}
	if (buffer_length(input) < WIRE_HEADER + conn->frame.length)
		return CONN_NOTHING;
	(void)buffer_take(input, WIRE_HEADER);
	frame->type = conn->frame.type;
	frame->request = conn->frame.request;
	frame->length = conn->frame.length;
	frame->payload = buffer_take(input, frame->length);
	return CONN_FRAME;
}

ssize_t
conn_fill(struct conn *conn)
{
	struct conn_buffer *input = &conn->input;
	ssize_t got;

	buffer_compact(input);
	got = io_read(
	    conn->in, input->bytes + input->end, input->capacity - input->end);
	if (got == 0)
		conn->ended = 1;
	if (got > 0) {
		input->end += (size_t)got;
		conn->received += (uint64_t)got;
	}
	return got;
}

size_t
conn_unsent(const struct conn *conn)
{
	return conn->inserted_left + buffer_length(&conn->output);
}

uint8_t *
conn_reserve(struct conn *conn, size_t size)
{
	struct conn_buffer *output = &conn->output;
	size_t needed = WIRE_HEADER + size;

	if (buffer_length(output) == 0 ||
	    output->capacity - output->end < needed)
		buffer_compact(output);
	if (output->capacity - output->end < needed)
		return NULL;
	return output->bytes + output->end + WIRE_HEADER;
}

void
conn_queue(
    struct conn *conn, enum wire_type type, uint32_t request, size_t length)
{
	struct conn_buffer *output = &conn->output;
	struct wire_frame frame = {type, request, (uint32_t)length};

	wire_write_header(output->bytes + output->end, &frame);
	output->end += WIRE_HEADER + length;
}

void
conn_queue_raw(struct conn *conn, const void *bytes, size_t length)
{
	struct conn_buffer *output = &conn->output;

	if (buffer_length(output) == 0)
		buffer_compact(output);
	memcpy(output->bytes + output->end, bytes, length);
	output->end += length;
}

int
conn_insert(struct conn *conn, enum wire_type type, uint32_t request)
{
	const struct wire_frame frame = {type, request, 0};

	if (conn_unsent(conn) > 0)
		return -1;
	wire_write_header(conn->inserted, &frame);
	conn->inserted_left = WIRE_HEADER;
	return 0;
}

/* The number of queued bytes below send_until. */
static size_t
sendable(const struct conn *conn)
{
	size_t length = conn_unsent(conn);
	uint64_t allowed = conn->send_until - conn->sent;

	return length < allowed ? length : (size_t)allowed;
}

/* Write once, an inserted frame first.  Returns like io_write. */
static ssize_t
write_some(struct conn *conn, size_t size)
{
	struct conn_buffer *output = &conn->output;
	size_t left = conn->inserted_left;
	ssize_t put;

	if (left == 0) {
		put = io_write(conn->out, output->bytes + output->start, size);
		output->start += put > 0 ? (size_t)put : 0;
	} else {
		put = io_write(conn->out, conn->inserted + (WIRE_HEADER - left),
		    size < left ? size : left);
		conn->inserted_left -= put > 0 ? (size_t)put : 0;
	}
	return put;
}

int
conn_flush(struct conn *conn)
{
	while (sendable(conn) > 0) {
		ssize_t put = write_some(conn, sendable(conn));

		if (put == -1 && errno != EAGAIN && errno != EWOULDBLOCK)
			return -1;
		if (put <= 0)
			return 0;
		conn->sent += (uint64_t)put;
	}
	return 0;
}

void
conn_polls(const struct conn *conn, int reading, struct pollfd wait[CONN_POLLS])
{
	wait[0] =
	    (struct pollfd){.fd = reading ? conn->in : -1, .events = POLLIN};
	wait[1] = (struct pollfd){
	    .fd = sendable(conn) > 0 ? conn->out : -1, .events = POLLOUT};
	wait[2] = (struct pollfd){.fd = conn->also, .events = POLLIN};
}

int
conn_wait(struct conn *conn, int reading, io_time deadline)
{
	struct pollfd wait[CONN_POLLS];

	conn_polls(conn, reading, wait);
	return io_poll(wait, CONN_POLLS, deadline) == -1 ? -1 : 0;
}

/* Send all that is queued.  Returns 0, or -1 on an error or the deadline. */
static int
send_rest(struct conn *conn, io_time deadline)
{
	while (conn_flush(conn) == 0) {
		if (conn_unsent(conn) == 0)
			return 0;
		if (io_now() >= deadline || conn_wait(conn, 0, deadline) == -1)
			return -1;
	}
	return -1;
}

void
conn_linger(struct conn *conn, int64_t milliseconds, uint64_t limit)
{
	io_time deadline = io_now() + milliseconds;
	uint64_t last = conn->received + limit;

	/* shutdown(2) fails on a pipe; its owner ends it with close(2). */
	if (send_rest(conn, deadline) == -1 ||
	    shutdown(conn->out, SHUT_WR) == -1)
		conn->ended = 1;
	while (!conn->ended && conn->received < last && io_now() < deadline) {
		conn->input.start = conn->input.end = 0;
		if (conn_fill(conn) == -1 &&
		    (errno != EAGAIN || conn_wait(conn, 1, deadline) == -1))
			conn->ended = 1;
	}
}
