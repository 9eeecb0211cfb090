/* SPDX-License-Identifier: ISC */
/* Programs of an older version together with the current ones. */
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

#define LARGE (6 << 20)
#define DIRECTORIES 20
#define HOLE_AT (256 << 10)
#define HOLE_END (2 << 20)
/* A put of LARGE is cut at CUT_AT, or in the long form at each CUT_STEP. */
#define CUT_AT (4 << 20)
#define CUT_STEP (300 << 10)

enum version {
	OLD,
	NEW
};

/* The versions of client and server. */
static const struct pair {
	enum version client, server;
} pairs[] = {{OLD, NEW}, {NEW, OLD}};
#define PAIRS 2

static char old_client[HARNESS_PATH];
static struct server server;
static int is_long;

START_TEST(older_programs_are_missing)
{
	harness_skip("versions", "only make check-old builds older programs");
}
END_TEST

static const char *
client(enum version version)
{
	return version == OLD ? old_client : "ftx";
}

/* Start a server of this version on this port; "0" means a free one. */
static void
start(struct server *started, enum version version, const char *port)
{
	/* shift drops the path of the current program. */
	static const char *const old[] = {
	    "sh", "-c", "shift; exec \"$FTX_OLD/ftxd\" \"$@\"", "sh", NULL};
	static const char *const none[] = {NULL};
	const char *const arguments[] = {
	    "-w", "4", "-C", "4", "-o", "min-free=0", "-p", port, NULL};

	server_start_by(started, version == OLD ? old : none, arguments);
}

static void
make_with_hole(const char *path)
{
	static const char data[] = "behind the hole";
	FILE *file;

	file_make(path, HOLE_AT, 5);
	file = fopen(path, "r+");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, HOLE_END, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite(data, sizeof(data), 1, file), 1);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(tree_is_the_same_between_versions)
{
	const struct pair *pair = &pairs[_i];
	const char *ftx = client(pair->client);
	struct stat status;
	struct run run;

	trees_make("src");
	make_with_hole("src/sparse");
	ck_assert_int_eq(chmod("src/1", 0640), 0);
	start(&server, pair->server, "0");
	RUN(&run, ftx, "put", "-rp", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	trees_check_equal("src", "in/src");
	ck_assert_int_eq(file_mode("in/src/1"), 0640);
	ck_assert_int_eq(stat("in/src/sparse", &status), 0);
	ck_assert_int_lt(status.st_blocks, HOLE_END / 512 / 2);
	RUN(&run, ftx, "put", "-r", "-j", "3", "src/", "127.0.0.1:other");
	run_check(&run, 0, NULL);
	trees_check_equal("src", "in/other");
	server_stop(&server);
}
END_TEST

/* Put the tree with this option.  ftx must print the verb for each file. */
static void
put_option(const char *ftx, const char *option, int status, const char *verb)
{
	static const char *const names[] = {"1", "a/2", "a/b/3"};
	char text[64];
	struct run run;

	RUN(&run, ftx, "put", "-vrp", "-o", option, "src", "127.0.0.1:");
	run_check(&run, status, NULL);
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%s src/%s -> ", verb, names[i]);
		ck_assert_msg(strstr(run.err, text) != NULL,
		    "no \"%s\" in \"%s\"", text, run.err);
	}
}

START_TEST(existing_files_are_skipped_between_versions)
{
	const struct pair *pair = &pairs[_i];
	const char *ftx = client(pair->client);

	trees_make("src");
	start(&server, pair->server, "0");
	put_option(ftx, "dry-run", 0, "would store");
	ck_assert_int_eq(directory_count("in"), 0);
	put_option(ftx, "skip-unchanged", 0, "stored");
	put_option(ftx, "skip-unchanged", 0, "unchanged");
	put_option(ftx, "checksum", 0, "unchanged");
	put_option(ftx, "no-clobber", 25, "ftx:");
	trees_check_equal("src", "in/src");
	server_stop(&server);
}
END_TEST

