/* SPDX-License-Identifier: ISC */
/* Every length and value on the wire, just valid and just invalid. */
#include <stdio.h>
#include <string.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* A frame header with this length, without a payload. */
struct length_case {
	enum wire_type type;
	enum {
		HELLO,
		READY,
		CONTENT,
		DISCARD
	} state;
	uint32_t length;
	int good;
};

static const struct length_case lengths[] = {
    {WIRE_BASE, HELLO, 0, 0},
    {WIRE_BASE, HELLO, 1 + WIRE_PATH_MAX, 1},
    {WIRE_BASE, HELLO, 2 + WIRE_PATH_MAX, 0},
    {WIRE_BASE, HELLO, UINT32_MAX, 0},
    {WIRE_PUT, READY, WIRE_REQUEST_SIZE - 1, 0},
    {WIRE_PUT, READY, WIRE_REQUEST_SIZE + WIRE_PATH_MAX, 1},
    {WIRE_PUT, READY, WIRE_REQUEST_SIZE + WIRE_PATH_MAX + 1, 0},
    {WIRE_PUT, READY, (uint32_t)INT32_MAX + 1, 0},
    {WIRE_PUT, READY, UINT32_MAX, 0},
    {WIRE_ASK, READY, WIRE_REQUEST_SIZE - 1, 0},
    {WIRE_ASK, READY, WIRE_REQUEST_SIZE + WIRE_PATH_MAX, 1},
    {WIRE_ASK, READY, WIRE_REQUEST_SIZE + WIRE_PATH_MAX + 1, 0},
    {WIRE_ASK, READY, WIRE_CONTROL_MAX + 1, 0},
    {WIRE_DIRECTORY, READY, WIRE_REQUEST_SIZE - 1, 0},
    {WIRE_DIRECTORY, READY, WIRE_REQUEST_SIZE + WIRE_PATH_MAX + 1, 0},
    {WIRE_DATA, CONTENT, 0, 0},
    {WIRE_DATA, CONTENT, 1, 1},
    {WIRE_DATA, DISCARD, WIRE_DATA_MAX - 1, 1},
    {WIRE_DATA, DISCARD, WIRE_DATA_MAX, 1},
    {WIRE_DATA, DISCARD, WIRE_DATA_MAX + 1, 0},
    {WIRE_DATA, DISCARD, INT32_MAX, 0},
    {WIRE_DATA, DISCARD, (uint32_t)INT32_MAX + 1, 0},
    {WIRE_DATA, DISCARD, UINT32_MAX, 0},
    {WIRE_HOLE, CONTENT, 7, 0},
    {WIRE_HOLE, CONTENT, 8, 1},
    {WIRE_HOLE, CONTENT, 9, 0},
    {WIRE_END, CONTENT, 15, 0},
    {WIRE_END, CONTENT, 16, 1},
    {WIRE_END, CONTENT, 17, 0},
    {WIRE_ABORT, CONTENT, 0, 0},
    {WIRE_ABORT, CONTENT, 1025, 1},
    {WIRE_ABORT, CONTENT, 1026, 0},
    {WIRE_WAITING, READY, 1, 0},
    {WIRE_BYE, READY, 1, 0},
    {WIRE_RESTART, DISCARD, 1, 0},
};

/* The server refuses a bad header at once; after a good one it waits. */
START_TEST(session_ends_when_a_length_is_wrong)
{
	const struct length_case *now = &lengths[_i];
	struct script *script = script_new();
	struct client peer;

	script_hello(script, WIRE_LOWEST, WIRE_LOWEST);
	if (now->state != HELLO)
		script_base(script, WIRE_BASE_DIRECTORY, "");
	if (now->state == CONTENT || now->state == DISCARD)
		script_request(script, WIRE_PUT, 1,
		    now->state == CONTENT ? "first" : "../first", 8, 0);
	script_frame_as(script, now->type, now->state == READY ? 2 : 1, NULL, 0,
	    now->length);
	peer_open(&peer, served.port, NULL);
	client_play(&peer, script);
	(void)client_greeting(&peer);
	if (now->good) {
		struct pollfd polled = {.fd = peer.fd, .events = POLLIN};
		io_time until = io_now() + 100;

		while (io_poll(&polled, 1, until) > 0 && client_next(&peer))
			ck_assert_int_ne(peer.frame.type, WIRE_FATAL);
	} else {
		peer_skip_to_error(&peer, "frame too");
	}
	client_close(&peer);
	peer_check_service(served.port, "after");
}
END_TEST

/* Invalid bytes in a request, and their offsets. */
static const struct {
	size_t offset;
	uint8_t byte;
} bad_bytes[] = {{0, 0}, {0, 3}, {1, 4}, {1, 0x80}, {3, 64}, {2, 1}, {6, 2},
    {4, 1}, {16, 0xff}, {28, 1}};

START_TEST(session_ends_when_a_value_is_wrong)
{
	struct script *script = script_new();
	struct client peer;
	size_t start;

	script_hello(script, WIRE_LOWEST, WIRE_LOWEST);
	script_base(script, WIRE_BASE_DIRECTORY, "");
	start = script->length + WIRE_HEADER;
	script_request(script, WIRE_ASK, 1, "f", 4, 0);
	script->bytes[start + bad_bytes[_i].offset] = bad_bytes[_i].byte;
	peer_start(&peer, served.port, script);
	peer_skip_to_error(&peer, "bad request");
	client_close(&peer);
	peer_check_service(served.port, "after");
}
END_TEST

