/* SPDX-License-Identifier: ISC */
/* Workers that die, stop or cannot be forked; storms of signals. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

static int
is_long_form(void)
{
	return getenv("FTX_ENDURANCE") != NULL;
}

/*
 * Returns the server's only child.  Returns 0 if there are several, if the
 * child is still the earlier worker, or if it ends within 100 ms, as a sweeper
 * does.
 */
static pid_t
find_new_worker(const struct server *server, pid_t before)
{
	pid_t pids[SERVER_WORKERS], again[SERVER_WORKERS];

	if (server_workers(server, pids) != 1 || pids[0] == before)
		return 0;
	(void)poll(NULL, 0, 100);
	if (server_workers(server, again) != 1 || again[0] != pids[0])
		return 0;
	return pids[0];
}

/* If workers die young, their replacements wait 0, 1, 2 and 4 s. */
START_TEST(restarts_slow_down_when_workers_die_young)
{
	const int steps = is_long_form() ? 3 : 2;
	struct server server;
	pid_t worker = 0;

	file_write("f", "x");
	SERVER_START(&server, "-w", "1");
	for (int i = -1; i < steps; i++) {
		const int64_t delay = i < 0 ? 0 : 1000 << i;
		char text[64];
		io_time begun;

		eventually(
		    (worker = find_new_worker(&server, worker)) != 0, 2000);
		ck_assert_int_eq(kill(worker, SIGKILL), 0);
		begun = io_now();
		if (i < 0)
			continue;
		snprintf(text, sizeof(text), "next one starts in %d s", 1 << i);
		server_expect(&server, text);
		eventually(find_new_worker(&server, worker) != 0, delay + 1500);
		ck_assert_int_ge(io_now() - begun, delay - 50);
		ck_assert_int_eq(server_count_logged(&server, text), 1);
	}
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

/* Stop a worker, and wait until /proc shows that it has stopped. */
static void
stop_worker(pid_t pid)
{
	pid_t parent;
	char state = '?';

	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	eventually(process_look(pid, &parent, &state) == 0 && state == 'T',
	    HARNESS_TIMEOUT);
}

/* Stopped workers are not replaced, and serve again when they continue. */
START_TEST(clients_give_up_when_all_workers_are_stopped)
{
	enum {
		COUNT = 4
	};
	pid_t pids[SERVER_WORKERS], after[SERVER_WORKERS];
	struct server server;
	struct run run;

	file_write("f", "x");
	SERVER_START(&server, "-w", "4");
	server_expect_workers(&server, pids, COUNT);
	for (int i = 0; i < COUNT; i++)
		stop_worker(pids[i]);
	RUN(&run, "ftx", "put", "-o", "queue-timeout=1s", "f", "127.0.0.1:f");
	run_check(&run, 75, NULL);
	ck_assert_int_eq(server_workers(&server, after), COUNT);
	ck_assert_int_eq(server_count_logged(&server, "ended after"), 0);
	for (int i = 0; i < COUNT; i++)
		ck_assert_int_eq(kill(pids[i], SIGCONT), 0);
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

START_TEST(one_transfer_waits_when_one_worker_is_stopped)
{
	struct server server;
	pid_t pids[SERVER_WORKERS];

	file_write("f", "x");
	SERVER_START(&server, "-w", "3");
	server_expect_workers(&server, pids, 3);
	stop_worker(pids[0]);
	for (int i = 0; i < 6; i++)
		peer_visit(server.port);
	put_good(&server, "f", "f");
	ck_assert_int_eq(kill(pids[0], SIGCONT), 0);
	server_stop(&server);
}
END_TEST

/* Kill some workers during a put.  ftx must still store the whole file. */
static void
kill_during_put(const struct server *server, int round)
{
	pid_t pids[SERVER_WORKERS];
	const char *source = round % 2 ? "one" : "two";
	int count = server_workers(server, pids);
	struct run run;

	RUN_BEGIN(&run, "ftx", "put", source, "127.0.0.1:f");
	(void)poll(NULL, 0, (int)(random() % 12));
	for (int i = round % 5; i < count; i += 5)
		(void)kill(pids[i], random() % 2 ? SIGKILL : SIGSEGV);
	for (int i = round % 5; i < count; i += 5)
		eventually(!process_is_alive(pids[i]), HARNESS_TIMEOUT);
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert(file_equal(source, "in/f"));
}

/* Many deaths would delay new workers: start a new server after few rounds. */
START_TEST(nothing_wrong_is_stored_when_workers_are_killed)
{
	const int servers = is_long_form() ? 170 : 3;

	file_make("one", 300000, 1);
	file_make("two", 300001, 2);
	for (int i = 0; i < servers; i++) {
		struct server server;

		SERVER_START(&server, "-w", "10");
		/*
		 * If the master finds a dead worker while it stops, it exits
		 * with an error.  So the last round only waits until all
		 * workers live.
		 */
		for (int round = 0; round <= 6; round++) {
			pid_t pids[SERVER_WORKERS];

			server_expect_workers(&server, pids, 10);
			if (round < 6)
				kill_during_put(&server, round);
		}
		eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
		server_stop(&server);
	}
}
END_TEST

/* The user may have three processes: the master and two workers. */
START_TEST(workers_serve_on_when_fork_fails)
{
	const struct rlimit few = {3, 100}, enough = {100, 100};
	struct server server;
	struct run run;
	pid_t pids[SERVER_WORKERS];
	char number[32];

	if (geteuid() != 0) {
		harness_skip("nobody", "changing the user needs root");
		return;
	}
	directory_make("in");
	ck_assert_int_eq(chown("in", 54322, 54322), 0);
	file_write("f", "x");
	ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &few), 0);
	SERVER_START(&server, "-w", "4", "-u", "54322:54322");
	server_expect(&server, "cannot start a worker");
	ck_assert_int_eq(server_workers(&server, pids), 2);
	put_good(&server, "f", "f");
	ck_assert_int_eq(
	    server_count_logged(&server, "next attempt in 1 s"), 1);
	snprintf(number, sizeof(number), "%ld", (long)server.pid);
	ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &enough), 0);
	RUN(&run, "setpriv", "--reuid=54322", "--regid=54322", "--clear-groups",
	    "prlimit", "--pid", number, "--nproc=100:100");
	run_check(&run, 0, NULL);
	/* The sweeper, whose fork failed as well, may be forked first. */
	server_expect_workers(&server, pids, 4);
	put_good(&server, "f", "g");
	server_stop(&server);
}
END_TEST

