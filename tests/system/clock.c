/* SPDX-License-Identifier: ISC */
/* The time of day jumps by a day, and no timeout changes. */
#include <stdio.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define DAY 86400
#define BIG (2 << 20)

static const uint8_t zeros[BIG];
static struct plan plan;

/* Shift the time of day by seconds for all processes of the plan. */
static void
jump(int seconds)
{
	const struct plan_fault fault = {
	    .call = FAULT_CLOCK, .kind = FAULT_JUMP, .value = seconds};

	plan_arm(&plan, &fault, 1, 1);
}

/* Send the first half of a large file. */
static void
begin_file(struct client *peer, unsigned port)
{
	struct script *script = script_new();

	script_begin(script);
	script_request(script, WIRE_PUT, 1, "f", BIG, 0);
	script_frame(script, WIRE_DATA, 1, zeros, BIG / 2);
	peer_start(peer, port, script);
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
}

static void
finish_file(struct client *peer)
{
	struct script *script = script_new();

	script_frame(script, WIRE_DATA, 1, zeros, BIG / 2);
	script_end_of(script, 1, zeros, BIG);
	script_bye(script);
	client_play(peer, script);
	client_expect_result(peer, 1, STATUS_STORED);
	client_expect_end(peer);
	client_close(peer);
}

/*
 * Start another server on the directory; wait until it has swept the directory.
 */
static void
start_and_sweep(struct server *server)
{
	char path[64];

	snprintf(path, sizeof(path), "in/.ftx-%lu/abandoned",
	    (unsigned long)geteuid());
	file_write(path, "x");
	server_start_by(server, plan.launcher,
	    (const char *const[]){"-w", "1", "-o", "partial-ttl=1h", NULL});
	eventually(!file_exists(path), HARNESS_TIMEOUT);
}

START_TEST(server_timeouts_stay_when_the_clock_jumps)
{
	struct client silent, slow;
	struct server server, sweeper;
	io_time begun;

	if (plan_make(&plan, "plan") != 0)
		return;
	server_start_by(&server, plan.launcher,
	    (const char *const[]){
		"-w", "3", "-C", "3", "-o", "hello-timeout=1s", NULL});
	begin_file(&slow, server.port);
	peer_arrive(&silent, server.port);
	begun = io_now();
	jump(DAY);
	start_and_sweep(&sweeper);
	ck_assert_int_eq(directory_count_staged("in"), 1);
	jump(-DAY);
	peer_expect_fatal(&silent, STATUS_STALLED);
	ck_assert_int_ge(io_now() - begun, 800);
	ck_assert_int_lt(io_now() - begun, 2500);
	client_close(&silent);
	finish_file(&slow);
	peer_check_service(server.port, "after");
	ck_assert_int_gt(plan_disarm(&plan), 0);
	ck_assert_uint_eq(file_size("in/f"), BIG);
	server_stop(&sweeper);
	server_stop(&server);
}
END_TEST

START_TEST(client_timeouts_stay_when_the_clock_jumps)
{
	char program[HARNESS_PATH];
	struct server server;
	struct run run;

	if (plan_make(&plan, "plan") != 0)
		return;
	file_make("f", BIG, 1);
	SERVER_START(&server, "-w", "1");
	RUN_BEGIN(&run, "env", plan.texts[0], plan.texts[1], plan.texts[2],
	    harness_program(program, "ftx"), "put", "-l", "16000", "-o",
	    "timeout=5s", "-o", "retry=0", "f", "127.0.0.1:f");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	jump(DAY);
	(void)poll(NULL, 0, 300);
	jump(-DAY);
	run_finish(&run);
	(void)plan_disarm(&plan);
	run_check(&run, 0, NULL);
	ck_assert_msg(run.elapsed >= 950 && run.elapsed < 2500, "%ld ms",
	    (long)run.elapsed);
	ck_assert(file_equal("f", "in/f"));
	server_stop(&server);
}
END_TEST

Suite *
clock_suite(void)
{
	Suite *suite = suite_create("clock");
	TCase *tcase = harness_case("clock");

	tcase_add_test(tcase, server_timeouts_stay_when_the_clock_jumps);
	tcase_add_test(tcase, client_timeouts_stay_when_the_clock_jumps);
	suite_add_tcase(suite, tcase);
	return suite;
}