START_TEST(session_ends_when_reserved_bits_are_set)
{
	for (size_t offset = 1; offset < 4; offset++) {
		struct script *script = script_new();
		struct client peer;
		size_t start;

		script_begin(script);
		start = script->length;
		script_request(script, WIRE_ASK, 1, "f", 4, 0);
		script->bytes[start + offset] = 1;
		peer_start(&peer, served.port, script);
		peer_skip_to_error(&peer, "unknown flag");
		client_close(&peer);
	}
}
END_TEST

/* Store "x" at a path of this length, with components of this length. */
static void
put_path(size_t length, size_t component, enum status status)
{
	static char path[WIRE_PATH_MAX + 2];
	struct script *script = script_new();
	struct client peer;

	/* Each length has its own letter, so that no path contains another. */
	memset(path, 'a' + (int)(length % 26), length);
	for (size_t i = component; i < length; i += component + 1)
		path[i] = '/';
	path[length] = '\0';
	script_begin(script);
	script_file(script, 1, path, "x");
	script_bye(script);
	peer_start(&peer, served.port, script);
	client_expect_result(&peer, 1, status);
	client_expect_end(&peer);
	client_close(&peer);
}

START_TEST(file_is_refused_when_its_path_is_too_long)
{
	put_path(254, 255, STATUS_STORED);
	put_path(255, 255, STATUS_STORED);
	put_path(256, 256, STATUS_REFUSED);
	put_path(4094, 250, STATUS_STORED);
	put_path(4095, 250, STATUS_STORED);
	put_path(4096, 250, STATUS_STORED);
	put_path(2 * WIRE_DEPTH_MAX - 1, 1, STATUS_STORED);
	put_path(2 * WIRE_DEPTH_MAX + 1, 1, STATUS_REFUSED);
}
END_TEST

START_TEST(file_is_refused_when_base_and_path_are_too_long)
{
	static const size_t totals[] = {4095, 4096, 4097};

	for (size_t i = 0; i < 3; i++) {
		struct script *script = script_new();
		char path[WIRE_PATH_MAX + 1];
		size_t length = totals[i] - strlen("base/");
		struct client peer;

		for (size_t k = 0; k < length; k++)
			path[k] = (k + 1) % 251 == 0 ? '/' : 'b';
		path[length] = '\0';
		script_hello(script, WIRE_LOWEST, WIRE_HIGHEST);
		script_base(script, WIRE_BASE_DIRECTORY, "base");
		script_file(script, 1, path, "x");
		script_bye(script);
		peer_start(&peer, served.port, script);
		client_expect_result(&peer, 1,
		    totals[i] <= WIRE_PATH_MAX ? STATUS_STORED
					       : STATUS_REFUSED);
		client_expect_end(&peer);
		client_close(&peer);
	}
}
END_TEST

START_TEST(file_is_refused_when_its_size_is_not_as_announced)
{
	struct script *script = script_new();
	struct client peer;

	script_begin(script);
	script_request(script, WIRE_PUT, 1, "less", 8, 0);
	script_frame(script, WIRE_DATA, 1, "1234567", 7);
	script_end_of(script, 1, "1234567", 7);
	script_request(script, WIRE_PUT, 2, "wrong", 4, 0);
	script_frame(script, WIRE_DATA, 2, "1234", 4);
	script_end(script, 2, 4, 0);
	script_request(script, WIRE_PUT, 3, "unknown", WIRE_SIZE_UNKNOWN, 0);
	script_frame(script, WIRE_DATA, 3, "1234", 4);
	script_end_of(script, 3, "1234", 4);
	script_request(script, WIRE_PUT, 4, "more", 4, 0);
	script_frame(script, WIRE_DATA, 4, "12345", 5);
	peer_start(&peer, served.port, script);
	peer_skip_to(&peer, WIRE_RESULT, 1);
	ck_assert_uint_eq(peer.payload[0], STATUS_DIGEST);
	peer_skip_to(&peer, WIRE_RESULT, 2);
	ck_assert_uint_eq(peer.payload[0], STATUS_DIGEST);
	peer_skip_to(&peer, WIRE_RESULT, 3);
	ck_assert_uint_eq(peer.payload[0], STATUS_STORED);
	peer_skip_to_error(&peer, "more content than was announced");
	client_close(&peer);
	ck_assert_int_eq(directory_count("in"), 1);
}
END_TEST

Suite *
values_suite(void)
{
	Suite *suite = suite_create("values");
	TCase *tcase = tcase_create("values");

	tcase_add_checked_fixture(tcase, peer_begin, peer_finish);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, session_ends_when_a_length_is_wrong, 0,
	    (int)(sizeof(lengths) / sizeof(lengths[0])));
	tcase_add_loop_test(tcase, session_ends_when_a_value_is_wrong, 0,
	    (int)(sizeof(bad_bytes) / sizeof(bad_bytes[0])));
	tcase_add_test(tcase, session_ends_when_reserved_bits_are_set);
	tcase_add_test(tcase, file_is_refused_when_its_path_is_too_long);
	tcase_add_test(tcase, file_is_refused_when_base_and_path_are_too_long);
	tcase_add_test(
	    tcase, file_is_refused_when_its_size_is_not_as_announced);
	suite_add_tcase(suite, tcase);
	return suite;
}
