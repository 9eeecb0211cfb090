/* SPDX-License-Identifier: ISC */
/* Stalled connections: an outage, a suspended client, a silent server. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define SIZE (12 << 20)
/* Bytes after which the connection stalls. */
#define SILENT (9 << 20)
/* The server has received and kept at least this many of them. */
#define KEPT (4 << 20)

/* kbit/s; the file takes 1.5 seconds. */
#define RATE "65536"

/* Seconds of an outage, and shorter timeouts for both programs. */
static const struct form {
	unsigned outage;
	const char *timeout, *idle;
} quick = {3, "timeout=1s", "1"}, full = {90, "timeout=60s", "60"};

static struct server server;
static struct proxy proxy;
static char port[16];

static void
begin(const struct proxy_plan *plan, const char *idle)
{
	file_make("f", SIZE, 1);
	/* Some workers may still wait for a stalled client. */
	SERVER_START(
	    &server, "-w", "8", "-C", "8", "-t", idle, "-o", "fsync=no");
	ck_assert_int_eq(proxy_start(&proxy, plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
}

static void
end(void)
{
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}

/* The first connection stalls, and the next one resumes the partial. */
START_TEST(stalled_put_is_resumed)
{
	const struct proxy_plan plan = {.faulty = 1,
	    .up = {.fault = PROXY_SILENT, .at = SILENT},
	    .down = {.fault = PROXY_NONE}};
	struct run run;

	begin(&plan, "1");
	RUN(&run, "ftx", "put", "-P", port, "-o", "timeout=1s", "f",
	    "127.0.0.1:f");
	run_check(&run, 0, "; trying again in 1.0 s\n");
	ck_assert(file_equal("f", "in/f"));
	ck_assert_int_eq(directory_count_staged("in"), 0);
	ck_assert_uint_lt(atomic_load(proxy.passed), SILENT + SIZE - KEPT);
	end();
}
END_TEST

/* Each connection stalls before the server can keep or store anything. */
START_TEST(run_ends_when_each_connection_stalls)
{
	const struct proxy_plan plan = {
	    .up = {.fault = PROXY_SILENT, .at = 5000},
	    .down = {.fault = PROXY_NONE}};
	struct run run;

	begin(&plan, "60");
	RUN(&run, "ftx", "put", "-P", port, "-o", "timeout=1s", "-o",
	    "retry=2s", "-o", "resume=no", "f", "127.0.0.1:f");
	run_check(&run, 30, " s; trying again in 1.0 s\n");
	run_check(&run, 30, "ftx: 127.0.0.1: stalled: nothing moved for 1.");
	ck_assert_int_ge(run.elapsed, 3000);
	ck_assert_int_lt(run.elapsed, 6000);
	end();
}
END_TEST

START_TEST(nothing_is_tried_again_with_retry_0)
{
	const struct proxy_plan plan = {
	    .faulty = 1, .up = {.fault = PROXY_SILENT, .at = SILENT}};
	struct run run;

	begin(&plan, "60");
	RUN(&run, "ftx", "put", "-P", port, "-o", "timeout=1s", "-o", "retry=0",
	    "-o", "resume=no", "f", "127.0.0.1:f");
	run_check(&run, 30, "stalled: nothing moved for 1.");
	ck_assert_ptr_null(strstr(run.err, "trying again"));
	end();
}
END_TEST

/* ftx cannot read the same input again. */
START_TEST(standard_input_is_not_tried_again)
{
	const struct proxy_plan plan = {
	    .faulty = 1, .up = {.fault = PROXY_SILENT, .at = SILENT}};
	char line[128];
	struct run run;

	begin(&plan, "60");
	snprintf(line, sizeof(line),
	    "$FTX put -P %s -o timeout=1s - 127.0.0.1:f <f", port);
	run_shell(&run, line);
	run_check(&run, 30, "nothing moved for 1.");
	ck_assert_ptr_null(strstr(run.err, "trying again"));
	end();
}
END_TEST

/* While ftx is suspended, the server times out and closes the connection. */
START_TEST(put_resumes_when_the_client_was_suspended)
{
	const struct proxy_plan plan = {.up = {.fault = PROXY_NONE}};
	struct run run;

	begin(&plan, "1");
	RUN_BEGIN(
	    &run, "ftx", "put", "-P", port, "-l", RATE, "f", "127.0.0.1:f");
	eventually(atomic_load(proxy.passed) > (SIZE / 3), HARNESS_TIMEOUT);
	ck_assert_int_eq(kill(run.pid, SIGSTOP), 0);
	server_expect(&server, "partial kept");
	ck_assert_int_eq(kill(run.pid, SIGCONT), 0);
	run_finish(&run);
	run_check(&run, 0, "trying again in 1.0 s");
	ck_assert(file_equal("f", "in/f"));
	end();
}
END_TEST

/* A router restarts; with FTX_ENDURANCE, the outage has a realistic length. */
START_TEST(put_succeeds_after_an_outage)
{
	const struct proxy_plan plan = {.up = {.fault = PROXY_NONE}};
	const struct form *form =
	    getenv("FTX_ENDURANCE") != NULL ? &full : &quick;
	struct run run;

	begin(&plan, form->idle);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "-l", RATE, "-o",
	    form->timeout, "f", "127.0.0.1:f");
	eventually(atomic_load(proxy.passed) > (SIZE / 3), HARNESS_TIMEOUT);
	ck_assert_int_eq(kill(proxy.pid, SIGSTOP), 0);
	sleep(form->outage);
	ck_assert(process_is_alive(run.pid));
	ck_assert_int_eq(kill(proxy.pid, SIGCONT), 0);
	run_finish(&run);
	run_check(&run, 0, "trying again in 1.0 s");
	ck_assert(file_equal("f", "in/f"));
	end();
}
END_TEST

Suite *
stalls_suite(void)
{
	Suite *suite = suite_create("stalls");
	TCase *tcase = harness_case("stalls");

	tcase_set_timeout(tcase, 200);
	tcase_add_test(tcase, stalled_put_is_resumed);
	tcase_add_test(tcase, run_ends_when_each_connection_stalls);
	tcase_add_test(tcase, nothing_is_tried_again_with_retry_0);
	tcase_add_test(tcase, standard_input_is_not_tried_again);
	tcase_add_test(tcase, put_resumes_when_the_client_was_suspended);
	tcase_add_test(tcase, put_succeeds_after_an_outage);
	suite_add_tcase(suite, tcase);
	return suite;
}
