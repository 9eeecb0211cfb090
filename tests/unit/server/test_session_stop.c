/* SPDX-License-Identifier: ISC */
/* Sessions that must end: drained, cut, refused. */
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/process/refusal.h"
#include "tests/unit/server/serving.h"
#include "tests/unit/support.h"

Suite *session_stop_suite(void);

static struct serving serving;
static struct client *const client = &serving.client;

static void
setup(void)
{
	serving_open(&serving);
}

/* Expect "fatal", the end of the connection, and no file. */
static void
expect_draining(enum session_end end)
{
	client_expect_fatal(client, STATUS_DRAINING, "");
	client_expect_end(client);
	serving_close(&serving, end);
	ck_assert(!file_exists("in/file"));
}

/* Begin a file, and wait until the server has received some of it. */
static void
begin_file(void)
{
	serving_begin(&serving);
	client_request(client, WIRE_ASK, 1, "begun", 8, 0);
	client_expect(client, WIRE_GO, 1);
	/* Both go in one write: the data arrives before the result is sent. */
	client_put(client, 2, "other", "x");
	client_queue(client, WIRE_DATA, 1, "half", 4);
	client_expect_result(client, 2, STATUS_STORED);
}

static void
finish_file(void)
{
	client_queue(client, WIRE_DATA, 1, "half", 4);
	client_end(client, 1, "halfhalf", 8);
}

START_TEST(session_ends_when_drained_before_the_hello)
{
	serving_start(&serving);
	(void)client_greeting(client);
	serving_request_stop(&serving, (enum session_stop)_i);
	expect_draining(SESSION_DONE);
}
END_TEST

START_TEST(session_ends_when_drained_between_files)
{
	serving_begin(&serving);
	client_put(client, 1, "done", "whole");
	client_expect_result(client, 1, STATUS_STORED);
	client_request(client, WIRE_ASK, 2, "file", 1, 0);
	client_expect(client, WIRE_GO, 2);
	serving_request_stop(&serving, (enum session_stop)_i);
	expect_draining(SESSION_DONE);
	file_expect_text("in/done", "whole");
}
END_TEST

START_TEST(session_ends_when_drained_while_discarding)
{
	serving_begin(&serving);
	client_request(client, WIRE_PUT, 1, "../file", 8, 0);
	client_expect_result(client, 1, STATUS_REFUSED);
	serving_request_stop(&serving, (enum session_stop)_i);
	expect_draining(SESSION_DONE);
}
END_TEST

START_TEST(session_ends_when_drained_from_the_start)
{
	atomic_store(&serving.stop->requested, SESSION_DRAIN);
	serving_hello(&serving);
	client_flush(client);
	/* The server handles no request. */
	serving_start(&serving);
	(void)client_greeting(client);
	expect_draining(SESSION_DONE);
}
END_TEST

START_TEST(current_file_is_finished_when_drained)
{
	begin_file();
	serving_request_stop(&serving, SESSION_DRAIN);
	finish_file();
	/* The server does not handle the next request. */
	client_put(client, 3, "file", "late");
	client_expect_result(client, 1, STATUS_STORED);
	expect_draining(SESSION_DONE);
	file_expect_text("in/begun", "halfhalf");
}
END_TEST

START_TEST(session_ends_when_a_file_is_aborted_during_a_drain)
{
	begin_file();
	serving_request_stop(&serving, SESSION_DRAIN);
	client_abort(client, 1, STATUS_CANCELLED, "");
	client_expect_result(client, 1, STATUS_CANCELLED);
	expect_draining(SESSION_DONE);
}
END_TEST

START_TEST(session_ends_when_drain_timeout_expires)
{
	io_time begun;

	serving.config.drain_timeout = 300;
	begin_file();
	begun = io_now();
	serving_request_stop(&serving, SESSION_DRAIN);
	client_expect_fatal(client, STATUS_DRAINING, "");
	ck_assert_int_ge(io_now() - begun, 300);
	client_expect_end(client);
	serving_close(&serving, SESSION_WAS_CUT);
	ck_assert(!file_exists("in/begun"));
}
END_TEST

START_TEST(drain_timeout_does_not_start_again)
{
	io_time begun;

	serving.config.drain_timeout = 600;
	begin_file();
	begun = io_now();
	serving_request_stop(&serving, SESSION_DRAIN);
	while (io_now() - begun < 500) {
		client_queue(client, WIRE_WAITING, 0, NULL, 0);
		client_flush(client);
		serving_pause(50);
	}
	client_expect_fatal(client, STATUS_DRAINING, "");
	ck_assert_int_ge(io_now() - begun, 600);
	client_expect_end(client);
	serving_close(&serving, SESSION_WAS_CUT);
}
END_TEST

START_TEST(session_ends_at_once_when_cut)
{
	begin_file();
	if (_i == 1)
		serving_request_stop(&serving, SESSION_DRAIN);
	serving_request_stop(&serving, SESSION_CUT);
	expect_draining(SESSION_WAS_CUT);
	ck_assert(!file_exists("in/begun"));
	file_expect_text("in/other", "x");
}
END_TEST

