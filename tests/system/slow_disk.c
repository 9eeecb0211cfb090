/* SPDX-License-Identifier: ISC */
/* When a sync takes seconds, only its client waits, and is not timed out. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* Milliseconds that a sync takes: longer than the timeouts of both sides. */
#define SLOW 1200
#define SERVER_WAITS "1"
#define CLIENT_WAITS "timeout=1s"
/* Enough for two groups: the server syncs one while ftx sends the other. */
#define FILES 40

static struct plan plan;
static struct server server;

static void
make_sources(void)
{
	char path[32];

	directory_make("d");
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "d/%d", i);
		file_make(path, 3000, (unsigned)i);
	}
	file_make("f", 3000, FILES);
}

/* Returns nonzero if the test can run. */
static int
begin(void)
{
	make_sources();
	if (plan_make(&plan, "plan") != 0)
		return 0;
	server_start_by(&server, plan.launcher,
	    (const char *const[]){"-w", "2", "-C", "2", "-t", SERVER_WAITS,
		"-o", "min-rate=1M", "-o", "min-free=0", NULL});
	return 1;
}

/* Wait until the slow sync has begun.  Another worker must serve at once. */
static void
check_others(void)
{
	io_time begun;

	eventually(plan_count_matches(&plan) > 0, HARNESS_TIMEOUT);
	begun = io_now();
	put_good(&server, "f", "f");
	ck_assert_int_lt(io_now() - begun, SLOW / 2);
}

static void
end(void)
{
	ck_assert_int_eq(plan_disarm(&plan), 1);
	ck_assert_int_eq(server_count_logged(&server, "ended"), 0);
	server_stop(&server);
}

START_TEST(other_clients_are_served_when_a_sync_is_slow)
{
	static const struct plan_fault slow = {
	    FAULT_FSYNC, FAULT_A_FILE, FAULT_DELAY, SLOW, 0, 0};
	struct run run;

	if (!begin())
		return;
	plan_arm(&plan, &slow, 1, 0);
	RUN_BEGIN(&run, "ftx", "put", "-r", "-o", "retry=0", "-o", CLIENT_WAITS,
	    "-o", "progress=lines", "d", "127.0.0.1:");
	check_others();
	ck_assert(process_is_alive(run.pid));
	run_finish(&run);
	run_check(&run, 0, "committing");
	ck_assert_int_ge(run.elapsed, SLOW);
	RUN(&run, "diff", "-r", "d", "in/d");
	run_check(&run, 0, NULL);
	end();
}
END_TEST

/* The idle time of the client starts only after the sync. */
START_TEST(client_is_not_timed_out_when_a_sync_is_slow)
{
	static const struct plan_fault slow = {
	    FAULT_FSYNC, FAULT_A_DIRECTORY, FAULT_DELAY, SLOW, 0, 0};
	struct script *script;
	struct client peer;

	if (!begin())
		return;
	script = script_new();
	script_begin(script);
	peer_start(&peer, server.port, script);
	plan_arm(&plan, &slow, 1, 0);
	script = script_new();
	script_file(script, 1, "a", "first");
	client_play(&peer, script);
	check_others();
	client_expect_result(&peer, 1, STATUS_STORED);
	(void)poll(NULL, 0, 500);
	script = script_new();
	script_file(script, 2, "b", "second");
	client_play(&peer, script);
	client_expect_result(&peer, 2, STATUS_STORED);
	client_close(&peer);
	end();
}
END_TEST

Suite *
slow_disk_suite(void)
{
	Suite *suite = suite_create("slow_disk");
	TCase *tcase = harness_case("slow_disk");

	tcase_add_test(tcase, other_clients_are_served_when_a_sync_is_slow);
	tcase_add_test(tcase, client_is_not_timed_out_when_a_sync_is_slow);
	suite_add_tcase(suite, tcase);
	return suite;
}
