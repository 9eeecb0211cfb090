/* SPDX-License-Identifier: ISC */
/* Calls fail between transfers: ftxd goes on, or does not start. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/faulty.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define CALLS(name, on, what)                                                  \
	.call = FAULT_##name, .object = (on), .kind = FAULT_##what
#define FAILS(name, on, error)                                                 \
	{                                                                      \
		CALLS(name, on, ERROR), .value = (error)                       \
	}

static struct plan plan;
static struct server server;

static void
start(const char *workers)
{
	server_start_by(&server, plan.launcher,
	    (const char *const[]){"-w", workers, "-o", "min-free=0", NULL});
	atomic_store(&plan.shared->spared, (int)server.pid);
}

/* Returns nonzero if the server runs, zero if the test was skipped. */
static int
begin(const char *workers)
{
	faulty_make();
	if (plan_make(&plan, "plan") != 0)
		return 0;
	start(workers);
	return 1;
}

static void
wait_for_workers(int count)
{
	pid_t pids[SERVER_WORKERS];

	server_expect_workers(&server, pids, count);
}

static pid_t
only_worker(void)
{
	pid_t pids[SERVER_WORKERS];

	server_expect_workers(&server, pids, 1);
	return pids[0];
}

static void
put_again(void)
{
	put_good(&server, "new/a", "again");
}

START_TEST(worker_serves_on_when_accept_fails_once)
{
	static const int errors[] = {ECONNABORTED, EPROTO, ENETDOWN,
	    EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENOPROTOOPT, EOPNOTSUPP,
	    EPERM, EINTR, EAGAIN, ENOBUFS, ENOMEM, ENFILE, EMFILE};
	pid_t worker;

	if (!begin("1"))
		return;
	worker = only_worker();
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		const struct plan_fault fault =
		    FAILS(ACCEPT, FAULT_ANYTHING, errors[i]);

		plan_arm(&plan, &fault, 1, 0);
		/* Put twice: the first accept began before the fault. */
		put_again();
		put_again();
		ck_assert_int_eq(plan_disarm(&plan), 1);
		ck_assert_msg(only_worker() == worker, "the worker ended by %s",
		    strerror(errors[i]));
	}
	server_stop(&server);
}
END_TEST

/* While every accept fails, the worker waits and does not spin. */
START_TEST(worker_waits_when_accept_keeps_failing)
{
	static const int errors[] = {ENETDOWN, EMFILE};
	pid_t worker;

	if (!begin("1"))
		return;
	worker = only_worker();
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		const struct plan_fault fault =
		    FAILS(ACCEPT, FAULT_ANYTHING, errors[i]);
		io_time until;

		plan_arm(&plan, &fault, 1, 1);
		/* The accept before the fault ends within LISTENER_TICK. */
		eventually(plan_count_matches(&plan) > 0, HARNESS_TIMEOUT);
		for (until = io_now() + 400; io_now() < until;)
			(void)poll(NULL, 0, 20);
		ck_assert_int_ge(plan_count_matches(&plan), 2);
		/* At most 100 tries without a pause, then 10 a second. */
		ck_assert_int_le(plan_count_matches(&plan), 110);
		(void)plan_disarm(&plan);
		put_again();
		ck_assert_int_eq(only_worker(), worker);
	}
	server_expect(&server, "cannot accept a connection");
	server_stop(&server);
}
END_TEST

START_TEST(server_ends_when_accept_fails_for_good)
{
	static const struct plan_fault fault =
	    FAILS(ACCEPT, FAULT_ANYTHING, EBADF);

	if (!begin("1"))
		return;
	only_worker();
	plan_arm(&plan, &fault, 1, 0);
	ck_assert_int_ne(server_wait(&server, HARNESS_TIMEOUT), 0);
	server_expect(&server, "listening socket failed");
}
END_TEST

