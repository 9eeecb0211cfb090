/* SPDX-License-Identifier: ISC */
/* ftxd serves a put while there are far more processes than processors. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define MOST 100
#define PUTS 10

/* The default of hello-timeout, in milliseconds. */
#define HELLO_TIMEOUT 10000

/* Returns the longest time of PUTS puts, in milliseconds. */
static int64_t
measure(void)
{
	int64_t longest = 0;
	struct run run;

	for (int i = 0; i < PUTS; i++) {
		RUN(&run, "ftx", "put", "-o", "retry=0", "f", "127.0.0.1:f");
		run_check(&run, 0, NULL);
		longest = run.elapsed > longest ? run.elapsed : longest;
	}
	return longest;
}

/*
 * Only tests/endurance uses MOST processes: other suites need the processors.
 */
START_TEST(put_is_served_soon_when_processors_are_busy)
{
	const int count = getenv("FTX_ENDURANCE") != NULL ? MOST : 2;
	struct server server;
	int64_t before, among;
	pid_t busy[MOST];

	file_make("f", 100000, 1);
	SERVER_START(&server, "-w", "2");
	before = measure();
	for (int i = 0; i < count; i++) {
		busy[i] = fork();
		ck_assert_int_ge(busy[i], 0);
		while (busy[i] == 0)
			continue;
	}
	among = measure();
	for (int i = 0; i < count; i++) {
		ck_assert_int_eq(kill(busy[i], SIGKILL), 0);
		ck_assert_int_eq(waitpid(busy[i], NULL, 0), busy[i]);
	}
	printf("busy: the longest of %d puts took %ld ms, and %ld ms among %d "
	       "busy processes\n",
	    PUTS, (long)before, (long)among, count);
	ck_assert_int_lt(among, HELLO_TIMEOUT);
	ck_assert_int_eq(server_count_logged(&server, "ended: stalled"), 0);
	ck_assert_int_eq(server_count_logged(&server, "ended after"), 0);
	ck_assert(file_equal("f", "in/f"));
	server_stop(&server);
}
END_TEST

Suite *
busy_suite(void)
{
	Suite *suite = suite_create("busy");
	TCase *tcase = harness_case("busy");

	tcase_add_test(tcase, put_is_served_soon_when_processors_are_busy);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return suite;
}
