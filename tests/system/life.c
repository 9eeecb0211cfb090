/* SPDX-License-Identifier: ISC */
/* Workers that die, and every way to end the server. */
#include <signal.h>
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

/* A slow put, through a proxy of a megabyte a second. */
struct slow {
	struct proxy proxy;
	struct run run;
	char port[16];
};

static void
slow_begin(struct slow *slow, const struct server *server, const char *retry,
    uint64_t size)
{
	const struct proxy_plan plan = {.up = {.rate = 1 << 20}};

	file_make("big", size, 7);
	ck_assert_int_eq(proxy_start(&slow->proxy, &plan, server->port), 0);
	snprintf(slow->port, sizeof(slow->port), "%u", slow->proxy.port);
	/* Partials have their own tests. */
	RUN_BEGIN(&slow->run, "ftx", "put", "-P", slow->port, "-o", retry, "-o",
	    "resume=no", "big", "127.0.0.1:big");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
}

static void
slow_finish(struct slow *slow, int status)
{
	run_finish(&slow->run);
	run_check(&slow->run, status, NULL);
	ck_assert_int_eq(proxy_stop(&slow->proxy), 0);
	ck_assert_int_eq(file_equal("big", "in/big"), status == 0);
	ck_assert_int_eq(directory_count("in"), status == 0);
}

/* Returns a worker that is too old for its death to delay the next one. */
static pid_t
find_old_worker(const struct server *server)
{
	pid_t pids[SERVER_WORKERS];
	io_time grown = io_now() + 1200;

	server_expect_workers(server, pids, 1);
	eventually(io_now() > grown, 2000);
	return pids[0];
}

static int
is_replaced(const struct server *server, pid_t old)
{
	pid_t pids[SERVER_WORKERS];

	return server_workers(server, pids) == 1 && pids[0] != old;
}

START_TEST(worker_is_replaced_when_it_is_killed)
{
	struct server server;
	struct slow slow;
	pid_t worker;

	SERVER_START(&server, "-w", "1");
	slow_begin(&slow, &server, "retry=0", 4 << 20);
	worker = find_old_worker(&server);
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	eventually(is_replaced(&server, worker), 1000);
	slow_finish(&slow, 10);
	server_expect(&server, "ill");
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
	put_good(&server, "big", "big");
	server_stop(&server);
}
END_TEST

START_TEST(put_is_retried_when_its_worker_is_killed)
{
	struct server server;
	struct slow slow;
	pid_t worker;

	SERVER_START(&server, "-w", "1");
	slow_begin(&slow, &server, "retry=5", 2 << 20);
	worker = find_old_worker(&server);
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	slow_finish(&slow, 0);
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
	server_stop(&server);
}
END_TEST