START_TEST(worker_starts_later_when_fork_fails)
{
	static const struct plan_fault fault =
	    FAILS(FORK, FAULT_ANYTHING, EAGAIN);
	pid_t pids[SERVER_WORKERS];

	if (!begin("2"))
		return;
	server_expect_workers(&server, pids, 2);
	atomic_store(&plan.shared->spared, 0);
	plan_arm(&plan, &fault, 1, 1);
	ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
	server_expect(&server, "cannot start a worker");
	wait_for_workers(1);
	put_again();
	ck_assert_int_le(plan_disarm(&plan), 4);
	wait_for_workers(2);
	put_again();
	server_stop(&server);
}
END_TEST

/* Each worker dies at its first accept, until the fault is removed. */
START_TEST(restarts_are_delayed_when_workers_die_at_once)
{
	static const struct plan_fault fault = {
	    CALLS(ACCEPT, FAULT_ANYTHING, SIGNAL), .value = SIGKILL};

	if (!begin("1"))
		return;
	only_worker();
	plan_arm(&plan, &fault, 1, 1);
	server_expect(
	    &server, "workers keep dying: the next one starts in 1 s");
	ck_assert_int_le(plan_disarm(&plan), 4);
	wait_for_workers(1);
	put_again();
	server_stop(&server);
}
END_TEST

/* SIGTERM comes after the worker has checked its flag, but before accept. */
START_TEST(server_stops_when_the_signal_comes_before_accept)
{
	static const struct plan_fault fault = {
	    CALLS(ACCEPT, FAULT_ANYTHING, DELAY), .value = 5000};
	io_time begun;

	if (!begin("1"))
		return;
	only_worker();
	plan_arm(&plan, &fault, 1, 1);
	eventually(plan_count_matches(&plan) > 0, HARNESS_TIMEOUT);
	begun = io_now();
	server_stop(&server);
	ck_assert_int_lt(io_now() - begun, 1000);
}
END_TEST

/*
 * A sweeper removes a new file before it is locked.  The worker makes it again.
 */
START_TEST(file_is_made_again_when_swept_before_its_lock)
{
	static const struct plan_fault fault = {
	    CALLS(FCNTL, FAULT_A_FILE, SIGNAL), .value = SIGSTOP};
	struct run run, sweep;
	pid_t worker, parent;
	char state = '?';

	if (!begin("1"))
		return;
	/* After this put, earlier clients are served. */
	put_again();
	worker = only_worker();
	plan_arm(&plan, &fault, 1, 0);
	RUN_BEGIN(&run, "ftx", "put", "new/a", "127.0.0.1:a");
	eventually(process_look(worker, &parent, &state) == 0 && state == 'T',
	    HARNESS_TIMEOUT);
	ck_assert_int_eq(directory_count_staged("in"), 1);
	RUN(&sweep, "sh", "-c", "rm in/.ftx-*/*");
	run_check(&sweep, 0, NULL);
	ck_assert_int_eq(kill(worker, SIGCONT), 0);
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert_int_eq(plan_disarm(&plan), 1);
	ck_assert(file_equal("new/a", "in/a"));
	server_stop(&server);
}
END_TEST

/* If ftxd cannot change its user, it does not start, and never runs as root. */
START_TEST(start_fails_when_the_user_cannot_be_changed)
{
	static const struct plan_fault faults[] = {
	    FAILS(GROUPS, FAULT_ANYTHING, EPERM),
	    FAILS(SETGID, FAULT_ANYTHING, EPERM),
	    FAILS(SETUID, FAULT_ANYTHING, EAGAIN),
	    {CALLS(SETGID, FAULT_ANYTHING, SKIP)},
	    {CALLS(SETUID, FAULT_ANYTHING, SKIP)},
	};
	char program[HARNESS_PATH];
	struct run run;

	if (geteuid() != 0) {
		harness_skip("nobody", "changing the user needs root");
		return;
	}
	directory_make("in");
	if (plan_make(&plan, "plan") != 0)
		return;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		plan_arm(&plan, &faults[i], 1, 1);
		RUN(&run, "env", plan.texts[0], plan.texts[1], plan.texts[2],
		    harness_program(program, "ftxd"), "-p", "0", "-d", "in",
		    "-u", "nobody");
		ck_assert_int_gt(plan_disarm(&plan), 0);
		run_check(&run, 1, "cannot become user nobody");
		ck_assert_str_eq(run.out, "");
	}
}
END_TEST