/* Signals interrupt every process all the time, and nothing is lost. */
START_TEST(put_succeeds_when_signals_storm_all_processes)
{
	const struct proxy_plan plan = {.up = {.rate = 4 << 20}};
	static const int storm[] = {SIGUSR1, SIGCHLD, SIGPIPE, SIGXFSZ};
	pid_t pids[SERVER_WORKERS + 1];
	struct server server;
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("f", 3 << 20, 1);
	SERVER_START(&server, "-w", "3", "-q");
	server_expect_workers(&server, pids, 3);
	pids[3] = server.pid;
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "f",
	    "127.0.0.1:f");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	while (directory_count("in") == 0) {
		for (int i = 0; i < 16; i++)
			ck_assert_int_eq(kill(pids[i / 4], storm[i % 4]), 0);
		(void)poll(NULL, 0, 1);
	}
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/f"));
	server_expect_workers(&server, pids, 3);
	ck_assert_int_eq(server_count_logged(&server, "ended after"), 0);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

/*
 * SIGTERM arrives while workers start, or return from a session.  It may hit a
 * worker after it has checked its flag, but before it waits for a connection.
 */
START_TEST(server_ends_when_terminated_before_accept)
{
	const int rounds = is_long_form() ? 1000 : 100;

	for (int i = 0; i < rounds; i++) {
		struct server server;
		io_time begun;

		SERVER_START(&server, "-w", "3");
		if (i % 2 != 0)
			peer_visit(server.port);
		for (int spin = 0; spin < i % 10 * 2000; spin++)
			(void)io_now();
		begun = io_now();
		ck_assert_int_eq(server_end(&server, SIGTERM, 1000), 0);
		ck_assert_int_lt(io_now() - begun, 1000);
	}
}
END_TEST

Suite *
processes_suite(void)
{
	Suite *suite = suite_create("processes");
	TCase *workers = harness_case("workers");
	TCase *signals = harness_case("signals");

	tcase_add_test(workers, restarts_slow_down_when_workers_die_young);
	tcase_add_test(workers, clients_give_up_when_all_workers_are_stopped);
	tcase_add_test(workers, one_transfer_waits_when_one_worker_is_stopped);
	tcase_add_test(
	    workers, nothing_wrong_is_stored_when_workers_are_killed);
	tcase_add_test(workers, workers_serve_on_when_fork_fails);
	tcase_set_timeout(workers, 600);
	suite_add_tcase(suite, workers);
	tcase_add_test(signals, put_succeeds_when_signals_storm_all_processes);
	tcase_add_test(signals, server_ends_when_terminated_before_accept);
	tcase_set_timeout(signals, 600);
	suite_add_tcase(suite, signals);
	return suite;
}
