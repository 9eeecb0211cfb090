/* SPDX-License-Identifier: ISC */
/* A client without manners: it says to ftxd whatever a test wants said. */
#include "tests/system/peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digest.h"
#include "tests/system/harness.h"

struct script *
script_new(void)
{
	static struct script script;

	script.length = 0;
	return &script;
}

void
script_bytes(struct script *script, const void *bytes, size_t length)
{
	ck_assert_uint_le(script->length + length, SCRIPT_MAX);
	if (length > 0)
		memcpy(script->bytes + script->length, bytes, length);
	script->length += length;
}

void
script_hello(struct script *script, unsigned lowest, unsigned highest)
{
	struct wire_hello hello = {(uint16_t)lowest, (uint16_t)highest};
	uint8_t bytes[WIRE_HELLO];

	wire_write_hello(bytes, &hello);
	script_bytes(script, bytes, sizeof(bytes));
}

void
script_frame_said(struct script *script, unsigned type, uint32_t request,
    const void *payload, size_t length, uint32_t said)
{
	struct wire_frame frame = {
	    .type = (enum wire_type)type, .request = request, .length = said};
	uint8_t header[WIRE_HEADER];

	wire_write_header(header, &frame);
	script_bytes(script, header, sizeof(header));
	script_bytes(script, payload, length);
}

void
script_frame(struct script *script, unsigned type, uint32_t request,
    const void *payload, size_t length)
{
	script_frame_said(
	    script, type, request, payload, length, (uint32_t)length);
}

void
script_base(struct script *script, enum wire_base_mode mode, const char *path)
{
	struct wire_base base = {mode, {path, strlen(path)}};
	uint8_t payload[WIRE_CONTROL_MAX];

	script_frame(
	    script, WIRE_BASE, 0, payload, wire_write_base(payload, &base));
}

void
script_begin(struct script *script)
{
	script_hello(script, WIRE_LOWEST, WIRE_HIGHEST);
	script_base(script, WIRE_BASE_DIRECTORY, "");
}

void
script_request(struct script *script, enum wire_type type, uint32_t request,
    const char *path, uint64_t size, unsigned wishes)
{
	uint8_t payload[WIRE_CONTROL_MAX];
	struct wire_request wanted = {.kind = type == WIRE_DIRECTORY
		? WIRE_KIND_DIRECTORY
		: WIRE_KIND_FILE,
	    .wishes = wishes,
	    .mode = 0644,
	    .size = size,
	    .path = {path, strlen(path)}};

	script_frame(script, type, request, payload,
	    wire_write_request(payload, &wanted));
}

void
script_end(
    struct script *script, uint32_t request, uint64_t size, uint64_t digest)
{
	struct wire_end end = {size, digest};
	uint8_t payload[WIRE_CONTROL_MAX];

	script_frame(
	    script, WIRE_END, request, payload, wire_write_end(payload, &end));
}

void
script_end_of(
    struct script *script, uint32_t request, const void *content, size_t length)
{
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, content, length);
	script_end(script, request, length, digest_value(&digest));
}

void
script_file(struct script *script, uint32_t request, const char *path,
    const char *content)
{
	size_t length = strlen(content);

	script_request(script, WIRE_PUT, request, path, length, 0);
	if (length > 0)
		script_frame(script, WIRE_DATA, request, content, length);
	script_end_of(script, request, content, length);
}

void
script_abort(struct script *script, uint32_t request, const char *text)
{
	const struct wire_reason reason = {
	    STATUS_CANCELLED, {text, strlen(text)}};
	uint8_t payload[WIRE_CONTROL_MAX];

	script_frame(script, WIRE_ABORT, request, payload,
	    wire_write_reason(payload, &reason));
}

void
script_bye(struct script *script)
{
	script_frame(script, WIRE_BYE, 0, NULL, 0);
}

static struct sockaddr_in
address_of(const char *host, unsigned port)
{
	struct sockaddr_in address;

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_port = htons((uint16_t)port);
	ck_assert_int_eq(inet_pton(AF_INET, host, &address.sin_addr), 1);
	return address;
}