/* If the sync of a file fails, only that file fails; it is not synced again. */
START_TEST(only_one_file_fails_when_its_sync_fails)
{
	static const struct plan_fault fault = FAILS(FSYNC, FAULT_A_FILE, EIO);
	struct run run;

	if (!begin("1"))
		return;
	faulty_prepare(&faulty_files);
	plan_arm(&plan, &fault, 2, 0);
	faulty_run(&run, &faulty_files, NULL);
	ck_assert_int_eq(plan_disarm(&plan), 1);
	run_check(&run, 23, "src/b -> 127.0.0.1:d/b: failed: syncing the file");
	ck_assert_int_eq(plan_count_matches(&plan), 3);
	ck_assert(file_equal("src/a", "in/d/a"));
	ck_assert(!file_exists("in/d/b"));
	ck_assert(file_equal("src/c", "in/d/c"));
	server_stop(&server);
}
END_TEST

/*
 * After a failed sync of a directory, its files exist, but a power cut may
 * remove them.
 */
START_TEST(durability_is_unknown_when_a_directory_sync_fails)
{
	static const struct plan_fault fault =
	    FAILS(FSYNC, FAULT_A_DIRECTORY, EIO);
	struct run run;

	if (!begin("1"))
		return;
	faulty_prepare(&faulty_files);
	plan_arm(&plan, &fault, 1, 1);
	faulty_run(&run, &faulty_files, NULL);
	(void)plan_disarm(&plan);
	run_check(&run, 11, "whether it lasts is unknown");
	ck_assert_ptr_null(strstr(run.err, "nothing was stored"));
	faulty_check(&faulty_files, &run);
	ck_assert_int_eq(server_count_logged(&server, "stored,"), 0);
	server_expect(&server, "or a sync failed");
	server_stop(&server);
}
END_TEST

/* Send two whole files in one group, each in its own directory. */
static void
send_two(struct client *peer)
{
	struct script *script = script_new();

	script_file(script, 1, "one/a", "a");
	script_file(script, 2, "two/b", "b");
	client_play(peer, script);
}

/* Further files and a directory must fail, and must not exist. */
static void
check_requests_fail(struct client *peer)
{
	struct script *script = script_new();

	script_file(script, 3, "two/c", "c");
	script_request(script, WIRE_ASK, 4, "two/d", 1, 0);
	script_request(script, WIRE_DIRECTORY, 5, "three", 0, 0);
	client_play(peer, script);
	for (uint32_t i = 3; i <= 5; i++) {
		client_expect_result(peer, i, STATUS_FAILED);
		ck_assert_ptr_nonnull(
		    strstr(client_text(peer), "could not be synced before"));
	}
	ck_assert(!file_exists("in/two/c"));
	ck_assert(!file_exists("in/three"));
}

/*
 * The kernel reports a failed sync once: a second sync would succeed, though
 * data was lost.
 */
START_TEST(nothing_is_durable_after_a_directory_sync_failed)
{
	static const struct plan_fault fault =
	    FAILS(FSYNC, FAULT_A_DIRECTORY, EIO);
	struct script *script = script_new();
	struct client peer;
	pid_t worker;

	if (!begin("1"))
		return;
	worker = only_worker();
	script_begin(script);
	peer_start(&peer, server.port, script);
	plan_arm(&plan, &fault, 1, 0);
	send_two(&peer);
	client_expect_result(&peer, 1, STATUS_FAILED);
	client_expect_result(&peer, 2, STATUS_FAILED);
	ck_assert_int_eq(plan_disarm(&plan), 1);
	check_requests_fail(&peer);
	client_close(&peer);
	eventually(!process_is_alive(worker), HARNESS_TIMEOUT);
	put_again();
	ck_assert_int_eq(server_count_logged(&server, "or a sync failed"), 1);
	server_stop(&server);
}
END_TEST

