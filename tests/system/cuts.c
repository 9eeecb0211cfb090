/* SPDX-License-Identifier: ISC */
/* Transfers that are cut again and again: files are equal, and sent once. */
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"
#include "tests/system/trees.h"

/* No cut comes earlier.  PARTIAL_LEAST is less, so a partial is kept. */
#define KEPT (2 << 20)
/* The most bytes in flight that are lost when a connection ends. */
#define UNDER_WAY (8 << 20)
#define CUTS_MAX 20

static const struct form {
	uint64_t size;
	uint64_t rate; /* of the proxy, bytes a second */
	int cuts;
	const char *retry;
} quick = {32 << 20, 32 << 20, 2, "retry=1"},
  full = {1 << 30, 192 << 20, CUTS_MAX, "retry=5"};

static struct server server;
static struct proxy proxy;
static const struct form *form;
static uint64_t points[CUTS_MAX];

static void
begin(void)
{
	struct proxy_plan plan = {.up = {.fault = PROXY_NONE}};

	form = getenv("FTX_ENDURANCE") != NULL ? &full : &quick;
	plan.up.rate = form->rate;
	harness_begin();
	SERVER_START(&server, "-w", "2", "-C", "2");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
}

static void
end(void)
{
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
	harness_end();
}

static int
compare_points(const void *one, const void *other)
{
	const uint64_t *a = one, *b = other;

	return (*a > *b) - (*a < *b);
}

/* Choose where to cut.  The rest of the file leaves time for the last cut. */
static void
choose_points(uint64_t size)
{
	const char *given = getenv("SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10)
				      : (unsigned)io_now() ^ (unsigned)getpid();

	printf("cuts: SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < form->cuts; i++)
		points[i] = KEPT + (uint64_t)random() % (size / 10 * 6 + 1);
	qsort(points, form->cuts, sizeof(points[0]), compare_points);
}

/* Returns nonzero if the process has a staged file open. */
static int
holds_staged(pid_t pid)
{
	char pattern[64], target[HARNESS_PATH];
	glob_t found;
	int holds = 0;

	snprintf(pattern, sizeof(pattern), "/proc/%ld/fd/*", (long)pid);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			ssize_t length = readlink(
			    found.gl_pathv[i], target, sizeof(target) - 1);

			target[length > 0 ? length : 0] = '\0';
			holds |= strstr(target, "/in/.ftx-") != NULL &&
			    strstr(target, "/r") != NULL;
		}
	globfree(&found);
	return holds;
}

/* Returns the worker that receives the file, or 0. */
static pid_t
receiver(void)
{
	pid_t pids[SERVER_WORKERS];
	int count = server_workers(&server, pids);

	for (int i = 0; i < count; i++)
		if (holds_staged(pids[i]))
			return pids[i];
	return 0;
}

/*
 * Cut the transfer when the staged file has grown since the last cut, and has
 * reached this size.
 */
static void
cut_at(const struct run *run, uint64_t point, int kills)
{
	unsigned long before = atomic_load(proxy.passed) + 65536;
	uint64_t kept;
	pid_t pid = 0;

	eventually(
	    !process_is_alive(run->pid) || atomic_load(proxy.passed) > before,
	    HARNESS_TIMEOUT);
	kept = directory_staged_bytes("in");
	eventually(!process_is_alive(run->pid) ||
		(directory_staged_bytes("in") > kept &&
		    directory_staged_bytes("in") >= point &&
		    (pid = receiver()) != 0),
	    HARNESS_TIMEOUT);
	ck_assert_msg(
	    process_is_alive(run->pid), "the put ended before %" PRIu64, point);
	if (kills)
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
	else
		ck_assert_int_eq(proxy_cut(&proxy), 0);
}

START_TEST(file_is_sent_once_when_it_is_cut_again_and_again)
{
	struct run run;
	char port[16];
	uint64_t passed;

	file_make("big", form->size, 1);
	choose_points(form->size);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "-o", form->retry, "big",
	    "127.0.0.1:big");
	for (int i = 0; i < form->cuts; i++)
		cut_at(&run, points[i], i % 2);
	run_finish(&run);
	run_check(&run, 0, "trying again in 1.0 s");
	ck_assert_msg(strstr(run.err, "again in 2") == NULL,
	    "a retry without progress: %s", run.err);
	ck_assert(file_equal("big", "in/big"));
	ck_assert_int_eq(directory_count_staged("in"), 0);
	passed = atomic_load(proxy.passed);
	printf("cuts: %" PRIu64 " MiB cut %d times: %" PRIu64
	       " KiB more passed on, %" PRId64 " ms\n",
	    form->size >> 20, form->cuts, (passed - form->size) >> 10,
	    run.elapsed);
	ck_assert_uint_le(passed,
	    form->size + form->size / 20 + (uint64_t)form->cuts * UNDER_WAY);
}
END_TEST

/* Make large and small files by turns, in directories.  Returns their bytes. */
static uint64_t
make_tree(void)
{
	/* Each tenth file is large: cuts hit some, and others are complete. */
	static const uint64_t sizes[] = {
	    3 << 20, 20000, 0, 70000, 1, 1 << 20, 300, 200000, 5000, 40000};
	int directories = form->cuts * 2;
	uint64_t all = 0;
	char path[64];

	directory_make("src");
	for (int i = 0; i < directories; i++) {
		snprintf(path, sizeof(path), "src/%d", i);
		directory_make(path);
		for (int j = 0; j < 20; j++) {
			snprintf(path, sizeof(path), "src/%d/%d", i, j);
			file_make(path, sizes[j % 10], (unsigned)(i * 20 + j));
			all += sizes[j % 10];
		}
	}
	return all;
}

static void
kill_workers(void)
{
	pid_t pids[SERVER_WORKERS];
	int count = server_workers(&server, pids);

	for (int i = 0; i < count; i++)
		(void)kill(pids[i], SIGKILL);
}

START_TEST(tree_is_sent_once_when_it_is_cut_again_and_again)
{
	uint64_t size = make_tree(), passed;
	struct run run;
	char port[16];

	choose_points(size);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-rp", "-P", port, "src", "127.0.0.1:");
	for (int i = 0; i < form->cuts; i++) {
		eventually(atomic_load(proxy.passed) >= points[i] ||
			!process_is_alive(run.pid),
		    HARNESS_TIMEOUT);
		ck_assert_msg(
		    process_is_alive(run.pid), "the put ended too early");
		if (i % 2 != 0)
			kill_workers();
		else
			ck_assert_int_eq(proxy_cut(&proxy), 0);
	}
	run_finish(&run);
	run_check(&run, 0, "trying again");
	trees_check_equal("src", "in/src");
	ck_assert_int_eq(directory_count_staged("in"), 0);
	passed = atomic_load(proxy.passed);
	printf("cuts: a tree of %" PRIu64 " MiB: %" PRId64
	       " KiB more passed on, %" PRId64 " ms\n",
	    size >> 20, ((int64_t)passed - (int64_t)size) / 1024, run.elapsed);
	ck_assert_uint_le(
	    passed, size + size / 20 + (uint64_t)form->cuts * UNDER_WAY);
}
END_TEST

Suite *
cuts_suite(void)
{
	Suite *suite = suite_create("cuts");
	TCase *tcase = tcase_create("cuts");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, file_is_sent_once_when_it_is_cut_again_and_again);
	tcase_add_test(tcase, tree_is_sent_once_when_it_is_cut_again_and_again);
	suite_add_tcase(suite, tcase);
	return suite;
}
