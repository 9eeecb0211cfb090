/* SPDX-License-Identifier: ISC */
/* Host names whose look-up is slow. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* The first look-up only tests whether the name is a numeric address. */
#define SECOND 2

static struct plan plan;

/*
 * Delay the second look-up.  Returns nonzero if the plan was made, zero if the
 * test was skipped.
 */
static int
slow_down(int milliseconds)
{
	const struct plan_fault slow = {
	    FAULT_LOOKUP, FAULT_ANYTHING, FAULT_DELAY, milliseconds, 0, 0};

	file_write("f", "x");
	if (plan_make(&plan, "plan") != 0)
		return 0;
	plan_arm(&plan, &slow, SECOND, 0);
	return 1;
}

static void
put_begin(struct run *run, const char *timeout, const char *target)
{
	char program[HARNESS_PATH];

	RUN_BEGIN(run, "env", plan.texts[0], plan.texts[1], plan.texts[2],
	    harness_program(program, "ftx"), "put", "-4", "-o", timeout, "f",
	    target);
}

START_TEST(lookup_ends_with_the_connect_timeout)
{
	struct run run;

	if (!slow_down(60000))
		return;
	put_begin(&run, "connect-timeout=1s", "localhost:f");
	run_finish(&run);
	ck_assert_int_eq(plan_disarm(&plan), 1);
	run_check(&run, 35,
	    "ftx: localhost: unreachable: no answer to the look-up of "
	    "localhost in 1.0 s; nothing was stored, run again later\n");
	ck_assert_int_ge(run.elapsed, 1000);
	ck_assert_int_lt(run.elapsed, 3000);
}
END_TEST

START_TEST(lookup_ends_when_interrupted)
{
	struct run run;

	if (!slow_down(60000))
		return;
	put_begin(&run, "connect-timeout=60s", "localhost:f");
	eventually(plan_count_matches(&plan) == SECOND, HARNESS_TIMEOUT);
	ck_assert_int_eq(kill(run.pid, SIGINT), 0);
	/*
	 * run_finish reads the outputs to the end, so the child has ended, too.
	 */
	run_finish(&run);
	(void)plan_disarm(&plan);
	run_check(&run, 128 + SIGINT, "interrupted; nothing was stored");
	ck_assert_int_lt(run.elapsed, 10000);
}
END_TEST

/* Listen without accept, and fill the queue with connections. */
static int
listen_full(int clients[3])
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char port[16];

	memset(&address, 0, sizeof(address));
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	ck_assert_int_eq(
	    getsockname(fd, (struct sockaddr *)&address, &length), 0);
	for (int i = 0; i < 3; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		ck_assert_int_eq(io_set_blocking(clients[i], 0), 0);
		(void)connect(clients[i], (struct sockaddr *)&address, length);
	}
	snprintf(port, sizeof(port), "%u", ntohs(address.sin_port));
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
	return fd;
}

/* The look-up and the connection share one timeout. */
START_TEST(connect_timeout_includes_the_lookup)
{
	int clients[3], listener;
	struct run run;

	if (!slow_down(1500))
		return;
	listener = listen_full(clients);
	put_begin(&run, "connect-timeout=2s", "localhost:f");
	run_finish(&run);
	ck_assert_int_eq(plan_disarm(&plan), 1);
	run_check(&run, 35, strerror(ETIMEDOUT));
	ck_assert_int_ge(run.elapsed, 2000);
	ck_assert_int_lt(run.elapsed, 3000);
	for (int i = 0; i < 3; i++)
		close(clients[i]);
	close(listener);
}
END_TEST

START_TEST(put_succeeds_when_the_lookup_is_slow)
{
	struct server server;
	struct run run;

	if (!slow_down(500))
		return;
	SERVER_START(&server, "-w", "1");
	put_begin(&run, "connect-timeout=5s", "localhost:f");
	run_finish(&run);
	ck_assert_int_eq(plan_disarm(&plan), 1);
	run_check(&run, 0, NULL);
	ck_assert_int_ge(run.elapsed, 500);
	ck_assert(file_equal("f", "in/f"));
	server_stop(&server);
}
END_TEST

/* A numeric address needs no look-up, and no child. */
START_TEST(no_process_looks_up_when_the_host_is_a_number)
{
	const struct plan_fault none = {
	    FAULT_FORK, FAULT_ANYTHING, FAULT_ERROR, EAGAIN, 0, 0};
	struct server server;
	struct run run;

	if (!slow_down(0))
		return;
	SERVER_START(&server, "-w", "1");
	plan_arm(&plan, &none, 1, 1);
	put_begin(&run, "connect-timeout=5s", "127.0.0.1:f");
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert_int_eq(plan_count_matches(&plan), 0);
	put_begin(&run, "connect-timeout=5s", "localhost:f");
	run_finish(&run);
	run_check(&run, 35, "cannot connect to localhost: ");
	ck_assert_int_eq(plan_disarm(&plan), 1);
	server_stop(&server);
}
END_TEST

Suite *
lookups_suite(void)
{
	Suite *suite = suite_create("lookups");
	TCase *tcase = harness_case("lookups");

	tcase_add_test(tcase, lookup_ends_with_the_connect_timeout);
	tcase_add_test(tcase, lookup_ends_when_interrupted);
	tcase_add_test(tcase, connect_timeout_includes_the_lookup);
	tcase_add_test(tcase, put_succeeds_when_the_lookup_is_slow);
	tcase_add_test(tcase, no_process_looks_up_when_the_host_is_a_number);
	suite_add_tcase(suite, tcase);
	return suite;
}
