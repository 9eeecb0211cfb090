/* SPDX-License-Identifier: ISC */
/* What a far server costs: round trips, TCP's own among them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define ROUND_TRIP 100 /* milliseconds */
#define TRIES 10

static const struct proxy_plan far = {.handshake = 1,
    .up = {.delay = ROUND_TRIP / 2},
    .down = {.delay = ROUND_TRIP / 2}};

/*
 * Put from afar, in at most so many milliseconds; a machine that needs longer
 * than a round trip where there is none gets that on top.  A busy moment is no
 * round trip, either: it is tried again while it takes too long.  Returns how
 * long it took at best.
 */
static int64_t
measure(const struct server *server, const char *const argv[], int64_t limit)
{
	int64_t best = INT64_MAX;
	struct proxy proxy;
	struct run run;
	char port[16];

	run_all(&run, argv);
	run_check(&run, 0, NULL);
	if (run.elapsed > ROUND_TRIP)
		limit += run.elapsed - ROUND_TRIP;
	ck_assert_int_eq(proxy_start(&proxy, &far, server->port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
	for (int i = 0; i < TRIES && best > limit; i++) {
		run_all(&run, argv);
		run_check(&run, 0, NULL);
		best = run.elapsed < best ? run.elapsed : best;
	}
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	ck_assert_msg(best <= limit, "%ld ms", (long)best);
	return best;
}

START_TEST(one_small_file)
{
	const char *const argv[] = {"ftx", "put", "f", "127.0.0.1:f", NULL};
	struct server server;
	int64_t best;

	file_make("f", 1024, 1);
	SERVER_START(&server, "-w", "2");
	best = measure(&server, argv, ROUND_TRIP * 5 / 2);
	ck_assert(file_equal("f", "in/f"));
	/* The proxy does what it should: two are what it must take. */
	ck_assert_msg(best >= ROUND_TRIP * 2, "%ld ms", (long)best);
	server_stop(&server);
}
END_TEST

enum {
	COUNT = 100
};

/* The arguments of a put of so many files of 4 KiB, which are made. */
static void
make_hundred(const char *argv[COUNT + 4])
{
	static char names[COUNT][16];

	argv[0] = "ftx";
	argv[1] = "put";
	for (int i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d", i);
		file_make(names[i], 4096, (unsigned)i);
		argv[2 + i] = names[i];
	}
	argv[2 + COUNT] = "127.0.0.1:d/";
	argv[3 + COUNT] = NULL;
}

START_TEST(hundred_small_files)
{
	const char *argv[COUNT + 4];
	struct server server;

	make_hundred(argv);
	SERVER_START(&server, "-w", "2", "-o", "fsync=no");
	measure(&server, argv, ROUND_TRIP * 7 / 2);
	ck_assert_int_eq(folder_count("in/d"), COUNT);
	server_stop(&server);
}
END_TEST

START_TEST(hundred_synced_files)
{
	const char *argv[COUNT + 4];
	struct server server;

	make_hundred(argv);
	SERVER_START(&server, "-w", "2");
	measure(&server, argv, ROUND_TRIP * 7 / 2);
	ck_assert_int_eq(folder_count("in/d"), COUNT);
	server_stop(&server);
}
END_TEST

/* So many files of one time: links are made faster. */
static void
make_many(const char *folder, int count)
{
	const struct timespec times[2] = {{1000000, 1}, {1000000, 1}};
	char first[64], path[64];

	folder_make(folder);
	snprintf(first, sizeof(first), "%s/f", folder);
	file_write(first, "");
	ck_assert_int_eq(utimensat(AT_FDCWD, first, times, 0), 0);
	for (int i = 1; i < count; i++) {
		snprintf(path, sizeof(path), "%s/f%d", folder, i);
		ck_assert_int_eq(link(first, path), 0);
	}
}

START_TEST(unchanged_files)
{
	enum {
		MANY = 10000
	};
	const char *const argv[] = {"ftx", "put", "-r", "-o", "skip-unchanged",
	    "d", "127.0.0.1:", NULL};
	struct server server;

	/* One that differed would fail. */
	SERVER_START(&server, "-w", "2", "-q", "-o", "overwrite=never");
	make_many("d", MANY);
	make_many("in/d", MANY);
	measure(&server, argv, ROUND_TRIP * 10);
	server_stop(&server);
}
END_TEST

Suite *
latency_suite(void)
{
	Suite *suite = suite_create("latency");
	TCase *tcase = harness_case("latency");

	tcase_set_tags(tcase, HARNESS_TIMING);
	tcase_add_test(tcase, one_small_file);
	tcase_add_test(tcase, hundred_small_files);
	tcase_add_test(tcase, hundred_synced_files);
	tcase_add_test(tcase, unchanged_files);
	suite_add_tcase(suite, tcase);
	return suite;
}
