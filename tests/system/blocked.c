/* SPDX-License-Identifier: ISC */
/* While a source blocks in a call, ftx goes on with the others and names it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/fuse.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* The server's idle timeout in seconds, and a longer block in milliseconds. */
#define IDLE "5"
#define BLOCKED 6500

/* Milliseconds until a file sent before the block must be stored. */
#define SOON 2500

static struct server server;

/* One put whose source blocks in a call. */
struct put {
	enum fuse_call call;
	const char *streams, *setting;
	/* Set by begin_put. */
	struct fuse fuse;
	struct run run;
	char directory[16], first[32], target[32];
};

#define PUT(in, over, with)                                                    \
	{                                                                      \
		.call = FUSE_##in, .streams = (over), .setting = (with)        \
	}

static void
begin_put(struct put *put, int number)
{
	int recursive = put->call >= FUSE_OPENED_DIRECTORY;
	char source[64], target[64];

	snprintf(put->directory, sizeof(put->directory), "m%d", number);
	snprintf(put->first, sizeof(put->first), "in/t%d/first", number);
	snprintf(put->target, sizeof(put->target), "in/t%d/" FUSE_FILE, number);
	snprintf(target, sizeof(target), "127.0.0.1:t%d/", number);
	snprintf(source, sizeof(source), "%s/%s", put->directory,
	    recursive ? "" : FUSE_FILE);
	fuse_mount(&put->fuse, put->directory, put->call);
	RUN_BEGIN(&put->run, "ftx", "put", "-rj", put->streams, "-o",
	    put->setting, "first", source, target);
}

/* Wait until the source blocks.  The file sent before it must be stored. */
static void
expect_stopped(const struct put *put)
{
	eventually(
	    atomic_load(&put->fuse.shared->blocked) != 0, HARNESS_TIMEOUT);
	eventually(file_exists(put->first), SOON);
	ck_assert(file_equal("first", put->first));
}

static void
end_put(struct put *put)
{
	char named[64];

	ck_assert(process_is_alive(put->run.pid));
	fuse_unblock(&put->fuse);
	run_finish(&put->run);
	snprintf(named, sizeof(named), "ftx: %s", put->directory);
	run_check(&put->run, 0, named);
	run_check(&put->run, 0, "waiting for the source (0:05)");
	ck_assert(file_equal("expected", put->target));
	fuse_end(&put->fuse);
}

/* Returns nonzero if the server runs, zero if the test was skipped. */
static int
begin(void)
{
	if (fuse_begin() != 0) {
		harness_skip("fuse", "needs root and /dev/fuse");
		return 0;
	}
	file_write("first", "sent before");
	file_write("expected", FUSE_CONTENT);
	SERVER_START(&server, "-w", "16", "-C", "16", "-t", IDLE);
	return 1;
}

/* Run all puts at once: together they take as long as one. */
START_TEST(file_before_is_stored_when_a_source_blocks)
{
	static struct put puts[] = {
	    PUT(STAT, "1", "progress=auto"),
	    PUT(FSTAT, "1", "progress=auto"),
	    PUT(OPENED, "1", "progress=auto"),
	    /* The server waits for the rest of a file. */
	    PUT(READING, "1", "retry=0"),
	    PUT(READING, "2", "progress=auto"),
	    PUT(CLOSE, "1", "progress=auto"),
	    PUT(OPENED_DIRECTORY, "1", "progress=auto"),
	    PUT(READ_DIRECTORY, "1", "progress=auto"),
	};
	const int count = (int)(sizeof(puts) / sizeof(puts[0]));
	io_time begun;

	if (!begin())
		return;
	for (int i = 0; i < count; i++)
		begin_put(&puts[i], i);
	for (int i = 0; i < count; i++)
		expect_stopped(&puts[i]);
	begun = io_now();
	eventually(io_now() >= begun + BLOCKED, 2 * BLOCKED);
	for (int i = 0; i < count; i++)
		end_put(&puts[i]);
	server_stop(&server);
}
END_TEST

START_TEST(run_ends_soon_when_interrupted_in_a_blocked_call)
{
	struct put put = PUT(READING, "1", "progress=lines");
	io_time begun;

	if (!begin())
		return;
	begin_put(&put, 0);
	expect_stopped(&put);
	run_expect(&put.run, "slow: waiting for the source (0:01)");
	begun = io_now();
	ck_assert_int_eq(kill(put.run.pid, SIGINT), 0);
	run_finish(&put.run);
	ck_assert_int_lt(io_now() - begun, SOON);
	run_check(&put.run, 128 + SIGINT,
	    "interrupted; 0 stored, 1 not confirmed, 1 not stored");
	ck_assert(!file_exists(put.target));
	fuse_end(&put.fuse);
	server_stop(&server);
}
END_TEST

Suite *
blocked_suite(void)
{
	Suite *suite = suite_create("blocked");
	TCase *tcase = harness_case("blocked");

	tcase_add_test(tcase, file_before_is_stored_when_a_source_blocks);
	tcase_add_test(tcase, run_ends_soon_when_interrupted_in_a_blocked_call);
	suite_add_tcase(suite, tcase);
	return suite;
}