/* The file was begun before the failure, so its durability is unknown. */
START_TEST(open_file_fails_when_a_directory_sync_failed)
{
	static const struct plan_fault fault =
	    FAILS(FSYNC, FAULT_A_DIRECTORY, EIO);
	struct script *script = script_new();
	struct client peer;

	if (!begin("1"))
		return;
	only_worker();
	script_begin(script);
	peer_start(&peer, server.port, script);
	plan_arm(&plan, &fault, 1, 0);
	script = script_new();
	script_file(script, 1, "one/a", "a");
	script_request(script, WIRE_PUT, 2, "two/b", 1, 0);
	client_play(&peer, script);
	client_expect_result(&peer, 1, STATUS_FAILED);
	ck_assert_int_eq(plan_disarm(&plan), 1);
	script = script_new();
	script_frame(script, WIRE_DATA, 2, "b", 1);
	script_end_of(script, 2, "b", 1);
	client_play(&peer, script);
	client_expect_result(&peer, 2, STATUS_FAILED);
	ck_assert(!file_exists("in/two/b"));
	client_close(&peer);
	server_expect(&server, "or a sync failed");
	server_stop(&server);
}
END_TEST

/*
 * If the file system cannot sync directories, no result is durable.  The worker
 * warns once.
 */
START_TEST(put_warns_when_directories_cannot_be_synced)
{
	static const struct plan_fault fault =
	    FAILS(FSYNC, FAULT_A_DIRECTORY, EINVAL);
	struct run run;

	if (!begin("1"))
		return;
	faulty_prepare(&faulty_removing);
	plan_arm(&plan, &fault, 1, 1);
	faulty_run(&run, &faulty_removing, NULL);
	run_check(&run, 0, "no source is removed");
	ck_assert_ptr_nonnull(strstr(run.err, "stored, but not synced"));
	ck_assert(file_equal("src/a", "in/d/a"));
	server_expect(&server, "bytes, not synced");
	faulty_run(&run, &faulty_files, NULL);
	run_check(&run, 0, NULL);
	ck_assert_int_gt(plan_disarm(&plan), 3);
	ck_assert_int_eq(
	    server_count_logged(&server, "cannot sync directories"), 1);
	server_stop(&server);
}
END_TEST

static const char no_directories[] = "this file system cannot sync directories";

/* ftxd learns this at its start, before the first file. */
START_TEST(require_sync_is_refused_when_directories_cannot_be_synced)
{
	static const struct plan_fault fault =
	    FAILS(FSYNC, FAULT_A_DIRECTORY, EINVAL);
	struct run run;

	file_write("f", "x");
	if (plan_make(&plan, "plan") != 0)
		return;
	plan_arm(&plan, &fault, 1, 1);
	start("1");
	RUN(&run, "ftx", "put", "-o", "require-sync", "f", "127.0.0.1:new/f");
	run_check(&run, 5, no_directories);
	ck_assert(!file_exists("in/new"));
	ck_assert_int_ge(plan_disarm(&plan), 1);
	server_stop(&server);
}
END_TEST

Suite *
faults_service_suite(void)
{
	Suite *suite = suite_create("faults_service");
	TCase *tcase = harness_case("faults_service");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, worker_serves_on_when_accept_fails_once);
	tcase_add_test(tcase, worker_waits_when_accept_keeps_failing);
	tcase_add_test(tcase, server_ends_when_accept_fails_for_good);
	tcase_add_test(tcase, worker_starts_later_when_fork_fails);
	tcase_add_test(tcase, restarts_are_delayed_when_workers_die_at_once);
	tcase_add_test(tcase, server_stops_when_the_signal_comes_before_accept);
	tcase_add_test(tcase, file_is_made_again_when_swept_before_its_lock);
	tcase_add_test(tcase, start_fails_when_the_user_cannot_be_changed);
	tcase_add_test(tcase, only_one_file_fails_when_its_sync_fails);
	tcase_add_test(
	    tcase, durability_is_unknown_when_a_directory_sync_fails);
	tcase_add_test(tcase, nothing_is_durable_after_a_directory_sync_failed);
	tcase_add_test(tcase, open_file_fails_when_a_directory_sync_failed);
	tcase_add_test(tcase, put_warns_when_directories_cannot_be_synced);
	tcase_add_test(
	    tcase, require_sync_is_refused_when_directories_cannot_be_synced);
	suite_add_tcase(suite, tcase);
	return suite;
}
