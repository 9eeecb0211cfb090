/* SPDX-License-Identifier: ISC */
/* Every frame in every state, as in the table of ftx-protocol(5). */
#include <stdio.h>
#include <string.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* The states of ftx-protocol(5); GO is "ready" after an ask. */
enum state {
	HELLO,
	READY,
	GO,
	CONTENT,
	DISCARD,
	STATES
};

/* The effect of a frame: the next state of the session, or its end. */
enum effect {
	ERROR,
	TO_READY,
	TO_GO, /* this ask or an earlier one awaits its content */
	TO_CONTENT,
	TO_DISCARD,
	TO_CLOSED
};

struct cell {
	enum wire_type type;
	enum effect effects[STATES];
};

static const struct cell table[] = {
    {WIRE_BASE, {TO_READY, ERROR, ERROR, ERROR, ERROR}},
    {WIRE_PUT, {ERROR, TO_CONTENT, TO_CONTENT, ERROR, ERROR}},
    {WIRE_ASK, {ERROR, TO_GO, TO_GO, ERROR, ERROR}},
    {WIRE_DIRECTORY, {ERROR, TO_READY, TO_READY, ERROR, ERROR}},
    {WIRE_DATA, {ERROR, ERROR, TO_CONTENT, TO_CONTENT, TO_DISCARD}},
    {WIRE_HOLE, {ERROR, ERROR, TO_CONTENT, TO_CONTENT, TO_DISCARD}},
    {WIRE_RESTART, {ERROR, ERROR, TO_CONTENT, ERROR, TO_DISCARD}},
    {WIRE_END, {ERROR, ERROR, TO_READY, TO_READY, TO_READY}},
    {WIRE_ABORT, {ERROR, ERROR, TO_READY, TO_READY, TO_READY}},
    {WIRE_WAITING, {ERROR, TO_READY, TO_GO, TO_CONTENT, TO_DISCARD}},
    {WIRE_BYE, {ERROR, TO_CLOSED, TO_CLOSED, ERROR, ERROR}},
    {WIRE_BASED, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {WIRE_GO, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {WIRE_RESULT, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {WIRE_WORKING, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {WIRE_FATAL, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {(enum wire_type)0, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {(enum wire_type)12, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {(enum wire_type)128, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {WIRE_FEATURES, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {(enum wire_type)135, {ERROR, ERROR, ERROR, ERROR, ERROR}},
    {(enum wire_type)255, {ERROR, ERROR, ERROR, ERROR, ERROR}},
};

#define CONTENT_LENGTH 8
#define FIRST 5	 /* number of the request that leads to the state */
#define SECOND 6 /* number of the request of a probe */

/* The highest version that the client's hello offers. */
static unsigned version = WIRE_HIGHEST;

/* Write frames that lead a new session to the state. */
static void
script_enter(struct script *script, enum state state)
{
	script_hello(script, WIRE_LOWEST, version);
	if (state == HELLO)
		return;
	script_base(script, WIRE_BASE_DIRECTORY, "");
	if (state == GO)
		script_request(
		    script, WIRE_ASK, FIRST, "first", CONTENT_LENGTH, 0);
	if (state == CONTENT || state == DISCARD)
		script_request(script, WIRE_PUT, FIRST,
		    state == CONTENT ? "first" : "../first", CONTENT_LENGTH, 0);
}

/* Add a valid frame of this type. */
static void
script_probe(struct script *script, enum wire_type type)
{
	uint8_t payload[64];
	size_t length = 0;
	const struct wire_reason reason = {STATUS_CANCELLED, {"", 0}};

	switch (type) {
	case WIRE_BASE:
		script_base(script, WIRE_BASE_DIRECTORY, "");
		return;
	case WIRE_PUT:
	case WIRE_ASK:
		script_request(
		    script, type, SECOND, "second", CONTENT_LENGTH, 0);
		return;
	case WIRE_DIRECTORY:
		script_request(script, type, SECOND, "sub", 0, 0);
		return;
	case WIRE_END:
		/* A wrong size and digest: the file is not published. */
		script_end(script, FIRST, 1, 1);
		return;
	case WIRE_DATA:
		script_frame(script, type, FIRST, "abcd", 4);
		return;
	case WIRE_HOLE:
		length = wire_write_hole(payload, 4);
		break;
	case WIRE_ABORT:
	case WIRE_FATAL:
		length = wire_write_reason(payload, &reason);
		break;
	default:
		break;
	}
	script_frame(script, type, FIRST, payload, length);
}

/* Return to "ready" from the state after the probe, and store a file. */
static void
script_leave(struct script *script, enum effect effect, enum wire_type probe)
{
	uint8_t payload[64];
	const struct wire_reason reason = {STATUS_CANCELLED, {"", 0}};
	size_t length = wire_write_reason(payload, &reason);
	uint32_t request = probe == WIRE_PUT ? SECOND : FIRST;

	if (effect == TO_CONTENT || effect == TO_DISCARD)
		script_frame(script, WIRE_ABORT, request, payload, length);
	script_file(script, 100, "proof", "proof");
	script_bye(script);
}

static void
check_cell(const struct cell *cell, enum state state)
{
	enum effect effect = cell->effects[state];
	struct script *script = script_new();
	struct wire_reason reason;
	struct client peer;

	script_enter(script, state);
	script_probe(script, cell->type);
	if (effect != ERROR && effect != TO_CLOSED)
		script_leave(script, effect, cell->type);
	peer_open(&peer, served.port, NULL);
	client_play(&peer, script);
	(void)client_greeting(&peer);
	if (effect == ERROR) {
		peer_skip_to(&peer, WIRE_FATAL, 0);
		ck_assert_int_eq(
		    wire_read_reason(peer.payload, peer.frame.length, &reason),
		    0);
		ck_assert_int_eq(reason.status, STATUS_PROTOCOL);
		ck_assert_uint_gt(reason.text.length, 0);
	} else if (effect != TO_CLOSED) {
		peer_skip_to(&peer, WIRE_RESULT, 100);
		ck_assert_uint_eq(peer.payload[0], STATUS_STORED);
	}
	while (client_next(&peer))
		ck_assert_int_ne(peer.frame.type, WIRE_FATAL);
	client_close(&peer);
}

START_TEST(server_handles_every_frame_in_every_state)
{
	version = (unsigned)_i / STATES + WIRE_LOWEST;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		/* If a test fails, libcheck prints its last mark. */
		mark_point();
		check_cell(&table[i], (enum state)(_i % STATES));
	}
	ck_assert(!file_exists("in/second"));
}
END_TEST

/* A frame of a request that is not the current one is an error. */
START_TEST(session_ends_when_a_frame_has_another_number)
{
	static const enum wire_type types[] = {
	    WIRE_DATA, WIRE_HOLE, WIRE_RESTART, WIRE_END, WIRE_ABORT};
	static const enum state states[] = {GO, CONTENT, DISCARD};

	for (size_t i = 0; i < 15; i++) {
		struct script *script = script_new();
		struct client peer;
		size_t start;

		script_enter(script, states[i / 5]);
		start = script->length;
		script_probe(script, types[i % 5]);
		script->bytes[start + 7] = FIRST + 1;
		peer_open(&peer, served.port, NULL);
		client_play(&peer, script);
		(void)client_greeting(&peer);
		peer_skip_to_error(&peer, "");
		client_close(&peer);
	}
}
END_TEST

START_TEST(session_ends_when_request_numbers_do_not_grow)
{
	static const uint32_t pairs[][2] = {
	    {0, 0}, {1, 1}, {2, 1}, {UINT32_MAX, 1}};

	for (size_t i = 0; i < 4; i++) {
		struct script *script = script_new();
		struct client peer;

		script_begin(script);
		if (pairs[i][0] != 0)
			script_file(script, pairs[i][0], "f", "x");
		script_request(script, WIRE_PUT, pairs[i][1], "g", 1, 0);
		peer_start(&peer, served.port, script);
		peer_skip_to_error(&peer, "not a new one");
		client_close(&peer);
	}
}
END_TEST

START_TEST(server_ignores_frames_after_bye)
{
	struct script *script = script_new();
	struct client peer;

	script_begin(script);
	script_file(script, 1, "f", "x");
	script_bye(script);
	script_probe(script, WIRE_DATA);
	peer_start(&peer, served.port, script);
	peer_skip_to(&peer, WIRE_RESULT, 1);
	client_expect_end(&peer);
	client_close(&peer);
}
END_TEST

Suite *
states_suite(void)
{
	Suite *suite = suite_create("states");
	TCase *tcase = tcase_create("states");

	tcase_add_checked_fixture(tcase, peer_begin, peer_finish);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, server_handles_every_frame_in_every_state, 0,
	    STATES * WIRE_HIGHEST);
	tcase_add_test(tcase, session_ends_when_a_frame_has_another_number);
	tcase_add_test(tcase, session_ends_when_request_numbers_do_not_grow);
	tcase_add_test(tcase, server_ignores_frames_after_bye);
	suite_add_tcase(suite, tcase);
	return suite;
}
