/* SPDX-License-Identifier: ISC */
/* Round trips of a put to a far server, with those of the TCP handshake. */
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

/* Returns how long a put to this port takes, in milliseconds. */
static int64_t
time_put(const char *const argv[], unsigned port)
{
	struct run run;
	char text[16];

	snprintf(text, sizeof(text), "%u", port);
	ck_assert_int_eq(setenv("FTX_PORT", text, 1), 0);
	run_all(&run, argv);
	run_check(&run, 0, NULL);
	return run.elapsed;
}

/*
 * Put through a slow link, within limit milliseconds.  Before each put, put the
 * same files without the link.  If that takes more than a round trip, the disk
 * or the processor is slow now, and the limit grows by the excess.  Repeat
 * until a put is fast enough, and return its time.
 */
static int64_t
measure(const struct server *server, const char *const argv[], int64_t limit)
{
	int64_t near, taken = 0, allowed = -1;
	struct proxy proxy;

	(void)time_put(argv, server->port);
	ck_assert_int_eq(proxy_start(&proxy, &far, server->port), 0);
	for (int i = 0; i < TRIES && taken > allowed; i++) {
		near = time_put(argv, server->port);
		taken = time_put(argv, proxy.port);
		allowed = limit + (near > ROUND_TRIP ? near - ROUND_TRIP : 0);
	}
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	ck_assert_msg(taken <= allowed, "%ld ms, at most %ld", (long)taken,
	    (long)allowed);
	return taken;
}

START_TEST(one_small_file_takes_two_round_trips)
{
	const char *const argv[] = {"ftx", "put", "f", "127.0.0.1:f", NULL};
	struct server server;
	int64_t taken;

	file_make("f", 1024, 1);
	SERVER_START(&server, "-w", "2");
	taken = measure(&server, argv, ROUND_TRIP * 5 / 2);
	ck_assert(file_equal("f", "in/f"));
	/* Check the proxy: a put takes at least two round trips. */
	ck_assert_msg(taken >= ROUND_TRIP * 2, "%ld ms", (long)taken);
	server_stop(&server);
}
END_TEST

enum {
	COUNT = 100
};

/* Make COUNT files of 4 KiB, and the arguments to put them. */
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

START_TEST(hundred_small_files_take_three_round_trips)
{
	const char *argv[COUNT + 4];
	struct server server;

	make_hundred(argv);
	SERVER_START(&server, "-w", "2", "-o", "fsync=no");
	measure(&server, argv, ROUND_TRIP * 7 / 2);
	ck_assert_int_eq(directory_count("in/d"), COUNT);
	server_stop(&server);
}
END_TEST

START_TEST(hundred_synced_files_take_three_round_trips)
{
	const char *argv[COUNT + 4];
	struct server server;

	make_hundred(argv);
	SERVER_START(&server, "-w", "2");
	measure(&server, argv, ROUND_TRIP * 7 / 2);
	ck_assert_int_eq(directory_count("in/d"), COUNT);
	server_stop(&server);
}
END_TEST

/* Make files with the same time.  Use links, which are faster to make. */
static void
make_many(const char *directory, int count)
{
	const struct timespec times[2] = {{1000000, 1}, {1000000, 1}};
	char first[64], path[64];

	directory_make(directory);
	snprintf(first, sizeof(first), "%s/f", directory);
	file_write(first, "");
	ck_assert_int_eq(utimensat(AT_FDCWD, first, times, 0), 0);
	for (int i = 1; i < count; i++) {
		snprintf(path, sizeof(path), "%s/f%d", directory, i);
		ck_assert_int_eq(link(first, path), 0);
	}
}

START_TEST(unchanged_files_take_few_round_trips)
{
	enum {
		MANY = 10000
	};
	const char *const argv[] = {"ftx", "put", "-r", "-o", "skip-unchanged",
	    "d", "127.0.0.1:", NULL};
	struct server server;

	/* With overwrite=never, a file that differs would fail. */
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
	tcase_add_test(tcase, one_small_file_takes_two_round_trips);
	tcase_add_test(tcase, hundred_small_files_take_three_round_trips);
	tcase_add_test(tcase, hundred_synced_files_take_three_round_trips);
	tcase_add_test(tcase, unchanged_files_take_few_round_trips);
	suite_add_tcase(suite, tcase);
	return suite;
}