/* Put LARGE through a connection that is cut after this many bytes. */
static void
put_cut(const char *ftx, uint64_t at)
{
	const struct proxy_plan plan = {.up = {.fault = PROXY_CUT, .at = at}};
	struct proxy proxy;
	struct run run;
	char port[16];

	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, ftx, "put", "-P", port, "-o", "retry=0", "large",
	    "127.0.0.1:large");
	/* The rest of a resumed file may be stored before the cut. */
	if (run.status != 0)
		run_check(&run, 10, NULL);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}

/* Put all of LARGE.  Returns how many bytes went over the connection. */
static uint64_t
put_rest(const char *ftx)
{
	const struct proxy_plan plain = {.faulty = 0};
	struct proxy proxy;
	struct run run;
	char port[16];
	uint64_t passed;

	ck_assert_int_eq(proxy_start(&proxy, &plain, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, ftx, "put", "-P", port, "large", "127.0.0.1:large");
	run_check(&run, 0, NULL);
	passed = *proxy.passed;
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	ck_assert(file_equal("large", "in/large"));
	return passed;
}

/* One client resumes the file that the other has begun. */
START_TEST(clients_resume_files_of_each_other)
{
	enum version first = _i % 2 == 0 ? OLD : NEW;
	enum version there = _i / 2 == 0 ? OLD : NEW;
	uint64_t at = is_long ? CUT_STEP : CUT_AT;

	file_make("large", LARGE, 1);
	start(&server, there, "0");
	for (; at < LARGE; at += is_long ? CUT_STEP : LARGE) {
		put_cut(client(first), at);
		ck_assert(!file_exists("in/large"));
		/* Bytes in flight may be lost, as well as the last piece. */
		if (put_rest(client(first == OLD ? NEW : OLD)) >= LARGE)
			ck_assert_uint_le(at, 2 << 20);
		ck_assert_int_eq(unlink("in/large"), 0);
	}
	server_stop(&server);
}
END_TEST

/*
 * A server may ignore the other's partial, but must not mix it with another
 * file.  After the second cut, it resumes its own partial.
 */
START_TEST(servers_resume_partials_of_each_other)
{
	enum version first = _i == 0 ? OLD : NEW;
	uint64_t at = is_long ? CUT_STEP : CUT_AT;

	file_make("large", LARGE, 1);
	for (; at < LARGE; at += is_long ? CUT_STEP : LARGE) {
		start(&server, first, "0");
		put_cut(client(NEW), at);
		server_kill(&server);
		start(&server, first == OLD ? NEW : OLD, "0");
		put_cut(client(NEW), LARGE / 3);
		put_rest(client(NEW));
		server_kill(&server);
		/* Next, a file of the same name has other content. */
		ck_assert_int_eq(unlink("in/large"), 0);
		file_make("large", LARGE, (unsigned)(2 + at));
	}
}
END_TEST

static void
make_many(void)
{
	int files = is_long ? 250 : 25;
	char path[64];

	directory_make("src");
	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(path, sizeof(path), "src/%d", i);
		directory_make(path);
		for (int j = 0; j < files; j++) {
			snprintf(path, sizeof(path), "src/%d/%d", i, j);
			file_make(path, (uint64_t)j * 20, (unsigned)j);
		}
	}
}

/* An upgrade or a downgrade during a run: no file is lost. */
START_TEST(tree_arrives_when_servers_are_exchanged)
{
	enum version sender = _i % 2 == 0 ? OLD : NEW;
	enum version first = _i / 2 == 0 ? OLD : NEW;
	struct run run;
	char port[16];

	make_many();
	start(&server, first, "0");
	snprintf(port, sizeof(port), "%u", server.port);
	RUN_BEGIN(&run, client(sender), "put", "-rp", "src", "127.0.0.1:");
	eventually(file_exists("in/src") && directory_count("in/src") > 1,
	    HARNESS_TIMEOUT);
	server_stop(&server);
	ck_assert_msg(process_is_alive(run.pid), "the put ended too early");
	start(&server, first == OLD ? NEW : OLD, port);
	run_finish(&run);
	run_check(&run, 0, "trying again");
	trees_check_equal("src", "in/src");
	server_stop(&server);
}
END_TEST

