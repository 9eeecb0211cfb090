/* SPDX-License-Identifier: ISC */
/* Sessions and their timeouts: hello, idle time, minimum rate, waiting. */
#include <check.h>
#include <unistd.h>

#include "common/digest.h"
#include "server/shared/scoreboard.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/server/serving.h"
#include "tests/unit/support.h"

Suite *session_timeouts_suite(void);

/* Milliseconds after which the server reads its clock again. */
#define TICK 20
/* Milliseconds; enough for any machine. */
#define SOON 15000

static struct serving serving;
static struct client *const client = &serving.client;

static void
setup(void)
{
	serving_open(&serving);
	serving.tick = TICK;
}

/* Expect the session to end as stalled, at begun + least or later. */
static void
expect_stalled(io_time begun, int64_t least)
{
	client_expect_fatal(client, STATUS_STALLED, "");
	ck_assert_int_ge(io_now() - begun, least);
	ck_assert_int_lt(io_now() - begun, SOON);
	client_expect_end(client);
	serving_close(&serving, SESSION_DONE);
	ck_assert(!file_exists("in/file"));
}

START_TEST(client_is_ended_when_silent_before_the_hello)
{
	io_time begun = io_now();

	serving.config.hello_timeout = 200;
	serving_start(&serving);
	(void)client_greeting(client);
	expect_stalled(begun, 200);
}
END_TEST

START_TEST(client_is_ended_when_the_hello_lacks_a_base)
{
	io_time begun = io_now();

	serving.config.hello_timeout = 200;
	client_hello(client, 1, 1);
	client_flush(client);
	serving_start(&serving);
	(void)client_greeting(client);
	expect_stalled(begun, 200);
}
END_TEST

/* Send one byte at a time, with pauses in ms, while the server reads. */
static void
trickle(const uint8_t *bytes, size_t length, int pause, io_time until)
{
	for (size_t i = 0; i < length && io_now() < until; i++) {
		if (io_write(client->fd, bytes + i, 1) != 1)
			return;
		serving_pause(pause);
	}
}

START_TEST(client_is_ended_when_its_hello_trickles)
{
	struct script *queue = &client->queue;
	io_time begun = io_now();

	serving.config.hello_timeout = 300;
	serving_hello(&serving);
	serving_start(&serving);
	trickle(queue->bytes, queue->length, 30, io_now() + SOON);
	queue->length = 0;
	(void)client_greeting(client);
	expect_stalled(begun, 300);
}
END_TEST

