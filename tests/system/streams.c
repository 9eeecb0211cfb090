/* SPDX-License-Identifier: ISC */
/* A run over several streams, of which some may be refused or lost. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define DIRECTORIES 12
#define FILES 40 /* in each */

/* Make the tree "src": private directories with many small files. */
static void
begin(void)
{
	char path[64];

	harness_begin();
	directory_make("src");
	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(path, sizeof(path), "src/%d", i);
		directory_make(path);
		for (int j = 0; j < FILES; j++) {
			snprintf(path, sizeof(path), "src/%d/%d", i, j);
			file_make(path, 100 + (uint64_t)j, (unsigned)i);
		}
		snprintf(path, sizeof(path), "src/%d", i);
		ck_assert_int_eq(chmod(path, 0700), 0);
	}
}

static void
check_equal(void)
{
	struct run run;

	RUN(&run, "diff", "-r", "src", "in/src");
	ck_assert_msg(run.status == 0, "%s%s", run.out, run.err);
}

/* Count the connections that stored files, by the client's port in the log. */
static int
count_connections(const struct server *server)
{
	static unsigned char seen[65536];
	static const char from[] = " 127.0.0.1:";
	FILE *log = fopen(server->log, "r");
	char line[4096];
	int count = 0;

	memset(seen, 0, sizeof(seen));
	ck_assert_ptr_nonnull(log);
	while (fgets(line, sizeof(line), log) != NULL) {
		const char *port = strstr(line, from);
		long number = port == NULL
		    ? 0
		    : strtol(port + sizeof(from) - 1, NULL, 10);

		if (strstr(line, " stored, 1") != NULL && !seen[number]) {
			seen[number] = 1;
			count++;
		}
	}
	fclose(log);
	return count;
}

/*
 * Several connections send files of one directory.  Each requests the directory
 * before its files, so the server never creates it with a default mode.
 */
START_TEST(tree_arrives_whole_over_several_streams)
{
	/*
	 * The delay keeps the first stream from sending all before others
	 * connect.
	 */
	const struct proxy_plan plan = {.up.delay = 20, .down.delay = 20};
	struct server server;
	struct proxy proxy;
	struct run run;
	char path[64], port[16];

	SERVER_START(&server, "-w", "8", "-o", "fsync=no");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-r", "-j", "32", "-P", port, "src",
	    "127.0.0.1:");
	run_check(&run, 0, NULL);
	run_check_silent(&run);
	check_equal();
	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(path, sizeof(path), "in/src/%d", i);
		ck_assert_int_eq(file_mode(path), 0700);
	}
	ck_assert_int_gt(count_connections(&server), 1);
	ck_assert_int_eq(
	    server_count_logged(&server, " stored, 1"), DIRECTORIES * FILES);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

START_TEST(modes_and_times_are_kept_over_several_streams)
{
	const struct timespec past[2] = {{1000000000, 0}, {1000000000, 0}};
	struct server server;
	struct stat found;
	struct run run;

	ck_assert_int_eq(chmod("src/7", 0500), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "src/7", past, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "src", past, 0), 0);
	SERVER_START(&server, "-w", "8", "-o", "fsync=no");
	RUN(&run, "ftx", "put", "-rp", "-j", "8", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	check_equal();
	ck_assert_int_eq(file_mode("in/src/7"), 0700);
	ck_assert_int_eq(stat("in/src/7", &found), 0);
	ck_assert_int_eq(found.st_mtim.tv_sec, past[0].tv_sec);
	ck_assert_int_eq(stat("in/src", &found), 0);
	ck_assert_int_eq(found.st_mtim.tv_sec, past[0].tv_sec);
	server_stop(&server);
}
END_TEST

static const struct {
	const char *workers, *most;
} few[] = {{"1", "4"}, {"2", "4"}, {"8", "2"}};

