/* SPDX-License-Identifier: ISC */
/* Every frame of a server in every state of ftx, and false values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/conn.h"
#include "common/digest.h"
#include "tests/lab/script.h"
#include "tests/system/fake.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/suites.h"

/* The state of the client when the frame comes. */
enum state {
	NOTHING,  /* no greeting yet */
	REFUSING, /* the greeting was a refusal */
	GREETED,
	SENT,  /* the base is accepted, a whole put was sent */
	ASKED, /* the base is accepted, an ask waits */
	GOING, /* the ask got its "go", its content was sent */
	STATES
};

/* The outcome of the run.  All but GOES_ON are exit statuses. */
enum {
	GOES_ON = -1,
	STORED = 0,
	PROTOCOL = 2,
	REFUSED = 5,
	NO_SPACE = 28,
	BUSY = 75
};

/* Not a type on the wire: a result that reports a failure. */
#define FAILURE 256

static const struct cell {
	int type;
	int effects[STATES];
} table[] = {
    {WIRE_BASED, {PROTOCOL, PROTOCOL, GOES_ON, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_GO, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, GOES_ON, PROTOCOL}},
    {WIRE_RESULT, {PROTOCOL, PROTOCOL, PROTOCOL, STORED, PROTOCOL, STORED}},
    {FAILURE, {PROTOCOL, PROTOCOL, PROTOCOL, NO_SPACE, NO_SPACE, NO_SPACE}},
    {WIRE_WORKING, {PROTOCOL, PROTOCOL, GOES_ON, GOES_ON, GOES_ON, GOES_ON}},
    {WIRE_FATAL, {PROTOCOL, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED}},
    {WIRE_BASE, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_PUT, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_ASK, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_DIRECTORY,
	{PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_DATA, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_HOLE, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_END, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_ABORT, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_WAITING,
	{PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_BYE, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_RESTART,
	{PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {0, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {12, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {WIRE_FEATURES,
	{PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {135, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
    {255, {PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL, PROTOCOL}},
};

/* ftx puts the small file at once, and asks for the large one. */
#define SMALL 5
#define LARGE (1 << 20)

/* The length of a hello, a base and a request, with paths of one byte. */
#define ASK (WIRE_HELLO + WIRE_HEADER + 2 + WIRE_HEADER + WIRE_REQUEST_SIZE + 1)
#define END (WIRE_HEADER + 16)
#define PUT (ASK + WIRE_HEADER + SMALL + END)
#define CONTENT (LARGE / CONN_DATA * (WIRE_HEADER + CONN_DATA) + END)

/* The size and the digest of the source. */
static uint64_t size, digest;

/* The highest version of the fake server. */
static unsigned version = WIRE_LOWEST;

/* The offset of the fake server's second turn in the script, or 0. */
static size_t turn;

static void
make_source(size_t length)
{
	static uint8_t bytes[LARGE];
	struct digest sum;
	FILE *file;

	file_make("f", length, 1);
	file = fopen("f", "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(bytes, 1, length, file), length);
	fclose(file);
	digest_init(&sum);
	digest_add(&sum, bytes, length);
	size = length;
	digest = digest_value(&sum);
}

static void
add_greeting(struct script *script, enum wire_greeting_state state)
{
	const struct wire_greeting greeting = {
	    WIRE_LOWEST, (uint16_t)version, state, INT64_MAX};
	uint8_t bytes[WIRE_GREETING];

	wire_write_greeting(bytes, &greeting);
	script_bytes(script, bytes, sizeof(bytes));
}

static void
add_result(struct script *script, uint32_t request, enum status status,
    uint64_t stored, uint64_t sum)
{
	const struct wire_result answer = {
	    status, status == STATUS_STORED, stored, sum, {"", 0}};
	uint8_t payload[WIRE_RESULT_SIZE];

	script_frame(script, WIRE_RESULT, request, payload,
	    wire_write_result(payload, &answer));
}

static void
add_features(struct script *script, uint64_t features)
{
	uint8_t payload[8];

	script_frame(script, WIRE_FEATURES, 0, payload,
	    wire_write_features(payload, features));
}

/* Add a frame of this type, as valid as possible. */
static void
add_frame(struct script *script, int type)
{
	const struct wire_based based = {{"", 0}, {"f", 1}};
	const struct wire_go go = {0, 0};
	const struct wire_reason reason = {STATUS_REFUSED, {"no", 2}};
	uint8_t payload[WIRE_REQUEST_SIZE];

	switch (type) {
	case WIRE_BASED:
		script_frame(script, type, 0, payload,
		    wire_write_based(payload, &based));
		break;
	case WIRE_GO:
		script_frame(
		    script, type, 1, payload, wire_write_go(payload, &go));
		break;
	case WIRE_RESULT:
		add_result(script, 1, STATUS_STORED, size, digest);
		break;
	case FAILURE:
		add_result(script, 1, STATUS_NO_SPACE, 0, 0);
		break;
	case WIRE_FEATURES:
		add_features(script, 0);
		break;
	case WIRE_FATAL:
		script_frame(script, type, 0, payload,
		    wire_write_reason(payload, &reason));
		break;
	default:
		script_frame(script, (unsigned)type, 0, NULL, 0);
	}
}

/* Add the frames that bring the client into the state. */
static void
enter(struct script *script, enum state state)
{
	if (state == NOTHING)
		return;
	add_greeting(script, state == REFUSING ? WIRE_REFUSING : WIRE_READY);
	if (version >= 2 && state != REFUSING)
		add_features(script, UINT64_MAX);
	if (state >= SENT)
		add_frame(script, WIRE_BASED);
	if (state != GOING)
		return;
	add_frame(script, WIRE_GO);
	turn = script->length;
}

/* After an allowed frame, add the frames that complete the put. */
static void
complete(struct script *script, enum state state, int type)
{
	if (state == GREETED && type != WIRE_BASED)
		add_frame(script, WIRE_BASED);
	if (state == ASKED) {
		if (type != WIRE_GO)
			add_frame(script, WIRE_GO);
		turn = script->length;
	}
	add_frame(script, WIRE_RESULT);
}

/* Put the file to a server that sends the script after begin bytes. */
static void
put_to(struct run *run, const struct script *script, size_t begin)
{
	size_t first = turn > 0 ? turn : script->length;
	const struct fake_turn turns[] = {{begin, script->bytes, first},
	    {CONTENT, script->bytes + first, script->length - first},
	    {0, NULL, 0}};
	struct fake fake;

	fake_start_turns(&fake, turns);
	RUN(run, "ftx", "put", "-v", "-o", "retry=0", "f", "127.0.0.1:f");
	fake_stop(&fake);
}

static void
check_cell(const struct cell *cell, enum state state)
{
	int effect = cell->effects[state];
	struct script *script = script_new();
	struct run run;

	turn = 0;
	enter(script, state);
	add_frame(script, cell->type);
	if (effect == GOES_ON)
		complete(script, state, cell->type);
	put_to(&run, script, state >= ASKED ? ASK : PUT);
	ck_assert_msg(run.status == (effect == GOES_ON ? STORED : effect),
	    "type %d in state %d: %d: %s", cell->type, state, run.status,
	    run.err);
	ck_assert_int_eq(
	    strstr(run.err, "verified") != NULL, run.status == STORED);
}

START_TEST(client_handles_every_frame_in_every_state)
{
	enum state state = (enum state)(_i % STATES);

	make_source(state >= ASKED ? LARGE : SMALL);
	version = (unsigned)_i / STATES + WIRE_LOWEST;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		mark_point();
		check_cell(&table[i], state);
	}
}
END_TEST

/* The server has version 2, but did not send its features first. */
START_TEST(client_fails_when_features_do_not_come_first)
{
	static const struct {
		int type, status;
	} cases[] = {{WIRE_FEATURES, STORED}, {WIRE_FATAL, REFUSED},
	    {WIRE_BASED, PROTOCOL}, {WIRE_WORKING, PROTOCOL},
	    {WIRE_RESULT, PROTOCOL}};
	struct script *script = script_new();
	struct run run;

	make_source(SMALL);
	version = 2;
	turn = 0;
	add_greeting(script, WIRE_READY);
	add_frame(script, cases[_i].type);
	if (cases[_i].type != WIRE_BASED)
		add_frame(script, WIRE_BASED);
	add_frame(script, WIRE_RESULT);
	put_to(&run, script, PUT);
	ck_assert_msg(
	    run.status == cases[_i].status, "%d: %s", run.status, run.err);
}
END_TEST

static const struct {
	enum wire_type type;
	uint32_t length;
} lengths[] = {
    {WIRE_BASED, 1},
    {WIRE_BASED, 2 + 2 * WIRE_PATH_MAX + 1},
    {WIRE_GO, 15},
    {WIRE_GO, 17},
    {WIRE_RESULT, WIRE_RESULT_SIZE - 1},
    {WIRE_RESULT, WIRE_RESULT_SIZE + STATUS_TEXT},
    {WIRE_RESULT, INT32_MAX},
    {WIRE_RESULT, (uint32_t)INT32_MAX + 1},
    {WIRE_RESULT, UINT32_MAX},
    {WIRE_WORKING, 1},
    {WIRE_FATAL, 0},
    {WIRE_FATAL, STATUS_TEXT + 1},
    {WIRE_FATAL, UINT32_MAX},
};

START_TEST(client_fails_when_a_length_is_false)
{
	struct script *script;
	struct run run;

	make_source(SMALL);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		mark_point();
		script = script_new();
		turn = 0;
		enter(script, SENT);
		script_frame_as(
		    script, lengths[i].type, 1, NULL, 0, lengths[i].length);
		put_to(&run, script, PUT);
		run_check(&run, PROTOCOL, "frame too");
	}
}
END_TEST

static const struct {
	uint32_t request;
	int64_t size_off;
	uint64_t digest_off;
} false_results[] = {{0, 0, 0}, {2, 0, 0}, {UINT32_MAX, 0, 0}, {1, 1, 0},
    {1, -1, 0}, {1, 0, 1}, {1, 0, UINT64_C(1) << 63}};

START_TEST(client_fails_when_a_result_is_false)
{
	struct script *script;
	struct run run;

	make_source(SMALL);
	for (size_t i = 0; i < sizeof(false_results) / sizeof(false_results[0]);
	     i++) {
		mark_point();
		script = script_new();
		turn = 0;
		enter(script, SENT);
		add_result(script, false_results[i].request, STATUS_STORED,
		    size + (uint64_t)false_results[i].size_off,
		    digest ^ false_results[i].digest_off);
		put_to(&run, script, PUT);
		run_check(&run, PROTOCOL, NULL);
		ck_assert_ptr_null(strstr(run.err, "verified"));
	}
}
END_TEST

/* The greeting is neither ready nor refusing. */
START_TEST(client_fails_when_the_greeting_has_no_known_state)
{
	struct script *script = script_new();
	struct run run;

	make_source(SMALL);
	turn = 0;
	add_greeting(script, (enum wire_greeting_state)(WIRE_REFUSING + 1));
	add_frame(script, WIRE_BASED);
	add_frame(script, WIRE_RESULT);
	put_to(&run, script, PUT);
	run_check(&run, PROTOCOL, "bad greeting");
}
END_TEST

/* The server confirms one of two files twice. */
START_TEST(client_fails_when_one_result_comes_twice)
{
	struct script *script = script_new();
	const struct wire_based based = {{"d", 1}, {"", 0}};
	uint8_t payload[8];
	struct fake fake;
	struct run run;

	make_source(SMALL);
	file_write("g", "other");
	add_greeting(script, WIRE_READY);
	script_frame(
	    script, WIRE_BASED, 0, payload, wire_write_based(payload, &based));
	add_frame(script, WIRE_RESULT);
	add_frame(script, WIRE_RESULT);
	fake_start(&fake, script->bytes, script->length, PUT);
	RUN(&run, "ftx", "put", "-o", "retry=0", "f", "g", "127.0.0.1:d");
	run_check(&run, PROTOCOL, "1 stored, 1 not confirmed");
	fake_stop(&fake);
}
END_TEST

/* A file with this result counts neither as stored nor as failed. */
START_TEST(run_ends_busy_when_a_result_is_draining)
{
	struct script *script = script_new();
	struct run run;

	make_source(SMALL);
	turn = 0;
	enter(script, SENT);
	add_result(script, 1, STATUS_DRAINING, 0, 0);
	put_to(&run, script, PUT);
	run_check(&run, BUSY, "draining: the server is going down");
	ck_assert_ptr_null(strstr(run.err, "verified"));
}
END_TEST

/* Put to a server that sends the pulse for ever.  ftx has short timeouts. */
static void
put_to_endless(struct run *run, const struct script *script,
    const struct fake_pulse *pulse)
{
	const struct fake_turn turns[] = {
	    {PUT, script->bytes, script->length}, {0, NULL, 0}};
	struct fake fake;

	fake_start_endless(&fake, turns, pulse);
	RUN(run, "ftx", "put", "-o", "retry=0", "-o", "timeout=1s", "-o",
	    "commit-timeout=2s", "f", "127.0.0.1:f");
	fake_stop(&fake);
}

static const int paces[] = {0, 200, 900};

START_TEST(client_times_out_when_the_server_works_for_ever)
{
	const struct wire_frame working = {WIRE_WORKING, 0, 0};
	uint8_t bytes[WIRE_HEADER];
	const struct fake_pulse pulse = {bytes, sizeof(bytes), paces[_i]};
	struct script *script = script_new();
	struct run run;

	make_source(SMALL);
	enter(script, SENT);
	wire_write_header(bytes, &working);
	put_to_endless(&run, script, &pulse);
	run_check(&run, 30, "stalled: the server reported work for 2.");
	ck_assert_int_lt(run.elapsed, 4000);
}
END_TEST

/* All bytes belong to one frame that never ends. */
START_TEST(client_times_out_when_a_frame_never_ends)
{
	const struct fake_pulse pulse = {"x", 1, paces[_i]};
	struct script *script = script_new();
	struct run run;

	make_source(SMALL);
	enter(script, SENT);
	script_frame_as(script, WIRE_RESULT, 1, NULL, 0,
	    WIRE_RESULT_SIZE + STATUS_TEXT - 1);
	put_to_endless(&run, script, &pulse);
	run_check(&run, 30, "stalled: nothing moved for 1.");
	ck_assert_int_lt(run.elapsed, 3000);
}
END_TEST

START_TEST(longest_text_is_printed_escaped)
{
	static char text[STATUS_TEXT - 1];
	const struct wire_result answer = {
	    STATUS_NO_SPACE, 0, 0, 0, {text, sizeof(text)}};
	uint8_t payload[WIRE_RESULT_SIZE + STATUS_TEXT];
	struct script *script = script_new();
	struct run run;

	memset(text, '\x1b', sizeof(text));
	make_source(SMALL);
	turn = 0;
	enter(script, SENT);
	script_frame(script, WIRE_RESULT, 1, payload,
	    wire_write_result(payload, &answer));
	put_to(&run, script, PUT);
	run_check(&run, NO_SPACE, "\\x1b\\x1b");
	for (const char *at = run.err; *at != '\0'; at++)
		ck_assert(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
}
END_TEST

Suite *
impostor_suite(void)
{
	Suite *suite = suite_create("impostor");
	TCase *tcase = harness_case("impostor");

	tcase_add_loop_test(tcase, client_handles_every_frame_in_every_state, 0,
	    STATES * WIRE_HIGHEST);
	tcase_add_loop_test(
	    tcase, client_fails_when_features_do_not_come_first, 0, 5);
	tcase_add_test(tcase, client_fails_when_a_length_is_false);
	tcase_add_test(tcase, client_fails_when_a_result_is_false);
	tcase_add_test(
	    tcase, client_fails_when_the_greeting_has_no_known_state);
	tcase_add_test(tcase, client_fails_when_one_result_comes_twice);
	tcase_add_test(tcase, run_ends_busy_when_a_result_is_draining);
	tcase_add_loop_test(
	    tcase, client_times_out_when_the_server_works_for_ever, 0, 3);
	/* Leave out pace 0: without a pause the frame would end. */
	tcase_add_loop_test(
	    tcase, client_times_out_when_a_frame_never_ends, 1, 3);
	tcase_add_test(tcase, longest_text_is_printed_escaped);
	suite_add_tcase(suite, tcase);
	return suite;
}