START_TEST(hello_timeout_alone_counts_before_the_base)
{
	serving.config.idle_timeout = 50;
	serving.config.min_rate = 1000000;
	serving_start(&serving);
	(void)client_greeting(client);
	serving_pause(400);
	serving_hello(&serving);
	client_put(client, 1, "file", "late");
	client_queue(client, WIRE_BYE, 0, NULL, 0);
	client_expect_based(client, "", "");
	client_expect_result(client, 1, STATUS_STORED);
	client_expect_end(client);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

enum state {
	IN_READY,
	IN_GO,
	IN_CONTENT,
	IN_FRAME,
	IN_DISCARD,
	STATES
};

/* Reach this state, and stop sending. */
static void
reach(enum state state)
{
	static const uint8_t header[WIRE_HEADER] = {
	    WIRE_DATA, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 8};

	serving_begin(&serving);
	if (state == IN_GO)
		client_request(client, WIRE_ASK, 1, "file", 8, 0);
	if (state == IN_CONTENT || state == IN_FRAME)
		client_request(client, WIRE_PUT, 1, "file", 8, 0);
	if (state == IN_FRAME) {
		client_send(client, header, sizeof(header));
		client_send(client, "part", 4);
	}
	if (state == IN_DISCARD)
		client_request(client, WIRE_PUT, 1, "../file", 8, 0);
	client_flush(client);
	if (state == IN_GO)
		client_expect(client, WIRE_GO, 1);
	if (state == IN_DISCARD)
		client_expect_result(client, 1, STATUS_REFUSED);
}

START_TEST(client_is_ended_when_silent_in_any_state)
{
	io_time begun = io_now();

	serving.config.idle_timeout = 200;
	reach((enum state)_i);
	expect_stalled(begun, 200);
}
END_TEST

/* Send a file at 500 bytes a second; stop early if the server replies. */
static void
trickle_file(int milliseconds)
{
	io_time until = io_now() + milliseconds;
	struct digest digest;
	struct wire_end end = {0, 0};
	struct pollfd wait = {.fd = client->fd, .events = POLLIN};
	uint8_t payload[16];

	digest_init(&digest);
	client_request(client, WIRE_PUT, 1, "file", WIRE_SIZE_UNKNOWN, 0);
	while (io_now() < until) {
		client_queue(client, WIRE_DATA, 1, "0123456789", 10);
		digest_add(&digest, "0123456789", 10);
		end.size += 10;
		if (client_write(client) == -1)
			return;
		if (io_poll(&wait, 1, io_now() + 20) > 0)
			return;
	}
	end.digest = digest_value(&digest);
	client_queue(
	    client, WIRE_END, 1, payload, wire_write_end(payload, &end));
}

START_TEST(client_is_ended_when_too_slow)
{
	io_time begun = io_now();

	serving.config.idle_timeout = 300;
	serving.config.min_rate = 100000;
	serving_begin(&serving);
	trickle_file(SOON);
	expect_stalled(begun, 300);
}
END_TEST

START_TEST(client_is_not_ended_when_slow_but_steady)
{
	/* The file takes several timeouts, but bytes come in each of them. */
	serving.config.idle_timeout = 700;
	serving.config.min_rate = 20;
	serving_begin(&serving);
	trickle_file(2000);
	client_expect_result(client, 1, STATUS_STORED);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(timeouts_are_suspended_until_the_frame_after_waiting)
{
	io_time begun;

	serving.config.idle_timeout = 200;
	serving.config.min_rate = 1000;
	serving_begin(&serving);
	client_request(client, WIRE_PUT, 1, "waited", 8, 0);
	client_queue(client, WIRE_DATA, 1, "some", 4);
	client_queue(client, WIRE_WAITING, 77, NULL, 0);
	client_flush(client);
	serving_pause(800);
	client_queue(client, WIRE_DATA, 1, "more", 4);
	client_end(client, 1, "somemore", 8);
	client_expect_result(client, 1, STATUS_STORED);
	client_queue(client, WIRE_WAITING, 2, NULL, 0);
	client_flush(client);
	serving_pause(800);
	begun = io_now();
	client_request(client, WIRE_PUT, 2, "file", 8, 0);
	client_flush(client);
	expect_stalled(begun, 200);
}
END_TEST

/* Slots of the scoreboard; slot 0 is the session's. */
#define SLOTS 3

/* Send "waiting" with this number, then nothing for 500 ms. */
static void
send_waiting(uint32_t number)
{
	client_queue(client, WIRE_WAITING, number, NULL, 0);
	client_flush(client);
	serving_pause(500);
}

static void
store_one(uint32_t number)
{
	client_put(client, number, "stored", "x");
	client_expect_result(client, number, STATUS_STORED);
}

START_TEST(waiting_before_a_request_counts_when_no_worker_is_idle)
{
	struct scoreboard board;

	ck_assert_int_eq(scoreboard_init(&board, SLOTS), 0);
	scoreboard_set_idle(&board, SLOTS - 1);
	serving.config.board = &board;
	serving.config.idle_timeout = 200;
	serving_begin(&serving);
	send_waiting(1);
	store_one(1);
	send_waiting(2);
	scoreboard_clear(&board, SLOTS - 1);
	client_queue(client, WIRE_WAITING, 2, NULL, 0);
	client_flush(client);
	expect_stalled(io_now(), 0);
}
END_TEST

/* There was no such request (_i 0), or it has its result (_i 1). */
START_TEST(waiting_without_a_request_is_idle_time)
{
	io_time begun;

	serving.config.idle_timeout = 200;
	serving_begin(&serving);
	store_one(7);
	begun = io_now();
	client_queue(client, WIRE_WAITING, _i == 0 ? 0 : 7, NULL, 0);
	client_flush(client);
	expect_stalled(begun, 200);
}
END_TEST

/* The client waits before the content, and in it. */
START_TEST(waiting_in_a_request_needs_no_idle_worker)
{
	struct scoreboard board;

	ck_assert_int_eq(scoreboard_init(&board, SLOTS), 0);
	serving.config.board = &board;
	serving.config.idle_timeout = 200;
	serving_begin(&serving);
	client_request(client, WIRE_ASK, 1, "waited", 1, 0);
	client_expect(client, WIRE_GO, 1);
	send_waiting(0);
	client_queue(client, WIRE_DATA, 1, "x", 1);
	send_waiting(1);
	client_end(client, 1, "x", 1);
	client_expect_result(client, 1, STATUS_STORED);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(client_is_ended_when_it_does_not_read)
{
	struct pollfd polled = {.fd = client->fd, .events = POLLOUT};
	io_time blocked = io_now();

	serving.config.idle_timeout = 200;
	serving_begin(&serving);
	for (uint32_t number = 1; io_now() - blocked < 800; number++) {
		client_request(client, WIRE_ASK, number, "x", 1, WIRE_DRY_RUN);
		ck_assert_int_eq(client_write(client), 0);
		if (client->queue.length < 4096)
			blocked = io_now();
		else
			(void)io_poll(&polled, 1, blocked + 800);
		ck_assert_int_eq(client_write(client), 0);
	}
	/* "fatal" comes after the unread results. */
	while (client_next(client) && client->frame.type == WIRE_RESULT)
		continue;
	ck_assert_int_eq(client->frame.type, WIRE_FATAL);
	ck_assert_uint_eq(client->frame.payload[0], STATUS_STALLED);
	client_expect_end(client);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* Hashing this many bytes takes longer than any test. */
#define HUGE_SIZE (INT64_C(4) << 40)

/* The server hashes an existing file (_i 0), or holes (_i 1). */
START_TEST(work_stops_when_client_disconnects)
{
	const int64_t hole = WIRE_HOLE_MAX;
	uint8_t payload[8];
	io_time left;

	file_make("in/huge", "");
	ck_assert_int_eq(truncate("in/huge", HUGE_SIZE), 0);
	serving.config.compares = 1;
	serving_begin(&serving);
	client_request(client, WIRE_ASK, 1, "new", HUGE_SIZE, 0);
	client_expect(client, WIRE_GO, 1);
	if (_i == 0)
		client_request(
		    client, WIRE_ASK, 2, "huge", HUGE_SIZE, WIRE_UNLESS_DIGEST);
	for (int64_t at = 0; _i == 1 && at < HUGE_SIZE; at += hole)
		client_queue(client, WIRE_HOLE, 1, payload,
		    wire_write_hole(payload, WIRE_HOLE_MAX));
	client_flush(client);
	left = io_now();
	serving_close(&serving, SESSION_DONE);
	ck_assert_int_lt(io_now() - left, CLIENT_TIMEOUT);
}
END_TEST

/* The server stops before its next "working" frame could fail. */
START_TEST(work_stops_soon_when_client_disconnects)
{
	const int64_t soon =
	    500; /* less than the second between two "working" frames */
	int64_t took = SOON;

	for (int i = 0; i < 3 && took >= soon; i++) {
		setup();
		file_make("in/huge", "");
		ck_assert_int_eq(truncate("in/huge", HUGE_SIZE), 0);
		serving.config.compares = 1;
		serving_begin(&serving);
		client_request(
		    client, WIRE_ASK, 1, "huge", HUGE_SIZE, WIRE_UNLESS_DIGEST);
		client_flush(client);
		serving_pause(100);
		took = -io_now();
		serving_close(&serving, SESSION_DONE);
		took += io_now();
		ck_assert_int_eq(unlink("in/huge"), 0);
		ck_assert_int_eq(rmdir(inbox_staging()), 0);
		ck_assert_int_eq(rmdir("in"), 0);
	}
	ck_assert_int_lt(took, soon);
}
END_TEST

Suite *
session_timeouts_suite(void)
{
	Suite *suite = suite_create("session_timeouts");
	TCase *tcase = support_case("time");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, client_is_ended_when_silent_before_the_hello);
	tcase_add_test(tcase, client_is_ended_when_the_hello_lacks_a_base);
	tcase_add_test(tcase, client_is_ended_when_its_hello_trickles);
	tcase_add_test(tcase, hello_timeout_alone_counts_before_the_base);
	tcase_add_loop_test(
	    tcase, client_is_ended_when_silent_in_any_state, 0, (int)STATES);
	tcase_add_test(tcase, client_is_ended_when_too_slow);
	tcase_add_test(tcase, client_is_not_ended_when_slow_but_steady);
	tcase_add_test(
	    tcase, timeouts_are_suspended_until_the_frame_after_waiting);
	tcase_add_test(
	    tcase, waiting_before_a_request_counts_when_no_worker_is_idle);
	tcase_add_loop_test(
	    tcase, waiting_without_a_request_is_idle_time, 0, 2);
	tcase_add_test(tcase, waiting_in_a_request_needs_no_idle_worker);
	tcase_add_test(tcase, client_is_ended_when_it_does_not_read);
	tcase_add_loop_test(tcase, work_stops_when_client_disconnects, 0, 2);
	suite_add_tcase(suite, tcase);
	tcase = support_case("disconnect");
	tcase_add_test(tcase, work_stops_soon_when_client_disconnects);
	suite_add_tcase(suite, tcase);
	return suite;
}