/* Fewer workers than streams, or fewer connections for one host. */
START_TEST(tree_arrives_when_streams_are_fewer_than_requested)
{
	struct server server;
	struct run run;

	SERVER_START(&server, "-w", few[_i].workers, "-C", few[_i].most, "-o",
	    "fsync=no");
	RUN(&run, "ftx", "put", "-r", "-j", "4", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	run_check_silent(&run);
	check_equal();
	ck_assert_int_lt(run.elapsed, 5000);
	/* Refused streams do not retry. */
	ck_assert_int_le(
	    server_count_logged(&server, "as many as it may have"), 3);
	server_stop(&server);
}
END_TEST

static const char *const tries[] = {"retry=0", "retry=5"};

/*
 * If a connection is lost, the others send its files.  Before the others
 * connect, the first one may send fewer bytes than the proxy lets pass.  The
 * delay keeps it from sending all files.
 */
START_TEST(tree_arrives_when_one_stream_is_lost)
{
	const struct proxy_plan plan = {

	    .faulty = 1,
	    .up = {.delay = 20, .fault = PROXY_RESET, .at = 40000},
	    .down.delay = 20};
	struct server server;
	struct proxy proxy;
	struct run run;
	char port[16];

	SERVER_START(&server, "-w", "8", "-o", "fsync=no");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-rp", "-j", "32", "-o", tries[_i], "-P", port,
	    "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	check_equal();
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

START_TEST(run_fails_when_all_streams_are_lost)
{
	const struct proxy_plan plan = {
	    .up = {.fault = PROXY_CUT, .at = 10000}};
	struct server server;
	struct proxy proxy;
	struct run run;
	char port[16];

	SERVER_START(&server, "-w", "8", "-o", "fsync=no");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-r", "-j", "4", "-o", "retry=0", "-P", port,
	    "src", "127.0.0.1:");
	run_check(&run, 10, "not confirmed");
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

/* Each connection is slow, so that only sharing makes the run fast. */
START_TEST(large_files_are_shared_among_streams)
{
	const struct proxy_plan plan = {.up = {.rate = 10 << 20}};
	const char *argv[16] = {"ftx", "put", "-j", "4", "-P"};
	char names[8][4], port[16];
	struct server server;
	struct proxy proxy;
	struct run run;

	for (int i = 0; i < 8; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d", i);
		file_make(names[i], 2 << 20, (unsigned)i);
		argv[6 + i] = names[i];
	}
	argv[14] = "127.0.0.1:";
	SERVER_START(&server, "-w", "8", "-o", "fsync=no");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	argv[5] = port;
	run_all(&run, argv);
	run_check(&run, 0, NULL);
	/* Over one connection it takes 1.6 s. */
	ck_assert_msg(run.elapsed < 1000, "%ld ms", (long)run.elapsed);
	for (int i = 0; i < 8; i++) {
		char path[64];

		snprintf(path, sizeof(path), "in/%s", names[i]);
		ck_assert(file_equal(names[i], path));
	}
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

/* Make the files "f0", "f1" and so on, so large that ftx asks for them. */
static void
make_large(int count)
{
	char name[16];

	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		file_make(name, 2 << 20, (unsigned)i);
	}
}

/* If one stream cannot connect to a full server, the others go on. */
START_TEST(other_streams_go_on_when_one_cannot_connect)
{
	struct server server;
	struct run run;

	make_large(3);
	SERVER_START(
	    &server, "-w", "1", "-b", "1", "-t", "2", "-o", "fsync=no");
	RUN(&run, "ftx", "put", "-j", "8", "-o", "connect-timeout=1", "f0",
	    "f1", "f2", "127.0.0.1:");
	run_check(&run, 0, NULL);
	server_stop(&server);
}
END_TEST

/* No connection may use the whole limit for so long that others stall. */
START_TEST(no_stream_stalls_when_they_share_a_limit)
{
	struct server server;
	struct run run;

	make_large(3);
	SERVER_START(&server, "-w", "8", "-o", "fsync=no");
	RUN(&run, "ftx", "put", "-j", "3", "-l", "8000", "-o", "timeout=1",
	    "f0", "f1", "f2", "127.0.0.1:");
	run_check(&run, 0, NULL);
	server_stop(&server);
}
END_TEST

/* Make a file "f" in this many nested directories. */
static void
make_deep(int depth)
{
	char path[512] = "src";
	size_t length = strlen(path);

	for (int i = 0; i < depth; i++) {
		length += (size_t)snprintf(
		    path + length, sizeof(path) - length, "/d");
		directory_make(path);
	}
	snprintf(path + length, sizeof(path) - length, "/f");
	file_make(path, 100, 1);
}

/* Make more files than the first connection can send early. */
static void
make_more(void)
{
	char path[64];

	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "src/more%d", i);
		file_make(path, 100000, (unsigned)i);
	}
}

static const struct {
	const char *streams, *limit;
	int fewer;
} few_descriptors[] = {
    {"8", "-n 20", 1},
    {"32", "-n 64", 1},
    {"64", "-n 128", 1},
    /* ftx raises the soft limit. */
    {"64", "-Sn 20", 0},
};

START_TEST(streams_fit_into_few_descriptors)
{
	struct server server;
	struct run run;
	char line[128];

	make_deep(100);
	make_more();
	SERVER_START(&server, "-w", "8", "-C", "8", "-o", "fsync=no");
	snprintf(line, sizeof(line),
	    "ulimit %s && exec $FTX put -rv -j %s src 127.0.0.1:",
	    few_descriptors[_i].limit, few_descriptors[_i].streams);
	run_shell(&run, line);
	run_check(&run, 0, NULL);
	ck_assert_int_eq(
	    strstr(run.err, ": the limit on open files is too low") != NULL,
	    few_descriptors[_i].fewer);
	check_equal();
	server_stop(&server);
}
END_TEST