/* Start a put that takes some seconds, and wait until it has begun. */
static void
begin_slow(struct run *run, const char *ftx, unsigned at, const char *name)
{
	char port[16], target[64];

	snprintf(port, sizeof(port), "%u", at);
	snprintf(target, sizeof(target), "127.0.0.1:%s", name);
	RUN_BEGIN(run, ftx, "put", "-P", port, "-l", "32000", "large", target);
	eventually(directory_count_staged("in") >= 1, HARNESS_TIMEOUT);
}

START_TEST(open_file_is_finished_between_versions)
{
	const struct pair *pair = &pairs[_i];
	struct run run;

	file_make("large", LARGE, 1);
	start(&server, pair->server, "0");
	begin_slow(&run, client(pair->client), server.port, "large");
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert(file_equal("large", "in/large"));
	ck_assert_int_eq(server_wait(&server, HARNESS_TIMEOUT), 0);
}
END_TEST

/*
 * The second server starts and stores a tree while the first receives a file.
 */
START_TEST(servers_of_both_versions_share_a_directory)
{
	enum version first = _i == 0 ? OLD : NEW;
	struct server second;
	struct run slow, run;
	char port[16];

	file_make("large", LARGE, 1);
	trees_make("src");
	start(&server, first, "0");
	begin_slow(&slow, client(OLD), server.port, "first");
	start(&second, first == OLD ? NEW : OLD, "0");
	snprintf(port, sizeof(port), "%u", second.port);
	RUN(&run, client(NEW), "put", "-P", port, "-r", "src", "127.0.0.1:");
	run_check(&run, 0, NULL);
	trees_check_equal("src", "in/src");
	ck_assert_msg(process_is_alive(slow.pid), "the put ended too early");
	run_finish(&slow);
	run_check(&slow, 0, NULL);
	ck_assert(file_equal("large", "in/first"));
	server_stop(&second);
	server_stop(&server);
}
END_TEST

/* The name has the whole content of one of the two files. */
START_TEST(last_commit_wins_when_both_versions_write_one_name)
{
	int rounds = is_long ? 100 : 5;
	struct server servers[2];
	struct run runs[2];
	char port[16];

	file_make("0", 100000, 1);
	file_make("1", 100000, 2);
	start(&servers[0], OLD, "0");
	start(&servers[1], NEW, "0");
	while (rounds-- > 0) {
		for (int i = 0; i < 2; i++) {
			snprintf(port, sizeof(port), "%u", servers[i].port);
			RUN_BEGIN(&runs[i], client(i == 0 ? NEW : OLD), "put",
			    "-P", port, i == 0 ? "0" : "1", "127.0.0.1:name");
		}
		for (int i = 0; i < 2; i++) {
			run_finish(&runs[i]);
			run_check(&runs[i], 0, NULL);
		}
		ck_assert(
		    file_equal("0", "in/name") || file_equal("1", "in/name"));
	}
	server_stop(&servers[0]);
	server_stop(&servers[1]);
}
END_TEST

Suite *
versions_suite(void)
{
	Suite *suite = suite_create("versions");
	TCase *tcase = harness_case("versions");
	const char *directory = getenv("FTX_OLD");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 300);
	if (directory == NULL) {
		tcase_add_test(tcase, older_programs_are_missing);
		return suite;
	}
	is_long = getenv("FTX_ENDURANCE") != NULL;
	snprintf(old_client, sizeof(old_client), "%s/ftx", directory);
	tcase_add_loop_test(tcase, tree_is_the_same_between_versions, 0, PAIRS);
	tcase_add_loop_test(
	    tcase, existing_files_are_skipped_between_versions, 0, PAIRS);
	tcase_add_loop_test(tcase, clients_resume_files_of_each_other, 0, 4);
	tcase_add_loop_test(tcase, servers_resume_partials_of_each_other, 0, 2);
	tcase_add_loop_test(
	    tcase, tree_arrives_when_servers_are_exchanged, 0, 4);
	tcase_add_loop_test(
	    tcase, open_file_is_finished_between_versions, 0, PAIRS);
	tcase_add_loop_test(
	    tcase, servers_of_both_versions_share_a_directory, 0, 2);
	tcase_add_test(
	    tcase, last_commit_wins_when_both_versions_write_one_name);
	return suite;
}
