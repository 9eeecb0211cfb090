/* SPDX-License-Identifier: ISC */
/* With more clients than workers, each client waits and is served. */
#include <stdio.h>
#include <string.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/*
 * Close the peer's connection, so that its worker serves the run.  The run must
 * end within this time.
 */
static void
free_worker(struct client *peer, struct run *run, int64_t milliseconds)
{
	io_time released;

	client_close(peer);
	released = io_now();
	run_finish(run);
	run_check(run, 0, NULL);
	ck_assert_int_lt(io_now() - released, milliseconds);
	ck_assert(file_equal("f", "in/f"));
}

START_TEST(put_starts_when_a_worker_becomes_free)
{
	struct server server;
	struct client peer;
	struct run run;

	file_make("f", 100000, 1);
	SERVER_START(&server, "-w", "1");
	peer_arrive(&peer, server.port);
	RUN_BEGIN(&run, "ftx", "put", "f", "127.0.0.1:f");
	run_expect(&run, "connected, waiting for a free worker");
	free_worker(&peer, &run, 1000);
	server_stop(&server);
}
END_TEST

/* A worker accepts the connection after its client has closed it. */
START_TEST(nothing_is_stored_later_when_a_client_gives_up)
{
	struct server server;
	struct client peer;
	struct run run;

	file_make("f", 1000, 1);
	SERVER_START(&server, "-w", "1");
	peer_arrive(&peer, server.port);
	RUN(&run, "ftx", "put", "-o", "queue-timeout=1s", "f", "127.0.0.1:f");
	run_check(&run, 75, "nothing was stored");
	client_close(&peer);
	put_good(&server, "f", "g");
	ck_assert(!file_exists("in/f"));
	server_stop(&server);
}
END_TEST

START_TEST(put_is_retried_soon_when_the_server_is_busy)
{
	struct server server;
	struct client peer;
	struct run run;

	file_make("f", 100000, 1);
	SERVER_START(&server, "-w", "2", "-C", "1");
	peer_arrive(&peer, server.port);
	RUN_BEGIN(&run, "ftx", "put", "f", "127.0.0.1:f");
	/* The client was refused, and has retried. */
	eventually(server_count_logged(&server, "refused: busy") >= 2,
	    HARNESS_TIMEOUT);
	free_worker(&peer, &run, 1500);
	server_stop(&server);
}
END_TEST

START_TEST(client_gives_up_when_queue_timeout_ends)
{
	struct server server;
	struct client peer;
	struct run run;

	file_make("f", 1000, 1);
	SERVER_START(&server, "-w", "1");
	peer_arrive(&peer, server.port);
	RUN(&run, "ftx", "put", "-o", "queue-timeout=1s", "f", "127.0.0.1:f");
	run_check(&run, 75, NULL);
	ck_assert_int_lt(run.elapsed, 3000);
	client_close(&peer);
	server_stop(&server);
}
END_TEST

START_TEST(all_are_served_when_64_clients_come_at_once)
{
	enum {
		CLIENTS = 64
	};
	static struct run runs[CLIENTS];
	struct server server;
	char source[32], target[32], path[64];
	pid_t pids[SERVER_WORKERS];

	SERVER_START(&server, "-w", "8");
	for (int i = 0; i < CLIENTS; i++) {
		snprintf(source, sizeof(source), "s%d", i);
		snprintf(target, sizeof(target), "127.0.0.1:t%d", i);
		file_make(source, 1 << 20, (unsigned)i);
		RUN_BEGIN(&runs[i], "ftx", "put", source, target);
	}
	for (int i = 0; i < CLIENTS; i++) {
		run_finish(&runs[i]);
		run_check(&runs[i], 0, NULL);
		snprintf(source, sizeof(source), "s%d", i);
		snprintf(path, sizeof(path), "in/t%d", i);
		ck_assert_msg(file_equal(source, path), "%s", path);
	}
	server_expect_workers(&server, pids, 8);
	server_stop(&server);
}
END_TEST

START_TEST(one_file_wins_whole_when_many_write_one_name)
{
	enum {
		CLIENTS = 8
	};
	static struct run runs[CLIENTS];
	struct server server;
	char sources[CLIENTS][32];
	int equal = 0;

	SERVER_START(&server, "-w", "8", "-C", "8");
	for (int i = 0; i < CLIENTS; i++) {
		snprintf(sources[i], sizeof(sources[i]), "s%d", i);
		file_make(sources[i], 200000, (unsigned)i);
		RUN_BEGIN(&runs[i], "ftx", "put", sources[i], "127.0.0.1:f");
	}
	for (int i = 0; i < CLIENTS; i++) {
		run_finish(&runs[i]);
		run_check(&runs[i], 0, NULL);
	}
	for (int i = 0; i < CLIENTS; i++)
		equal += file_equal(sources[i], "in/f");
	ck_assert_int_eq(equal, 1);
	server_stop(&server);
}
END_TEST

Suite *
crowd_suite(void)
{
	Suite *suite = suite_create("crowd");
	TCase *tcase = harness_case("crowd");

	tcase_set_tags(tcase, HARNESS_TIMING);
	tcase_add_test(tcase, put_starts_when_a_worker_becomes_free);
	tcase_add_test(tcase, nothing_is_stored_later_when_a_client_gives_up);
	tcase_add_test(tcase, put_is_retried_soon_when_the_server_is_busy);
	tcase_add_test(tcase, client_gives_up_when_queue_timeout_ends);
	tcase_add_test(tcase, all_are_served_when_64_clients_come_at_once);
	tcase_add_test(tcase, one_file_wins_whole_when_many_write_one_name);
	suite_add_tcase(suite, tcase);
	return suite;
}
