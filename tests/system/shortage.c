/* SPDX-License-Identifier: ISC */
/* A file size limit, few descriptors, and a log that is full or not read. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define SH(script) ((const char *const[]){"sh", "-c", script, "sh", NULL})

START_TEST(put_fails_when_a_file_size_limit_is_met)
{
	struct server server;
	struct run run;
	struct rlimit limit;

	file_make("big", 2 << 20, 1);
	file_make("f", 1000, 2);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 500000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	SERVER_START(&server, "-w", "1");
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	RUN(&run, "ftx", "put", "big", "127.0.0.1:big");
	run_check(&run, 28, "File too large");
	put_good(&server, "f", "f");
	ck_assert_int_eq(directory_count("in"), 1);
	ck_assert_int_eq(server_count_logged(&server, "ended after"), 0);
	server_stop(&server);
}
END_TEST

/* A full group needs more descriptors, so the worker commits earlier. */
START_TEST(worker_commits_early_when_descriptors_are_few)
{
	struct server server;
	struct run run;
	char path[32];

	directory_make("src");
	for (int i = 0; i < 60; i++) {
		snprintf(path, sizeof(path), "src/d%d", i);
		directory_make(path);
		snprintf(path, sizeof(path), "src/d%d/f", i);
		file_make(path, 500, (unsigned)i);
	}
	server_start_by(&server, SH("ulimit -n 16 && exec \"$@\""),
	    (const char *const[]){"-w", "1", NULL});
	RUN(&run, "ftx", "put", "-r", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	RUN(&run, "diff", "-r", "src", "in/src");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(server_count_logged(&server, "ended after"), 0);
	server_stop(&server);
}
END_TEST

static const struct plan_fault leaks[] = {
    {.call = FAULT_CLOSE, .object = FAULT_A_FILE, .kind = FAULT_SKIP},
    {.call = FAULT_CLOSE, .object = FAULT_A_DIRECTORY, .kind = FAULT_SKIP},
    {.call = FAULT_CLOSE, .object = FAULT_A_PEER, .kind = FAULT_SKIP},
};

/*
 * A worker that leaks descriptors ends when none is left.  One transfer fails,
 * and a new worker replaces it.
 */
START_TEST(worker_is_replaced_when_it_leaks_descriptors)
{
	struct server server;
	struct plan plan;
	struct run run;
	int puts = 0;

	file_make("f", 500, 1);
	if (plan_make(&plan, "plan") != 0)
		return;
	server_start_by(&server,
	    (const char *const[]){"sh", "-c", "ulimit -n 20 && exec \"$@\"",
		"sh", "env", plan.texts[0], plan.texts[1], plan.texts[2], NULL},
	    (const char *const[]){"-w", "1", NULL});
	atomic_store(&plan.shared->spared, (int)server.pid);
	plan_arm(&plan, &leaks[_i], 1, 1);
	do {
		RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
	} while (run.status == 0 && ++puts < 20);
	run_check(&run, 11, "Too many open files");
	server_expect(&server, "out of memory or descriptors");
	ck_assert_int_gt(puts, 5);
	ck_assert_int_gt(plan_disarm(&plan), 5);
	put_good(&server, "f", "g");
	ck_assert_int_eq(server_count_logged(&server, "ended after"), 1);
	server_stop(&server);
}
END_TEST

/* Each directory stays open until its group is committed. */
START_TEST(worker_commits_early_when_directories_use_all_descriptors)
{
	enum {
		COUNT = 40
	};
	struct script *script = script_new();
	struct server server;
	struct client peer;
	char name[16];

	server_start_by(&server, SH("ulimit -n 16 && exec \"$@\""),
	    (const char *const[]){"-w", "1", NULL});
	script_begin(script);
	for (uint32_t i = 1; i <= COUNT; i++) {
		snprintf(name, sizeof(name), "d%u", (unsigned)i);
		script_request(script, WIRE_DIRECTORY, i, name, 0, 0);
	}
	script_bye(script);
	peer_start(&peer, server.port, script);
	for (uint32_t i = 1; i <= COUNT; i++)
		client_expect_result(&peer, i, STATUS_STORED);
	client_close(&peer);
	ck_assert_int_eq(directory_count("in"), COUNT);
	server_stop(&server);
}
END_TEST

START_TEST(server_serves_on_when_nobody_reads_the_log)
{
	struct server server;
	char block[4096];
	int fifo;

	memset(block, '\n', sizeof(block));
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	fifo = open("fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(fifo, 0);
	while (write(fifo, block, sizeof(block)) > 0)
		continue;
	file_write("f", "x");
	server_start_by(&server, SH("exec \"$@\" 2>fifo"),
	    (const char *const[]){"-w", "2", NULL});
	for (int i = 0; i < 5; i++)
		put_good(&server, "f", "f");
	while (read(fifo, block, sizeof(block)) > 0)
		continue;
	put_good(&server, "f", "f");
	ck_assert_int_gt(read(fifo, block, sizeof(block)), 0);
	server_stop(&server);
	close(fifo);
}
END_TEST

START_TEST(server_serves_on_when_the_log_is_full)
{
	struct server server;

	server_start_by(&server, SH("exec \"$@\" 2>/dev/full"),
	    (const char *const[]){"-w", "2", NULL});
	file_write("f", "x");
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

Suite *
shortage_suite(void)
{
	Suite *suite = suite_create("shortage");
	TCase *tcase = harness_case("shortage");

	tcase_add_test(tcase, put_fails_when_a_file_size_limit_is_met);
	tcase_add_test(tcase, worker_commits_early_when_descriptors_are_few);
	tcase_add_loop_test(
	    tcase, worker_is_replaced_when_it_leaks_descriptors, 0, 3);
	tcase_add_test(
	    tcase, worker_commits_early_when_directories_use_all_descriptors);
	tcase_add_test(tcase, server_serves_on_when_nobody_reads_the_log);
	tcase_add_test(tcase, server_serves_on_when_the_log_is_full);
	suite_add_tcase(suite, tcase);
	return suite;
}
