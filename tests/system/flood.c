/* SPDX-License-Identifier: ISC */
/* Clients that send requests without end, and hardly read the replies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sanitized.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* The most KiB that may be resident in a worker. */
#define MOST_RESIDENT 16384

static struct server server;

static void
begin_with_server(void)
{
	harness_begin();
	SERVER_START(&server, "-w", "1", "-o", "fsync=no", "-t", "1");
}

static void
end_with_server(void)
{
	ck_assert_int_eq(directory_count_staged("in"), 0);
	server_stop(&server);
	harness_end();
}

/* The window allows this many requests, and not one more. */
START_TEST(session_ends_when_the_request_window_is_exceeded)
{
	static const uint32_t counts[] = {
	    WIRE_WINDOW_REQUESTS, WIRE_WINDOW_REQUESTS + 1};
	struct script *script;
	struct client peer;

	for (size_t i = 0; i < 2; i++) {
		script = script_new();
		script_begin(script);
		for (uint32_t n = 1; n <= counts[i]; n++)
			script_request(script, WIRE_ASK, n, "f", 1, 0);
		script_bye(script);
		peer_start(&peer, server.port, script);
		for (uint32_t n = 1; n <= WIRE_WINDOW_REQUESTS; n++)
			client_expect(&peer, WIRE_GO, n);
		if (counts[i] > WIRE_WINDOW_REQUESTS)
			peer_expect_fatal(&peer, STATUS_PROTOCOL);
		else
			client_expect_end(&peer);
		client_close(&peer);
	}
}
END_TEST

/* Returns how many KiB of the process are resident. */
static unsigned long
resident(pid_t pid)
{
	char text[PROCESS_TEXT];

	ck_assert_int_eq(process_field(pid, "status", "VmRSS:", text), 0);
	return strtoul(text, NULL, 10);
}

/*
 * Send the script.  If reads is nonzero, read a byte of the replies now and
 * then, else none.  Returns 1 if the connection ended first.
 */
static int
flood(struct client *peer, const struct script *script, int reads)
{
	io_time last = io_now() + HARNESS_TIMEOUT;

	for (size_t at = 0; at < script->length;) {
		struct pollfd polled = {.fd = peer->fd, .events = POLLOUT};
		ssize_t written;
		char byte;

		ck_assert_msg(
		    io_now() < last, "the server does not end the session");
		if (reads)
			(void)io_read(peer->fd, &byte, 1);
		if (io_poll(&polled, 1, reads ? io_now() + 50 : last) <= 0)
			continue;
		written =
		    io_write(peer->fd, script->bytes + at, script->length - at);
		if (written < 0)
			return 1;
		at += (size_t)written;
	}
	return 0;
}

/* Add count tiny files; request numbers grow from first. */
static void
script_tiny(
    struct script *script, uint32_t first, uint32_t count, const char *prefix)
{
	char path[32];

	for (uint32_t i = first; i < first + count; i++) {
		snprintf(path, sizeof(path), "%s%u", prefix, i % 8);
		script_file(script, i, path, "");
	}
}

/* Open a connection on which the kernel buffers few replies. */
static void
open_narrow(struct client *peer)
{
	const int room = 4096;

	peer_open(peer, server.port, NULL);
	ck_assert_int_eq(
	    setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)),
	    0);
}

/*
 * Send tiny files until the server ends the session; read no reply.  In the
 * short form all files are refused.  Refusals are longer, so the kernel buffers
 * fewer of them.
 */
START_TEST(client_is_ended_when_it_never_reads_replies)
{
	const int is_long = getenv("FTX_ENDURANCE") != NULL;
	const uint32_t most = is_long ? 1000000 : 100000;
	struct script *script = script_new();
	pid_t pids[SERVER_WORKERS];
	struct client peer;
	int ended = 0;

	server_expect_workers(&server, pids, 1);
	script_begin(script);
	open_narrow(&peer);
	client_play(&peer, script);
	ck_assert_int_eq(io_set_blocking(peer.fd, 0), 0);
	for (uint32_t first = 1; first < most && !ended; first += 1000) {
		script = script_new();
		script_tiny(script, first, 1000, is_long ? "t" : ".ftx-");
		ended = flood(&peer, script, 0);
		if (!IS_SANITIZED)
			ck_assert_uint_lt(resident(pids[0]), MOST_RESIDENT);
	}
	/*
	 * When the only worker serves another client, it has ended this
	 * session.  Do not read to the end: many replies may precede it.
	 */
	peer_check_service(server.port, "after");
	client_close(&peer);
}
END_TEST