/* Send 400 holes of 1 GiB: much work for few bytes. */
static void
send_holes(void)
{
	uint8_t hole[8];
	size_t length = wire_write_hole(hole, WIRE_HOLE_MAX);

	client_request(
	    client, WIRE_ASK, 1, "file", (uint64_t)400 * WIRE_HOLE_MAX, 0);
	client_expect(client, WIRE_GO, 1);
	for (int i = 0; i < 400; i++)
		client_queue(client, WIRE_HOLE, 1, hole, length);
	client_flush(client);
}

/* Expect a "working" frame. */
static void
expect_working(void)
{
	ck_assert(client_receive(client));
	ck_assert_int_eq(client->frame.type, WIRE_WORKING);
}

START_TEST(session_stops_in_the_middle_of_long_holes)
{
	io_time begun = io_now();

	serving.config.drain_timeout = 300;
	serving_begin(&serving);
	send_holes();
	expect_working();
	serving_request_stop(&serving, (enum session_stop)_i);
	client_expect_fatal(client, STATUS_DRAINING, "");
	ck_assert_int_lt(io_now() - begun, 10000);
	client_close(client);
	serving_join(&serving, SESSION_WAS_CUT);
}
END_TEST

START_TEST(session_stops_when_no_signal_comes)
{
	io_time begun = io_now();

	serving_begin(&serving);
	atomic_store(&serving.stop->requested, SESSION_DRAIN);
	expect_draining(SESSION_DONE);
	ck_assert_int_lt(io_now() - begun, 10000);
}
END_TEST

/* After "fatal", the client does not close its socket. */
START_TEST(session_ends_when_the_client_stays_connected)
{
	io_time begun = io_now();

	serving_begin(&serving);
	serving_request_stop(&serving, SESSION_DRAIN);
	client_expect_fatal(client, STATUS_DRAINING, "");
	serving_join(&serving, SESSION_DONE);
	ck_assert_int_lt(io_now() - begun, 7000);
	client_close(client);
}
END_TEST

/* Refuse the client in a child. */
static void
start_refusal(const struct outcome *why)
{
	serving.server = fork();
	ck_assert_int_ne(serving.server, -1);
	if (serving.server == 0) {
		struct refusals refusals = {.count = 0};
		io_time closed = io_now() + REFUSAL_TIME;

		client_close(client);
		refusal_add(&refusals, serving.end, "test", UINT64_MAX, why);
		while (refusals.count > 0) {
			(void)io_poll(NULL, 0, closed);
			refusal_expire(&refusals, io_now());
		}
		exit(SERVING_ENDED + (int)SESSION_DONE);
	}
	close(serving.end);
}

START_TEST(fatal_has_the_reason_when_the_client_is_refused)
{
	struct outcome why;
	struct wire_greeting greeting;
	io_time begun = io_now();

	outcome_set(&why, STATUS_BUSY, "too many connections");
	serving_hello(&serving);
	client_put(client, 1, "file", "content");
	client_flush(client);
	start_refusal(&why);
	greeting = client_greeting(client);
	ck_assert_uint_eq(greeting.state, WIRE_REFUSING);
	ck_assert_uint_eq(greeting.lowest, 1);
	ck_assert_uint_eq(greeting.highest, WIRE_HIGHEST);
	client_expect_fatal(client, STATUS_BUSY, "too many connections");
	client_expect_end(client);
	/* The server ends soon, although the client stays connected. */
	serving_join(&serving, SESSION_DONE);
	ck_assert_int_ge(io_now() - begun, 200);
	ck_assert_int_lt(io_now() - begun, 4000);
	client_close(client);
	ck_assert(!file_exists("in/file"));
}
END_TEST

Suite *
session_stop_suite(void)
{
	Suite *suite = suite_create("session_stop");
	TCase *tcase = support_case("stop");
	const int first = SESSION_DRAIN, behind = SESSION_CUT + 1;

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(
	    tcase, session_ends_when_drained_before_the_hello, first, behind);
	tcase_add_loop_test(
	    tcase, session_ends_when_drained_between_files, first, behind);
	tcase_add_loop_test(
	    tcase, session_ends_when_drained_while_discarding, first, behind);
	tcase_add_test(tcase, session_ends_when_drained_from_the_start);
	tcase_add_test(tcase, current_file_is_finished_when_drained);
	tcase_add_test(
	    tcase, session_ends_when_a_file_is_aborted_during_a_drain);
	tcase_add_test(tcase, session_ends_when_drain_timeout_expires);
	tcase_add_test(tcase, drain_timeout_does_not_start_again);
	tcase_add_loop_test(tcase, session_ends_at_once_when_cut, 0, 2);
	tcase_add_loop_test(
	    tcase, session_stops_in_the_middle_of_long_holes, first, behind);
	tcase_add_test(tcase, session_stops_when_no_signal_comes);
	tcase_add_test(tcase, session_ends_when_the_client_stays_connected);
	tcase_add_test(tcase, fatal_has_the_reason_when_the_client_is_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
