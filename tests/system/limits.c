/* SPDX-License-Identifier: ISC */
/* Limits of size, space, time and number, just met and just exceeded. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

START_TEST(file_is_refused_when_larger_than_max_size)
{
	struct server server;
	struct run run;
	struct client peer;
	struct wire_greeting greeting;

	SERVER_START(&server, "-w", "1", "-o", "max-size=2M");
	peer_open(&peer, server.port, NULL);
	greeting = client_greeting(&peer);
	ck_assert_uint_eq(greeting.max_size, 2 << 20);
	client_close(&peer);
	file_make("f", (2 << 20) - 1, 1);
	put_good(&server, "f", "f");
	file_make("f", 2 << 20, 2);
	put_good(&server, "f", "f");
	file_make("g", (2 << 20) + 1, 3);
	RUN(&run, "ftx", "put", "g", "127.0.0.1:g");
	run_check(&run, 28, NULL);
	RUN(&run, "ftx", "put", "g", "f", "127.0.0.1:d");
	run_check(&run, 23, "g");
	ck_assert(file_equal("f", "in/d/f"));
	ck_assert_int_eq(directory_count("in/d"), 1);
	server_stop(&server);
}
END_TEST

START_TEST(file_of_unknown_size_is_refused_when_it_grows_too_large)
{
	static uint8_t bytes[100001];
	struct server server;
	struct script *script = script_new();
	struct client peer;

	SERVER_START(&server, "-w", "1", "-o", "max-size=100000");
	script_begin(script);
	script_request(script, WIRE_PUT, 1, "f", WIRE_SIZE_UNKNOWN, 0);
	script_frame(script, WIRE_DATA, 1, bytes, 100000);
	script_end_of(script, 1, bytes, 100000);
	peer_start(&peer, server.port, script);
	client_expect_result(&peer, 1, STATUS_STORED);
	script = script_new();
	script_request(script, WIRE_PUT, 2, "g", WIRE_SIZE_UNKNOWN, 0);
	script_frame(script, WIRE_DATA, 2, bytes, 100001);
	script_end_of(script, 2, bytes, 100001);
	script_bye(script);
	client_play(&peer, script);
	client_expect_result(&peer, 2, STATUS_NO_SPACE);
	client_expect_end(&peer);
	client_close(&peer);
	ck_assert_uint_eq(file_size("in/f"), 100000);
	ck_assert_int_eq(directory_count("in"), 1);
	server_stop(&server);
}
END_TEST

START_TEST(file_is_refused_when_it_needs_space_to_keep_free)
{
	struct server server;
	struct run run;

	file_make("f", 3000000, 1);
	SERVER_START(&server, "-w", "1", "-o", "min-free=1000T");
	RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
	run_check(&run, 28, "No space left on device");
	ck_assert_int_eq(directory_count("in"), 0);
	server_stop(&server);
	SERVER_START(&server, "-w", "1", "-o", "min-free=1M");
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

START_TEST(transfer_fails_when_the_disk_becomes_full)
{
	const struct proxy_plan slow = {.up = {.rate = 8 << 20}};
	struct server server;
	struct proxy proxy;
	struct run run;
	char seen[HARNESS_PATH], path[HARNESS_PATH + 16], port[16];
	io_time full;
	char block[65536];
	int fd;

	if (server_start_on_tmpfs(&server, seen) != 0) {
		harness_skip("tmpfs", "needs root");
		return;
	}
	file_make("big", 48 << 20, 1);
	file_make("small", 1000, 2);
	ck_assert_int_eq(proxy_start(&proxy, &slow, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "big", "127.0.0.1:big");
	eventually(directory_count_staged(seen) == 1, HARNESS_TIMEOUT);
	snprintf(path, sizeof(path), "%s/filler", seen);
	memset(block, 1, sizeof(block));
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	close(fd);
	full = io_now();
	run_finish(&run);
	ck_assert_int_lt(io_now() - full, 1000);
	run_check(&run, 28, "No space left on device");
	ck_assert_int_eq(directory_count(seen), 1);
	/* A partial is kept if a megabyte came before the disk was full. */
	ck_assert_int_eq(directory_count_staged(seen),
	    strstr(run.err, "partial kept") != NULL);
	ck_assert_int_eq(unlink(path), 0);
	/* There is room again: both files are stored. */
	RUN(&run, "ftx", "put", "small", "127.0.0.1:");
	run_check(&run, 0, NULL);
	RUN(&run, "ftx", "put", "big", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

START_TEST(file_is_refused_when_larger_than_free_space)
{
	struct server server;
	struct run run;
	char seen[HARNESS_PATH];

	if (server_start_on_tmpfs(&server, seen) != 0) {
		harness_skip("tmpfs", "needs root");
		return;
	}
	file_make("big", 65 << 20, 1);
	RUN(&run, "ftx", "put", "big", "127.0.0.1:big");
	run_check(&run, 28, "No space left on device: needs 68.2 MB");
	ck_assert_int_eq(directory_count(seen), 0);
	server_stop(&server);
}
END_TEST

START_TEST(put_is_served_when_idle_clients_hold_all_workers)
{
	struct client peers[8];
	struct wire_greeting greeting;
	struct server server;
	struct run run;

	file_write("f", "x");
	SERVER_START(&server, "-w", "8");
	for (int i = 0; i < 8; i++) {
		peer_open(&peers[i], server.port, NULL);
		greeting = client_greeting(&peers[i]);
		ck_assert_uint_eq(
		    greeting.state, i < 7 ? WIRE_READY : WIRE_REFUSING);
	}
	peer_expect_fatal(&peers[7], STATUS_BUSY);
	RUN(&run, "ftx", "put", "-b", "127.0.0.2", "f", "127.0.0.1:f");
	run_check(&run, 0, NULL);
	ck_assert_int_lt(run.elapsed, 2000);
	RUN(&run, "ftx", "put", "-o", "queue-timeout=1s", "f", "127.0.0.1:g");
	run_check(&run, 75, NULL);
	client_close(&peers[0]);
	put_good(&server, "f", "g");
	for (int i = 1; i < 8; i++)
		client_close(&peers[i]);
	server_stop(&server);
}
END_TEST

/* Two clients only send "waiting": the server ends one for a third client. */
START_TEST(put_is_served_when_waiting_clients_hold_all_workers)
{
	struct client peers[2];
	struct pollfd polled[2];
	struct server server;
	size_t gone;

	file_write("f", "x");
	SERVER_START(&server, "-w", "2", "-C", "2", "-t", "1");
	for (size_t i = 0; i < 2; i++) {
		struct script *script = script_new();

		script_begin(script);
		script_frame(script, WIRE_WAITING, (uint32_t)_i, NULL, 0);
		peer_start(&peers[i], server.port, script);
		polled[i] =
		    (struct pollfd){.fd = peers[i].fd, .events = POLLIN};
	}
	ck_assert_int_gt(io_poll(polled, 2, io_now() + 10000), 0);
	gone = polled[0].revents == 0;
	peer_expect_fatal(&peers[gone], STATUS_STALLED);
	client_close(&peers[gone]);
	put_good(&server, "f", "f");
	client_close(&peers[!gone]);
	server_stop(&server);
}
END_TEST

/*
 * Send a byte each interval milliseconds until the server ends the session.
 * Returns how long that took.
 */
static int64_t
trickle(struct client *peer, const void *bytes, size_t length, int interval)
{
	io_time begun = io_now();

	for (size_t i = 0; i < length; i++) {
		struct pollfd polled = {.fd = peer->fd, .events = POLLIN};

		client_send(peer, (const uint8_t *)bytes + i, 1);
		if (io_poll(&polled, 1, io_now() + interval) > 0)
			break;
	}
	peer_expect_fatal(peer, STATUS_STALLED);
	return io_now() - begun;
}

START_TEST(client_is_ended_when_its_hello_is_late)
{
	struct server server;
	struct script *script = script_new();
	struct client peer;
	int64_t elapsed;

	SERVER_START(&server, "-w", "1", "-o", "hello-timeout=1s");
	peer_arrive(&peer, server.port);
	elapsed = io_now();
	peer_expect_fatal(&peer, STATUS_STALLED);
	ck_assert_int_lt(io_now() - elapsed, 2500);
	client_close(&peer);
	script_begin(script);
	peer_arrive(&peer, server.port);
	elapsed = trickle(&peer, script->bytes, script->length, 100);
	ck_assert_msg(elapsed > 800 && elapsed < 2500, "%ld ms", (long)elapsed);
	client_close(&peer);
	peer_check_service(server.port, "after");
	server_stop(&server);
}
END_TEST

START_TEST(client_is_ended_when_content_comes_too_slowly)
{
	struct server server;
	struct script *script = script_new();
	struct client peer;
	uint8_t zeros[100];
	int64_t elapsed;

	memset(zeros, 0, sizeof(zeros));
	SERVER_START(
	    &server, "-w", "2", "-C", "2", "-t", "1", "-o", "min-rate=1K");
	script_begin(script);
	peer_start(&peer, server.port, script);
	elapsed = io_now();
	peer_expect_fatal(&peer, STATUS_STALLED);
	elapsed = io_now() - elapsed;
	ck_assert_msg(elapsed > 800 && elapsed < 3000, "%ld ms", (long)elapsed);
	client_close(&peer);
	script_request(script, WIRE_PUT, 1, "f", 100000, 0);
	script_frame_as(script, WIRE_DATA, 1, zeros, 1, 100000);
	peer_start(&peer, server.port, script);
	elapsed = trickle(&peer, zeros, sizeof(zeros), 50);
	ck_assert_msg(elapsed < 3500, "%ld ms", (long)elapsed);
	client_close(&peer);
	peer_check_service(server.port, "after");
	ck_assert(!file_exists("in/f"));
	server_stop(&server);
}
END_TEST

START_TEST(put_succeeds_when_it_is_slow_but_steady)
{
	const struct proxy_plan slow = {.up = {.rate = 8000}};
	struct server server;
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("f", 16000, 1);
	SERVER_START(&server, "-w", "1", "-t", "1", "-o", "min-rate=4K");
	ck_assert_int_eq(proxy_start(&proxy, &slow, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-P", port, "f", "127.0.0.1:f");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/f"));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

START_TEST(client_times_out_when_the_server_is_silent)
{
	const struct proxy_plan plan = {
	    .down = {.fault = PROXY_SILENT, .at = WIRE_GREETING}};
	struct server server;
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("f", 3000, 1);
	SERVER_START(&server, "-w", "1");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "-o", "timeout=1s",
	    "-o", "commit-timeout=1s", "f", "127.0.0.1:f");
	run_check(&run, 30, NULL);
	ck_assert_int_lt(run.elapsed, 5000);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

Suite *
limits_suite(void)
{
	Suite *suite = suite_create("limits");
	TCase *space = harness_case("space");
	TCase *time = harness_case("time");

	tcase_add_test(space, file_is_refused_when_larger_than_max_size);
	tcase_add_test(
	    space, file_of_unknown_size_is_refused_when_it_grows_too_large);
	tcase_add_test(space, file_is_refused_when_it_needs_space_to_keep_free);
	tcase_add_test(space, transfer_fails_when_the_disk_becomes_full);
	tcase_add_test(space, file_is_refused_when_larger_than_free_space);
	suite_add_tcase(suite, space);
	tcase_add_test(time, put_is_served_when_idle_clients_hold_all_workers);
	tcase_add_loop_test(
	    time, put_is_served_when_waiting_clients_hold_all_workers, 0, 2);
	tcase_add_test(time, client_is_ended_when_its_hello_is_late);
	tcase_add_test(time, client_is_ended_when_content_comes_too_slowly);
	tcase_add_test(time, put_succeeds_when_it_is_slow_but_steady);
	tcase_add_test(time, client_times_out_when_the_server_is_silent);
	suite_add_tcase(suite, time);
	return suite;
}
