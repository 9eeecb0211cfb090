/* SPDX-License-Identifier: ISC */
/* One connection: greeting, hello, frames, ends, and unread results. */
#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/server/inbox.h"
#include "tests/unit/server/serving.h"
#include "tests/unit/support.h"

Suite *session_suite(void);

static struct serving serving;
static struct client *const client = &serving.client;

static void
setup(void)
{
	serving_open(&serving);
}

START_TEST(greeting_has_exactly_these_bytes)
{
	static const uint8_t expected[WIRE_GREETING] = {0x89, 'F', 'T', 'X',
	    'D', '\r', '\n', '\n', 0, 1, 0, 2, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7,
	    8};
	struct pollfd polled = {.fd = client->fd, .events = POLLIN};
	uint8_t bytes[WIRE_GREETING];

	serving.config.max_size = 0x0102030405060708;
	serving_start(&serving);
	/* The server sends the greeting before it reads anything. */
	ck_assert_int_eq(io_poll(&polled, 1, IO_NEVER), 1);
	ck_assert_int_eq(
	    io_read(client->fd, bytes, sizeof(bytes)), WIRE_GREETING);
	ck_assert_mem_eq(bytes, expected, sizeof(expected));
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* Queue hello, base, a put, an ask with its content, and bye. */
static void
queue_session(void)
{
	serving_hello(&serving);
	client_put(client, 1, "one", "first");
	client_request(client, WIRE_ASK, 2, "dir/two", 6, 0);
	client_queue(client, WIRE_DATA, 2, "second", 6);
	client_end(client, 2, "second", 6);
	client_queue(client, WIRE_BYE, 0, NULL, 0);
}

static void
expect_session(void)
{
	struct wire_result result;
	int results = 0;

	serving_expect_based(&serving);
	while (client_next(client)) {
		if (client->frame.type == WIRE_GO)
			continue;
		ck_assert_int_eq(client->frame.type, WIRE_RESULT);
		ck_assert_int_eq(wire_read_result(client->frame.payload,
				     client->frame.length, &result),
		    0);
		ck_assert_int_eq(result.status, STATUS_STORED);
		ck_assert(result.durable);
		results++;
	}
	ck_assert_int_eq(results, 2);
	file_expect_text("in/one", "first");
	file_expect_text("in/dir/two", "second");
	serving_close(&serving, SESSION_DONE);
}

START_TEST(requests_are_handled_when_all_come_at_once)
{
	queue_session();
	client_flush(client);
	serving_start(&serving);
	expect_session();
}
END_TEST

START_TEST(requests_are_handled_when_they_come_byte_by_byte)
{
	struct script *queue = &client->queue;

	queue_session();
	serving_start(&serving);
	for (size_t i = 0; i < queue->length; i++) {
		ck_assert_int_eq(io_write(client->fd, queue->bytes + i, 1), 1);
		(void)sched_yield();
	}
	queue->length = 0;
	expect_session();
}
END_TEST

START_TEST(two_requests_are_handled_in_one_write)
{
	serving_begin(&serving);
	client_put(client, 1, "one", "first");
	client_put(client, 2, "two", "second");
	client_flush(client);
	client_expect_result(client, 1, STATUS_STORED);
	client_expect_result(client, 2, STATUS_STORED);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(client_is_refused_when_it_speaks_another_protocol)
{
	static const char *const hellos[] = {"GET / HTTP/1.1\r\n",
	    "\x89"
	    "FTXD\r\n\n\0\1\0\1\0\0\0",
	    "\x89"
	    "FTXC\r\n\n\0\1\0\1\0\0\1",
	    "\x89"
	    "FTXC\n\n\n\0\1\0\1\0\0\0"};

	client_send(client, hellos[_i], WIRE_HELLO);
	serving_start(&serving);
	(void)client_greeting(client);
	client_expect_fatal(client, STATUS_PROTOCOL, "");
	client_expect_end(client);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

static const struct {
	uint16_t lowest, highest;
	int common;
} versions[] = {{0, 0, 0}, {0, 1, 1}, {1, 1, 1}, {1, 2, 2}, {0, 65535, 2},
    {2, 2, 2}, {2, 731, 2}, {3, 731, 0}, {65535, 65535, 0}, {2, 1, 0}};

START_TEST(client_is_refused_when_no_version_is_shared)
{
	char number[8];

	client_hello(client, versions[_i].lowest, versions[_i].highest);
	client_base(client, WIRE_BASE_DIRECTORY, "");
	serving_start(&serving);
	if (versions[_i].common > 0) {
		serving_expect_based(&serving);
		/* Only version 2 has "features", before "based". */
		ck_assert_int_eq(client->featured, versions[_i].common == 2);
		ck_assert_uint_eq(client->features,
		    versions[_i].common == 2 ? WIRE_OFFERS_REQUIRE_SYNC : 0);
	} else {
		(void)client_greeting(client);
		snprintf(number, sizeof(number), "%u", versions[_i].highest);
		client_expect_fatal(client, STATUS_VERSION, number);
		client_expect_end(client);
	}
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(refusal_names_both_version_ranges)
{
	client_hello(client, 7, 731);
	serving_start(&serving);
	(void)client_greeting(client);
	ck_assert_int_eq(client_next(client), 1);
	ck_assert_int_eq(client->frame.type, WIRE_FATAL);
	ck_assert_ptr_nonnull(
	    memchr(client->frame.payload + 1, '1', client->frame.length - 1));
	ck_assert_ptr_nonnull(
	    memchr(client->frame.payload + 1, '7', client->frame.length - 1));
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* Headers that are malformed in any state. */
static const uint8_t bad_headers[][WIRE_HEADER] = {
    {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
    {12, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
    {255, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
    {WIRE_WAITING, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
    {WIRE_WAITING, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0},
    {WIRE_WAITING, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0},
    {WIRE_WAITING, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1},
    {WIRE_DATA, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
    {WIRE_DATA, 0, 0, 0, 0, 0, 0, 1, 0, 0x10, 0, 1},
    {WIRE_PUT, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 43},
    {WIRE_PUT, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff},
    {WIRE_GO, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 16},
    {WIRE_RESULT, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 20},
};

START_TEST(connection_ends_when_a_header_is_bad)
{
	serving_hello(&serving);
	client_put(client, 1, "file", "kept");
	client_request(client, WIRE_PUT, 2, "other", 1, 0);
	client_send(client, bad_headers[_i], WIRE_HEADER);
	serving_start(&serving);
	serving_expect_based(&serving);
	/* The file before the bad header is stored, and has its result. */
	client_expect_result(client, 1, STATUS_STORED);
	client_expect_fatal(client, STATUS_PROTOCOL, "");
	client_expect_end(client);
	file_expect_text("in/file", "kept");
	ck_assert(!file_exists("in/other"));
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(connection_ends_when_the_base_is_refused)
{
	client_hello(client, 1, 1);
	client_base(client, WIRE_BASE_RESOLVE, "../x");
	serving_start(&serving);
	(void)client_greeting(client);
	client_expect_fatal(client, STATUS_REFUSED, "");
	client_expect_end(client);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(result_is_sent_when_the_client_half_closes)
{
	serving_hello(&serving);
	client_put(client, 1, "file", "whole");
	if (_i == 1)
		client_queue(client, WIRE_BYE, 0, NULL, 0);
	client_flush(client);
	ck_assert_int_eq(shutdown(client->fd, SHUT_WR), 0);
	serving_start(&serving);
	serving_expect_based(&serving);
	client_expect_result(client, 1, STATUS_STORED);
	client_expect_end(client);
	file_expect_text("in/file", "whole");
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(nothing_is_stored_when_the_client_leaves_mid_file)
{
	serving_hello(&serving);
	client_put(client, 1, "before", "whole");
	client_request(client, WIRE_PUT, 2, "file", 8, 0);
	client_queue(client, WIRE_DATA, 2, "cont", 4);
	client_flush(client);
	ck_assert_int_eq(shutdown(client->fd, SHUT_WR), 0);
	serving_start(&serving);
	serving_expect_based(&serving);
	serving_close(&serving, SESSION_DONE);
	file_expect_text("in/before", "whole");
	ck_assert(!file_exists("in/file"));
}
END_TEST

/*
 * Send up to most requests; stop when the server no longer reads.  Returns the
 * number of the last request.
 */
static uint32_t
ask_without_reading(uint32_t most)
{
	struct pollfd polled = {.fd = client->fd, .events = POLLOUT};
	const struct script *queue = &client->queue;
	uint32_t number = 0;

	while (number < most) {
		while (queue->length < 4096 && number < most)
			client_request(
			    client, WIRE_ASK, ++number, "x", 1, WIRE_DRY_RUN);
		ck_assert_int_eq(client_write(client), 0);
		if (queue->length == 0)
			continue;
		(void)io_poll(&polled, 1, io_now() + 500);
		ck_assert_int_eq(client_write(client), 0);
		if (queue->length >= 4096)
			break;
	}
	return number;
}

START_TEST(requests_wait_when_results_are_unread)
{
	/* Eight times the capacity of all buffers between client and server. */
	const uint32_t most = 200000;
	uint32_t sent;

	serving_begin(&serving);
	sent = ask_without_reading(most);
	ck_assert_uint_lt(sent, most);
	for (uint32_t number = 1; number <= sent; number++)
		client_expect_result(client, number, STATUS_WOULD_STORE);
	client_put(client, sent + 1, "file", "at last");
	client_expect_result(client, sent + 1, STATUS_STORED);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(session_ends_when_the_client_leaves_results_unread)
{
	serving_begin(&serving);
	(void)ask_without_reading(200000);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* After SESSION_SICK, the worker exits, and the master replaces it. */
START_TEST(session_fails_when_memory_runs_out)
{
	if (support_can_limit_memory()) {
		enum session_end end;

		support_limit_memory();
		end = session_run(
		    &serving.config, serving.end, serving.end, "peer");
		support_restore_memory();
		ck_assert_int_eq(end, SESSION_SICK);
	}
	close(serving.end);
	client_close(&serving.client);
	inbox_close(&serving.store);
}
END_TEST

Suite *
session_suite(void)
{
	Suite *suite = suite_create("session");
	TCase *tcase = support_case("session");
	TCase *limits = support_case("limits");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, greeting_has_exactly_these_bytes);
	tcase_add_test(tcase, requests_are_handled_when_all_come_at_once);
	tcase_add_test(tcase, requests_are_handled_when_they_come_byte_by_byte);
	tcase_add_test(tcase, two_requests_are_handled_in_one_write);
	tcase_add_loop_test(
	    tcase, client_is_refused_when_it_speaks_another_protocol, 0, 4);
	tcase_add_loop_test(tcase, client_is_refused_when_no_version_is_shared,
	    0, (int)(sizeof(versions) / sizeof(versions[0])));
	tcase_add_test(tcase, refusal_names_both_version_ranges);
	tcase_add_loop_test(tcase, connection_ends_when_a_header_is_bad, 0,
	    (int)(sizeof(bad_headers) / sizeof(bad_headers[0])));
	tcase_add_test(tcase, connection_ends_when_the_base_is_refused);
	tcase_add_loop_test(
	    tcase, result_is_sent_when_the_client_half_closes, 0, 2);
	tcase_add_test(
	    tcase, nothing_is_stored_when_the_client_leaves_mid_file);
	tcase_add_test(tcase, requests_wait_when_results_are_unread);
	tcase_add_test(
	    tcase, session_ends_when_the_client_leaves_results_unread);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(limits, SUPPORT_LIMITS);
	tcase_add_checked_fixture(limits, setup, NULL);
	tcase_add_test(limits, session_fails_when_memory_runs_out);
	suite_add_tcase(suite, limits);
	return suite;
}