START_TEST(all_workers_are_replaced_when_they_are_killed)
{
	struct server server;
	pid_t pids[SERVER_WORKERS];
	const int count = 6;

	file_write("f", "x");
	SERVER_START(&server, "-w", "6");
	server_expect_workers(&server, pids, count);
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(kill(pids[i], i % 2 ? SIGKILL : SIGSEGV), 0);
	for (int i = 0; i < count; i++)
		eventually(!process_is_alive(pids[i]), 5000);
	server_expect_workers(&server, pids, count);
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

START_TEST(put_finishes_when_the_server_is_terminated)
{
	struct server server;
	struct slow slow;
	struct run run;

	SERVER_START(&server, "-w", "2");
	slow_begin(&slow, &server, "retry=0", 2 << 20);
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	do {
		RUN(&run, "ftx", "put", "-o", "queue-timeout=1s", "-o",
		    "retry=0", "big", "127.0.0.1:no");
		ck_assert_int_ne(run.status, 0);
	} while (strstr(run.err, "Connection refused") == NULL);
	ck_assert_int_eq(run.status, 35);
	ck_assert(file_exists("in/big") == 0);
	slow_finish(&slow, 0);
	ck_assert_int_eq(server_wait(&server, 5000), 0);
}
END_TEST

START_TEST(next_file_is_refused_when_the_server_is_terminated)
{
	const struct proxy_plan plan = {.up = {.rate = 1 << 20}};
	struct server server;
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("a", 2 << 20, 1);
	file_make("b", 2 << 20, 2);
	SERVER_START(&server, "-w", "1");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "a", "b",
	    "127.0.0.1:d");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	run_finish(&run);
	run_check(&run, 75, "draining");
	ck_assert(file_equal("a", "in/d/a"));
	ck_assert(!file_exists("in/d/b"));
	ck_assert_int_eq(server_wait(&server, 5000), 0);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

START_TEST(idle_sessions_end_when_the_server_is_terminated)
{
	struct server server;
	struct client peer;
	struct script *script = script_new();

	SERVER_START(&server, "-w", "1");
	script_begin(script);
	peer_start(&peer, server.port, script);
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	peer_expect_fatal(&peer, STATUS_DRAINING);
	client_close(&peer);
	ck_assert_int_eq(server_wait(&server, 2000), 0);
}
END_TEST

START_TEST(idle_server_ends_when_terminated)
{
	for (int i = 0; i < 20; i++) {
		struct server server;

		SERVER_START(&server, "-w", "8");
		ck_assert_int_eq(server_end(&server, SIGTERM, 2000), 0);
	}
}
END_TEST

START_TEST(idle_server_on_two_addresses_ends_when_terminated)
{
	for (int i = 0; i < 3; i++) {
		struct server server;

		SERVER_START(&server, "-a", "127.0.0.1", "-a", "127.0.0.2");
		ck_assert_int_eq(server_end(&server, SIGTERM, 2000), 0);
	}
}
END_TEST

START_TEST(transfer_is_cut_when_drain_timeout_ends)
{
	struct server server;
	struct slow slow;
	io_time begun;

	SERVER_START(&server, "-w", "2", "-o", "drain-timeout=1s");
	slow_begin(&slow, &server, "retry=0", 8 << 20);
	begun = io_now();
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	slow_finish(&slow, 75);
	ck_assert_int_eq(server_wait(&server, 5000), 6);
	ck_assert_int_ge(io_now() - begun, 900);
	ck_assert_int_lt(io_now() - begun, 4000);
}
END_TEST

START_TEST(server_ends_now_when_terminated_twice)
{
	struct server server;
	struct slow slow;
	io_time begun;

	SERVER_START(&server, "-w", "2");
	slow_begin(&slow, &server, "retry=0", 8 << 20);
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	server_expect(&server, "stopping");
	begun = io_now();
	ck_assert_int_eq(server_end(&server, SIGTERM, 3000), 6);
	ck_assert_int_lt(io_now() - begun, 2000);
	slow_finish(&slow, 75);
}
END_TEST

START_TEST(server_ends_now_when_interrupted)
{
	struct server server;
	struct slow slow;

	SERVER_START(&server, "-w", "2");
	slow_begin(&slow, &server, "retry=0", 8 << 20);
	ck_assert_int_eq(server_end(&server, SIGINT, 2000), 6);
	slow_finish(&slow, 75);
	SERVER_START(&server, "-w", "2");
	ck_assert_int_eq(server_end(&server, SIGINT, 2000), 0);
}
END_TEST

START_TEST(stopped_worker_is_killed_when_the_server_ends)
{
	struct server server;
	pid_t pids[SERVER_WORKERS];

	SERVER_START(&server, "-w", "1");
	server_expect_workers(&server, pids, 1);
	ck_assert_int_eq(kill(pids[0], SIGSTOP), 0);
	/* Wait between the signals: two pending ones count as one. */
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	server_expect(&server, "finishing transfers");
	server_end(&server, SIGTERM, 15000);
}
END_TEST

/* The workers are orphans now: wait until each has ended. */
START_TEST(transfer_finishes_when_the_master_is_killed)
{
	struct server server, next;
	struct slow slow;
	pid_t pids[SERVER_WORKERS];
	char port[16];
	const int count = 3;

	SERVER_START(&server, "-w", "3");
	slow_begin(&slow, &server, "retry=0", 2 << 20);
	server_expect_workers(&server, pids, count);
	ck_assert_int_eq(kill(server.pid, SIGKILL), 0);
	slow_finish(&slow, 0);
	ck_assert_int_eq(server_wait(&server, 5000), 128 + SIGKILL);
	for (int i = 0; i < count; i++)
		eventually(!process_is_alive(pids[i]), 5000);
	snprintf(port, sizeof(port), "%u", server.port);
	SERVER_START(&next, "-w", "1", "-p", port);
	put_good(&next, "big", "again");
	server_stop(&next);
}
END_TEST

START_TEST(worker_is_replaced_after_max_connections)
{
	struct server server;
	pid_t before[SERVER_WORKERS], after[SERVER_WORKERS];

	file_write("f", "x");
	SERVER_START(&server, "-w", "1", "-o", "max-connections=2");
	server_expect_workers(&server, before, 1);
	for (int i = 0; i < 8; i++)
		put_good(&server, "f", "f");
	server_expect_workers(&server, after, 1);
	ck_assert_int_ne(before[0], after[0]);
	server_stop(&server);
}
END_TEST

Suite *
life_suite(void)
{
	Suite *suite = suite_create("life");
	TCase *workers = harness_case("workers");
	TCase *ends = harness_case("ends");

	tcase_add_test(workers, worker_is_replaced_when_it_is_killed);
	tcase_add_test(workers, put_is_retried_when_its_worker_is_killed);
	tcase_add_test(workers, all_workers_are_replaced_when_they_are_killed);
	tcase_add_test(workers, worker_is_replaced_after_max_connections);
	suite_add_tcase(suite, workers);
	tcase_add_test(ends, put_finishes_when_the_server_is_terminated);
	tcase_add_test(
	    ends, next_file_is_refused_when_the_server_is_terminated);
	tcase_add_test(ends, idle_sessions_end_when_the_server_is_terminated);
	tcase_add_test(ends, idle_server_ends_when_terminated);
	tcase_add_test(ends, idle_server_on_two_addresses_ends_when_terminated);
	tcase_add_test(ends, transfer_is_cut_when_drain_timeout_ends);
	tcase_add_test(ends, server_ends_now_when_terminated_twice);
	tcase_add_test(ends, server_ends_now_when_interrupted);
	tcase_add_test(ends, stopped_worker_is_killed_when_the_server_ends);
	tcase_add_test(ends, transfer_finishes_when_the_master_is_killed);
	suite_add_tcase(suite, ends);
	return suite;
}