/* The client sends without a pause, and reads a byte now and then. */
START_TEST(client_is_ended_when_it_reads_replies_byte_by_byte)
{
	struct script *script = script_new();
	struct client peer;
	int ended = 0;

	script_begin(script);
	open_narrow(&peer);
	client_play(&peer, script);
	ck_assert_int_eq(io_set_blocking(peer.fd, 0), 0);
	for (uint32_t first = 1; !ended; first += 1000) {
		script = script_new();
		script_tiny(script, first, 1000, ".ftx-");
		ended = flood(&peer, script, 1);
	}
	client_close(&peer);
	peer_check_service(server.port, "after");
}
END_TEST

/*
 * Returns how many events the log reports: one for each of these lines, and as
 * many as the number before each mark.
 */
static long
count_log_events(int lines, const char *mark)
{
	char *log = file_read(server.log), *at = log;
	long count = lines;

	while ((at = strstr(at, mark)) != NULL) {
		char *number = at;

		while (number > log && number[-1] != ' ')
			number--;
		count += strtol(number, NULL, 10);
		at += strlen(mark);
	}
	free(log);
	return count;
}

/* Clients that are not admitted cannot fill the log. */
START_TEST(log_sums_up_refused_connections)
{
	enum {
		COUNT = 2000,
		WORKERS = 2
	};
	struct client peer;
	io_time begun;
	int64_t seconds;
	int lines;

	SERVER_START(&server, "-w", "2", "-o", "deny=127.0.0.0/8");
	begun = io_now();
	for (int i = 0; i < COUNT; i++) {
		peer_arrive(&peer, server.port);
		client_close(&peer);
	}
	seconds = (io_now() - begun) / 1000 + 1;
	eventually(
	    count_log_events(server_count_logged(&server, "not admitted"),
		" more refused") == COUNT,
	    HARNESS_TIMEOUT);
	lines = server_count_logged(&server, "not admitted");
	ck_assert_int_ge(lines, 10);
	ck_assert_int_le(lines, WORKERS * 10 * (seconds + 1));
	server_stop(&server);
}
END_TEST

/* An admitted client cannot fill the log with refused names, either. */
START_TEST(log_sums_up_refused_names)
{
	enum {
		COUNT = 5000
	};
	struct script *script = script_new();
	struct client peer;
	io_time begun;
	int lines;

	SERVER_START(&server, "-w", "1", "-o", "fsync=no");
	script_begin(script);
	for (uint32_t i = 1; i <= COUNT; i++) {
		script_request(script, WIRE_ASK, 2 * i, ".ftx-", 1, 0);
		if (i % 50 == 0)
			script_file(script, 2 * i + 1, "kept", "x");
	}
	script_bye(script);
	begun = io_now();
	peer_start(&peer, server.port, script);
	while (client_next(&peer))
		continue;
	client_close(&peer);
	ck_assert_int_eq(
	    server_count_logged(&server, "\"kept\" stored"), COUNT / 50);
	lines = server_count_logged(&server, "\".ftx-\" refused");
	ck_assert_int_ge(lines, 10);
	ck_assert_int_le(lines, 10 * (1 + (io_now() - begun) / 1000 + 1));
	server_stop(&server);
	ck_assert_int_eq(
	    count_log_events(lines, " more lines left out"), COUNT);
}
END_TEST

/* Each stored file has its own line, however fast files come. */
START_TEST(log_has_a_line_for_each_stored_file)
{
	enum {
		COUNT = 2000
	};
	struct script *script = script_new();
	struct client peer;

	SERVER_START(&server, "-w", "1", "-o", "fsync=no");
	script_begin(script);
	for (uint32_t i = 1; i <= COUNT; i++)
		script_file(script, i, "f", "x");
	script_bye(script);
	peer_start(&peer, server.port, script);
	while (client_next(&peer))
		continue;
	client_close(&peer);
	ck_assert_int_eq(server_count_logged(&server, "\"f\" stored"), COUNT);
	server_stop(&server);
}
END_TEST

Suite *
flood_suite(void)
{
	Suite *suite = suite_create("flood");
	TCase *tcase = tcase_create("flood");

	tcase_add_checked_fixture(tcase, begin_with_server, end_with_server);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, session_ends_when_the_request_window_is_exceeded);
	tcase_add_test(tcase, client_is_ended_when_it_never_reads_replies);
	tcase_add_test(
	    tcase, client_is_ended_when_it_reads_replies_byte_by_byte);
	suite_add_tcase(suite, tcase);
	tcase = harness_case("refused");
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, log_sums_up_refused_connections);
	tcase_add_test(tcase, log_sums_up_refused_names);
	tcase_add_test(tcase, log_has_a_line_for_each_stored_file);
	suite_add_tcase(suite, tcase);
	return suite;
}
