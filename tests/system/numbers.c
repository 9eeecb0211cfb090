/* SPDX-License-Identifier: ISC */
/* One worker or many: all start, and each serves connections. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/*
 * Ask for a report, in an empty log.  Returns nonzero if all workers are idle.
 */
static int
all_idle(const struct server *server, int count)
{
	ck_assert_int_eq(truncate(server->log, 0), 0);
	ck_assert_int_eq(kill(server->pid, SIGUSR1), 0);
	eventually(server_count_logged(server, ": idle after") +
		    server_count_logged(server, ": serving") ==
		count,
	    HARNESS_TIMEOUT);
	return server_count_logged(server, ": idle after") == count;
}

/* Get the fewest and the most connections of a worker from the log. */
static void
count_connections(const struct server *server, long *least, long *most)
{
	char *log = file_read(server->log), *at = log;
	const char *mark = "idle after ";

	*least = 1000000;
	*most = 0;
	while ((at = strstr(at, mark)) != NULL) {
		long count = strtol(at + strlen(mark), &at, 10);

		*least = count < *least ? count : *least;
		*most = count > *most ? count : *most;
	}
	free(log);
}

/*
 * The workers wait in one queue, and the kernel wakes them in turn.  A worker
 * that has just finished may be faster than one that wakes up.
 */
START_TEST(each_worker_gets_a_share)
{
	enum {
		COUNT = 8
	};
	struct server server;
	struct client peers[COUNT];
	long least, most;

	SERVER_START(&server, "-w", "8", "-C", "8");
	/* One connection for each worker: all must have started. */
	for (int i = 0; i < COUNT; i++)
		peer_arrive(&peers[i], server.port);
	for (int i = 0; i < COUNT; i++)
		client_close(&peers[i]);
	for (int i = 0; i < COUNT * 20; i++)
		peer_visit(server.port);
	eventually(all_idle(&server, COUNT), HARNESS_TIMEOUT);
	count_connections(&server, &least, &most);
	ck_assert_msg(least > 1 && most <= 1 + COUNT * 20 / 2,
	    "21 expected for each worker, but %ld to %ld", least, most);
	server_stop(&server);
}
END_TEST

static const char *const numbers[] = {"1", "2", "64", "512"};

START_TEST(all_workers_start_when_there_are_many)
{
	struct server server;
	io_time begun = io_now();

	file_write("f", "x");
	SERVER_START(&server, "-w", numbers[_i]);
	put_good(&server, "f", "f");
	eventually(all_idle(&server, atoi(numbers[_i])), 10000);
	server_stop(&server);
	ck_assert_int_lt(io_now() - begun, 10000);
}
END_TEST

/* Each worker ends after one connection.  Each put must find the next one. */
START_TEST(put_succeeds_when_workers_are_replaced)
{
	struct server server;
	pid_t pids[SERVER_WORKERS];

	file_write("f", "x");
	SERVER_START(&server, "-w", "2", "-o", "max-connections=1");
	for (int i = 0; i < 40; i++) {
		struct run run;

		RUN(&run, "ftx", "put", "-o", "retry=0", "f", "127.0.0.1:f");
		run_check(&run, 0, NULL);
		ck_assert_int_lt(run.elapsed, 900);
	}
	server_expect_workers(&server, pids, 2);
	ck_assert_int_eq(server_count_logged(&server, "keep dying"), 0);
	server_stop(&server);
}
END_TEST

Suite *
numbers_suite(void)
{
	Suite *suite = suite_create("numbers");
	TCase *tcase = harness_case("numbers");

	tcase_add_test(tcase, each_worker_gets_a_share);
	tcase_add_loop_test(tcase, all_workers_start_when_there_are_many, 0,
	    sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(tcase, put_succeeds_when_workers_are_replaced);
	suite_add_tcase(suite, tcase);
	return suite;
}
