/* SPDX-License-Identifier: ISC */
/* Each allocation of both programs fails, one after the other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/system/faulty.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

static const struct plan_fault no_memory = {.call = FAULT_ALLOCATE,
    .object = FAULT_ANYTHING,
    .kind = FAULT_ERROR,
    .value = ENOMEM};

static struct plan plan;
static struct server server;

/* Put with the fault.  If client is not NULL, ftx runs with this plan, too. */
static int
put_starved(int number, int always, const struct plan *client)
{
	struct run run;
	int done;

	faulty_prepare(&faulty_tree);
	plan_arm(&plan, &no_memory, number, always);
	faulty_run(&run, &faulty_tree, client);
	done = plan_disarm(&plan);
	faulty_describe("malloc %d%s", number, always ? ", always" : "");
	faulty_check(&faulty_tree, &run);
	if (done == 0)
		run_check(&run, 0, NULL);
	/* -q: ftx may wait for the next worker, and would report that. */
	RUN(&run, "ftx", "put", "-q", "new/a", "127.0.0.1:again");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("new/a", "in/again"));
	return done > 0;
}

/* Each step returns nonzero if there was an allocation of this number. */

static int
starve_worker(int number, int always)
{
	pid_t pids[SERVER_WORKERS];
	int done;

	server_start_by(&server, plan.launcher,
	    (const char *const[]){"-w", "1", "-o", "min-free=0", NULL});
	atomic_store(&plan.shared->spared, (int)server.pid);
	server_expect_workers(&server, pids, 1);
	done = put_starved(number, always, NULL);
	ck_assert_int_eq(server_count_logged(&server, ": signal "), 0);
	server_stop(&server);
	return done;
}

static int
starve_client(int number, int always)
{
	return put_starved(number, always, &plan);
}

static int
starve_start(int number, int always)
{
	return plan_start(&plan, &no_memory, number, always);
}

/* Returns nonzero if the test can run. */
static int
begin(void)
{
	faulty_make();
	directory_make("in");
	/* A record would need memory, too, and the fault would hit it. */
	(void)unsetenv("FTX_ORACLE");
	if (plan_make(&plan, "plan") != 0)
		return 0;
	if (atomic_load(&plan.shared->seen[FAULT_ALLOCATE]) > 0)
		return 1;
	harness_skip("no-memory", "a sanitizer has its own allocator");
	return 0;
}

/* Let each of the first allocations fail, and a selection of the later ones. */
static void
starve(int (*step)(int number, int always), int each)
{
	if (getenv("FTX_ENDURANCE") != NULL)
		each = 1 << 20;
	for (int always = 0; always <= 1; always++)
		for (int number = 1; step(number, always);)
			number += number < each ? 1 : number / 4;
}

START_TEST(worker_serves_on_when_an_allocation_fails)
{
	if (begin())
		starve(starve_worker, 8);
}
END_TEST

START_TEST(start_fails_or_serves_when_an_allocation_fails)
{
	if (begin())
		starve(starve_start, 8);
}
END_TEST

START_TEST(run_fails_or_stores_when_an_allocation_fails)
{
	if (!begin())
		return;
	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	starve(starve_client, 40);
	server_stop(&server);
}
END_TEST

Suite *
starved_suite(void)
{
	Suite *suite = suite_create("starved");
	TCase *tcase = harness_case("starved");

	tcase_set_timeout(tcase, 300);
	tcase_set_tags(tcase, HARNESS_MEMORY);
	tcase_add_test(tcase, worker_serves_on_when_an_allocation_fails);
	tcase_add_test(tcase, start_fails_or_serves_when_an_allocation_fails);
	tcase_add_test(tcase, run_fails_or_stores_when_an_allocation_fails);
	suite_add_tcase(suite, tcase);
	return suite;
}