static const struct {
	struct plan_fault fault;
	int number, always;
} shortages[] = {
    {{FAULT_SOCKET, FAULT_ANYTHING, FAULT_ERROR, EMFILE, 0, 0}, 2, 1},
    {{FAULT_SOCKET, FAULT_ANYTHING, FAULT_ERROR, EMFILE, 0, 0}, 4, 1},
    /* poll fails if the limit was lowered. */
    {{FAULT_POLL, FAULT_ANYTHING, FAULT_ERROR, EINVAL, 0, 0}, 30, 0},
};

/* If a stream fails for lack of descriptors, the others do its work. */
START_TEST(streams_go_on_when_descriptors_run_short)
{
	char program[HARNESS_PATH];
	struct server server;
	struct plan plan;
	struct run run;

	make_more();
	SERVER_START(&server, "-w", "8", "-C", "8", "-o", "fsync=no");
	if (plan_make(&plan, "plan") == 0) {
		plan_arm(&plan, &shortages[_i].fault, shortages[_i].number,
		    shortages[_i].always);
		RUN(&run, "env", plan.texts[0], plan.texts[1], plan.texts[2],
		    harness_program(program, "ftx"), "put", "-r", "-j", "8",
		    "-l", "65536", "src", "127.0.0.1:");
		run_check(&run, 0, NULL);
		ck_assert_int_gt(plan_disarm(&plan), 0);
		check_equal();
	}
	server_stop(&server);
}
END_TEST

/* All streams share one summary and one exit status. */
START_TEST(failures_of_all_streams_are_summed_up)
{
	struct server server;
	struct run run;

	directory_make("in");
	directory_make("in/src");
	directory_make("in/src/3");
	directory_make("in/src/3/5");
	SERVER_START(&server, "-w", "8", "-o", "fsync=no");
	RUN(&run, "ftx", "put", "-r", "-j", "4", "src", "127.0.0.1:");
	run_check(&run, 23, "src/3/5");
	/* The second line warns that the files are not synced. */
	ck_assert_ptr_eq(
	    strchr(strchr(run.err, '\n') + 1, '\n'), strrchr(run.err, '\n'));
	ck_assert_int_eq(server_count_logged(&server, " stored, 1"),
	    DIRECTORIES * FILES - 1);
	server_stop(&server);
}
END_TEST

/* With -j, put a single file, and make a dry run. */
START_TEST(one_stream_is_used_for_one_file)
{
	struct server server;
	struct run run;

	SERVER_START(&server, "-w", "8", "-o", "fsync=no");
	RUN(&run, "ftx", "put", "-j", "4", "src/1/1", "127.0.0.1:f");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("src/1/1", "in/f"));
	RUN(&run, "ftx", "put", "-j", "64", "-n", "-r", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert(!file_exists("in/src"));
	server_stop(&server);
}
END_TEST

START_TEST(bad_number_of_streams_is_refused)
{
	static const char *const counts[] = {"0", "65", "-1", "x"};
	struct run run;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		RUN(&run, "ftx", "put", "-j", counts[i], "f", "127.0.0.1:");
		run_check(&run, 1, "1 to 64");
	}
	RUN(&run, "ftx", "put", "-j", "2", "-b", "127.0.0.1:1234", "f",
	    "127.0.0.1:");
	run_check(&run, 1, "excludes a local port");
}
END_TEST

Suite *
streams_suite(void)
{
	Suite *suite = suite_create("streams");
	TCase *tcase = tcase_create("streams");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, tree_arrives_whole_over_several_streams);
	tcase_add_test(tcase, modes_and_times_are_kept_over_several_streams);
	tcase_add_loop_test(tcase,
	    tree_arrives_when_streams_are_fewer_than_requested, 0,
	    (int)(sizeof(few) / sizeof(few[0])));
	tcase_add_loop_test(tcase, tree_arrives_when_one_stream_is_lost, 0, 2);
	tcase_add_test(tcase, run_fails_when_all_streams_are_lost);
	tcase_add_test(tcase, large_files_are_shared_among_streams);
	tcase_add_test(tcase, other_streams_go_on_when_one_cannot_connect);
	tcase_add_test(tcase, no_stream_stalls_when_they_share_a_limit);
	tcase_add_loop_test(tcase, streams_fit_into_few_descriptors, 0, 4);
	tcase_add_loop_test(
	    tcase, streams_go_on_when_descriptors_run_short, 0, 3);
	tcase_add_test(tcase, failures_of_all_streams_are_summed_up);
	tcase_add_test(tcase, one_stream_is_used_for_one_file);
	tcase_add_test(tcase, bad_number_of_streams_is_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