void
peer_open(struct peer *peer, unsigned port, const char *from)
{
	struct sockaddr_in address = address_of("127.0.0.1", port);

	peer->features = 0;
	peer->fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ge(peer->fd, 0);
	ck_assert_int_eq(io_close_on_exec(peer->fd), 0);
	if (from != NULL) {
		struct sockaddr_in local = address_of(from, 0);

		ck_assert_int_eq(
		    bind(peer->fd, (struct sockaddr *)&local, sizeof(local)),
		    0);
	}
	ck_assert_int_eq(
	    connect(peer->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

void
peer_close(struct peer *peer)
{
	close(peer->fd);
	peer->fd = -1;
}

void
peer_reset(struct peer *peer)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	ck_assert_int_eq(
	    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	peer_close(peer);
}

void
peer_say(struct peer *peer, const void *bytes, size_t length)
{
	/* A failure means that the server has ended it, which tests look at. */
	(void)io_write_all(peer->fd, bytes, length);
}

void
peer_play(struct peer *peer, const struct script *script)
{
	peer_say(peer, script->bytes, script->length);
}

/* Read exactly so much.  Returns 1, or 0 if the stream ended before. */
static int
read_whole(struct peer *peer, uint8_t *buffer, size_t length)
{
	io_time deadline = io_now() + HARNESS_PATIENCE;
	size_t done = 0;

	while (done < length) {
		struct pollfd polled = {.fd = peer->fd, .events = POLLIN};
		ssize_t count;

		ck_assert_msg(io_now() < deadline, "the server says nothing");
		if (io_poll(&polled, 1, deadline) <= 0)
			continue;
		count = io_read(peer->fd, buffer + done, length - done);
		if (count < 0 && errno != ECONNRESET)
			ck_abort_msg("read: %s", strerror(errno));
		if (count <= 0)
			return 0;
		done += (size_t)count;
	}
	return 1;
}

void
peer_greeted(struct peer *peer, struct wire_greeting *greeting)
{
	uint8_t bytes[WIRE_GREETING];

	ck_assert_msg(
	    read_whole(peer, bytes, sizeof(bytes)), "no greeting came");
	ck_assert_int_eq(wire_read_greeting(bytes, greeting), 0);
}

/* What says nothing of a request. */
static int
is_aside(struct peer *peer)
{
	if (peer->frame.type == WIRE_FEATURES)
		ck_assert_int_eq(wire_read_features(peer->payload,
				     peer->frame.length, &peer->features),
		    0);
	return peer->frame.type == WIRE_FEATURES ||
	    peer->frame.type == WIRE_WORKING;
}

int
peer_next(struct peer *peer)
{
	uint8_t header[WIRE_HEADER];
	const char *reason;

	do {
		if (!read_whole(peer, header, sizeof(header)))
			return 0;
		ck_assert_msg(wire_read_header(header, WIRE_FROM_SERVER,
				  &peer->frame, &reason) == 0,
		    "%s", reason);
		ck_assert_msg(
		    read_whole(peer, peer->payload, peer->frame.length),
		    "the stream ends within a frame");
		peer->payload[peer->frame.length] = '\0';
	} while (is_aside(peer));
	return 1;
}

void
peer_expect(struct peer *peer, enum wire_type type)
{
	ck_assert_msg(peer_next(peer), "the stream ended before %s",
	    wire_type_name(type));
	ck_assert_msg(peer->frame.type == type, "%s came instead of %s: %s",
	    wire_type_name(peer->frame.type), wire_type_name(type),
	    peer_text(peer));
}

void
peer_skip_to(struct peer *peer, enum wire_type type, uint32_t request)
{
	do {
		ck_assert_msg(peer_next(peer), "the stream ended");
		ck_assert_msg(
		    type == WIRE_FATAL || peer->frame.type != WIRE_FATAL,
		    "fatal: %s", peer_text(peer));
	} while (peer->frame.type != type || peer->frame.request != request);
}

void
peer_expect_result(struct peer *peer, uint32_t request, enum status status)
{
	struct wire_result answer;

	peer_expect(peer, WIRE_RESULT);
	ck_assert_int_eq(
	    wire_read_result(peer->payload, peer->frame.length, &answer), 0);
	ck_assert_uint_eq(peer->frame.request, request);
	ck_assert_msg(answer.status == status, "%s instead of %s: %s",
	    status_text(answer.status), status_text(status), peer_text(peer));
}

void
peer_expect_fatal(struct peer *peer, enum status status)
{
	struct wire_reason reason;

	peer_expect(peer, WIRE_FATAL);
	ck_assert_int_eq(
	    wire_read_reason(peer->payload, peer->frame.length, &reason), 0);
	ck_assert_msg(reason.status == status, "%s instead of %s: %s",
	    status_text(reason.status), status_text(status), peer_text(peer));
	peer_expect_end(peer);
}

void
peer_skip_to_error(struct peer *peer, const char *text)
{
	peer_skip_to(peer, WIRE_FATAL, 0);
	ck_assert_msg(peer->payload[0] == STATUS_PROTOCOL &&
		strstr(peer_text(peer), text) != NULL,
	    "not \"%s\": %s", text, peer_text(peer));
	peer_expect_end(peer);
}

void
peer_expect_end(struct peer *peer)
{
	ck_assert_msg(!peer_next(peer), "%s came instead of the end: %s",
	    wire_type_name(peer->frame.type), peer_text(peer));
}

const char *
peer_text(struct peer *peer)
{
	struct wire_result answer;
	struct wire_reason reason;

	if (peer->frame.type == WIRE_RESULT &&
	    wire_read_result(peer->payload, peer->frame.length, &answer) == 0)
		return answer.text.bytes;
	if (peer->frame.type == WIRE_FATAL &&
	    wire_read_reason(peer->payload, peer->frame.length, &reason) == 0)
		return reason.text.bytes;
	return "";
}

void
peer_start(struct peer *peer, unsigned port, const struct script *script)
{
	struct wire_greeting greeting;

	peer_open(peer, port, NULL);
	peer_play(peer, script);
	peer_greeted(peer, &greeting);
	ck_assert_uint_eq(greeting.state, WIRE_READY);
	peer_expect(peer, WIRE_BASED);
}

void
peer_check_service(unsigned port, const char *name)
{
	struct script *script = script_new();
	struct peer peer;

	script_begin(script);
	script_file(script, 1, name, "served");
	script_bye(script);
	peer_start(&peer, port, script);
	peer_expect_result(&peer, 1, STATUS_STORED);
	peer_expect_end(&peer);
	peer_close(&peer);
}

void
peer_arrive(struct peer *peer, unsigned port)
{
	struct wire_greeting greeting;

	peer_open(peer, port, NULL);
	peer_greeted(peer, &greeting);
}

void
peer_visit(unsigned port)
{
	struct peer peer;

	peer_arrive(&peer, port);
	peer_close(&peer);
}
