/* SPDX-License-Identifier: ISC */
/* The rate limit holds, and delays only content. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define LIMIT "8000"	    /* kbit/s */
#define RATE (8000 * 128)   /* bytes a second */
#define SECONDS 3	    /* that the content takes at RATE */
#define START_AND_COMMIT 50 /* milliseconds, beside the limit */

/*
 * ftx sends nothing ahead of the limit, so the time is exact within the
 * promised 5 %.
 */
START_TEST(limit_holds_for_one_file)
{
	struct server server;
	struct run run;

	SERVER_START(&server, "-w", "1");
	file_make("f", SECONDS * RATE, 1);
	RUN(&run, "ftx", "put", "-l", LIMIT, "f", "127.0.0.1:f");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/f"));
	ck_assert_msg(run.elapsed >= SECONDS * 950 &&
		run.elapsed <= SECONDS * 1050 + START_AND_COMMIT,
	    "%ld ms", (long)run.elapsed);
	server_stop(&server);
}
END_TEST

/* All files and connections of a run share the limit. */
START_TEST(limit_holds_for_many_files)
{
	enum {
		FILES = 50
	};
	static char names[FILES][16];
	const char *argv[FILES + 6] = {"ftx", "put", "-l", LIMIT};
	struct server server;
	struct run run;

	for (int i = 0; i < FILES; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d", i);
		file_make(names[i], RATE / FILES, (unsigned)i);
		argv[4 + i] = names[i];
	}
	argv[4 + FILES] = "127.0.0.1:";
	SERVER_START(&server, "-w", "1");
	run_all(&run, argv);
	run_check(&run, 0, NULL);
	ck_assert_int_ge(run.elapsed, 950);
	ck_assert_int_le(run.elapsed, 1300);
	server_stop(&server);
}
END_TEST

/* The result arrives when ftx has sent almost nothing. */
START_TEST(refusal_is_read_when_the_limit_is_low)
{
	struct server server;
	struct run run;

	SERVER_START(&server, "-w", "1", "-o", "max-size=1000");
	file_make("f", 1000000, 1);
	RUN(&run, "ftx", "put", "-l", "64", "f", "127.0.0.1:f");
	run_check(&run, 28, NULL);
	ck_assert_int_lt(run.elapsed, 2000);
	server_stop(&server);
}
END_TEST

START_TEST(run_ends_soon_when_terminated_at_a_low_limit)
{
	struct server server;
	struct run run;

	SERVER_START(&server, "-w", "1", "-v");
	file_make("f", 1000000, 1);
	RUN_BEGIN(&run, "ftx", "put", "-l", "64", "f", "127.0.0.1:f");
	server_expect(&server, "connected");
	ck_assert_int_eq(kill(run.pid, SIGTERM), 0);
	run_finish(&run);
	run_check(&run, 128 + SIGTERM, "nothing was stored");
	ck_assert_int_lt(run.elapsed, 2000);
	server_stop(&server);
}
END_TEST

/* ftx reads a pipe no faster than the limit lets it send. */
START_TEST(limit_holds_for_standard_input)
{
	struct server server;
	struct run run;

	SERVER_START(&server, "-w", "1");
	file_make("f", 2 * RATE, 1);
	run_shell(&run, "cat f | $FTX put -l " LIMIT " - 127.0.0.1:f");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/f"));
	ck_assert_int_ge(run.elapsed, 1900);
	ck_assert_int_le(run.elapsed, 2100 + START_AND_COMMIT);
	server_stop(&server);
}
END_TEST

START_TEST(bad_limit_is_refused)
{
	struct run run;

	file_write("f", "x");
	RUN(&run, "ftx", "put", "-l", "fast", "f", "127.0.0.1:f");
	run_check(&run, 1, "limit");
	RUN(&run, "ftx", "put", "-o", "limit=-1", "f", "127.0.0.1:f");
	run_check(&run, 1, "limit");
}
END_TEST

Suite *
rate_suite(void)
{
	Suite *suite = suite_create("rate");
	TCase *tcase = harness_case("rate");

	tcase_set_tags(tcase, HARNESS_TIMING);
	tcase_add_test(tcase, limit_holds_for_one_file);
	tcase_add_test(tcase, limit_holds_for_many_files);
	tcase_add_test(tcase, refusal_is_read_when_the_limit_is_low);
	tcase_add_test(tcase, run_ends_soon_when_terminated_at_a_low_limit);
	tcase_add_test(tcase, limit_holds_for_standard_input);
	tcase_add_test(tcase, bad_limit_is_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
