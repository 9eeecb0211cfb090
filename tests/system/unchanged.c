/* SPDX-License-Identifier: ISC */
/* Unchanged files are not sent; stored sources are removed. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

static struct server server;

static void
begin(void)
{
	harness_begin();
	file_write("f", "first");
	SERVER_START(&server, "-w", "2", "-C", "2");
}

static void
end(void)
{
	server_stop(&server);
	harness_end();
}

/* Replace the running server by one with these options. */
#define RESTART(...)                                                           \
	do {                                                                   \
		server_stop(&server);                                          \
		SERVER_START(&server, __VA_ARGS__);                            \
	} while (0)

static void
set_time(const char *path, time_t seconds)
{
	const struct timespec times[2] = {{seconds, 5}, {seconds, 5}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static time_t
time_of(const char *path)
{
	struct stat found;

	ck_assert_int_eq(stat(path, &found), 0);
	return found.st_mtime;
}

/*
 * Put "f" with -v and these settings, which end with NULL.  Check the status
 * and the text that ftx prints.
 */
static void
put_with(const char *const settings[], int status, const char *text)
{
	const char *argv[16] = {"ftx", "put", "-v"};
	struct run run;
	size_t count = 3;

	while (*settings != NULL) {
		argv[count++] = "-o";
		argv[count++] = *settings++;
	}
	argv[count++] = "f";
	argv[count] = "127.0.0.1:f";
	run_all(&run, argv);
	run_check(&run, status, text);
}
#define PUT_WITH(status, text, ...)                                            \
	put_with((const char *const[]){__VA_ARGS__, NULL}, status, text)

START_TEST(file_is_skipped_when_size_and_time_are_the_same)
{
	ino_t inode;

	set_time("f", 1000000);
	PUT_WITH(0, "stored f", "skip-unchanged");
	ck_assert_int_eq(time_of("in/f"), 1000000);
	inode = file_inode("in/f");
	PUT_WITH(0, "unchanged f -> 127.0.0.1:f\n", "skip-unchanged");
	ck_assert_uint_eq(file_inode("in/f"), inode);
	PUT_WITH(0, "unchanged f", "skip-unchanged", "no-clobber");
	PUT_WITH(0, "unchanged f", "skip-unchanged", "dry-run");
	set_time("f", 1000001);
	PUT_WITH(0, "would store f", "skip-unchanged", "dry-run");
	PUT_WITH(25, "exists", "skip-unchanged", "no-clobber");
	PUT_WITH(0, "stored f", "skip-unchanged");
	ck_assert_int_eq(time_of("in/f"), 1000001);
	file_write("f", "longer");
	set_time("f", 1000001);
	PUT_WITH(0, "stored f", "skip-unchanged");
	ck_assert(file_equal("f", "in/f"));
}
END_TEST

START_TEST(file_is_skipped_when_its_digest_is_the_same)
{
	PUT_WITH(0, "stored f", "skip-unchanged");
	set_time("f", 1000000);
	PUT_WITH(0, "unchanged f", "checksum");
	PUT_WITH(0, "unchanged f", "checksum", "skip-unchanged");
	PUT_WITH(0, "unchanged f", "checksum", "dry-run");
	ck_assert_int_ne(time_of("in/f"), 1000000);
	/* Other content of the same size, with the same time. */
	file_write("f", "other");
	set_time("f", 1000000);
	set_time("in/f", 1000000);
	PUT_WITH(0, "unchanged f", "skip-unchanged");
	PUT_WITH(0, "would store f", "checksum", "dry-run");
	PUT_WITH(0, "stored f", "checksum", "skip-unchanged");
	ck_assert(file_equal("f", "in/f"));
	ck_assert_int_eq(time_of("in/f"), 1000000);
	file_write("f", "");
	PUT_WITH(0, "stored f", "checksum");
	PUT_WITH(0, "unchanged f", "checksum");
}
END_TEST

START_TEST(only_changed_files_are_sent)
{
	struct run run;

	file_make("large", 3 << 20, 1);
	file_make("other", 3 << 20, 2);
	RUN(&run, "ftx", "put", "-v", "-o", "checksum", "f", "large", "other",
	    "127.0.0.1:");
	run_check(&run, 0, "stored large");
	file_make("other", 3 << 20, 3);
	RUN(&run, "ftx", "put", "-v", "-o", "checksum", "f", "large", "other",
	    "127.0.0.1:");
	run_check(&run, 0, "unchanged large");
	ck_assert_ptr_nonnull(strstr(run.err, "unchanged f"));
	ck_assert_ptr_nonnull(strstr(run.err, "stored other"));
	ck_assert(file_equal("other", "in/other"));
	/* Success prints nothing. */
	RUN(&run, "ftx", "put", "-o", "checksum", "f", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
}
END_TEST

START_TEST(progress_counts_unchanged_files)
{
	const struct proxy_plan plan = {
	    .up = {.fault = PROXY_CUT, .at = 1 << 20}};
	struct proxy proxy;
	struct run run;
	char port[16];

	PUT_WITH(0, "stored f", "skip-unchanged");
	/* More than the buffers on the way can hold. */
	file_make("large", 32 << 20, 1);
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "-o",
	    "skip-unchanged", "f", "large", "127.0.0.1:");
	run_check(
	    &run, 10, "0 stored, 1 unchanged, 0 not confirmed, 1 not stored");
	ck_assert_ptr_nonnull(
	    strstr(run.err, "large -> 127.0.0.1:large: not stored"));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

START_TEST(put_is_refused_when_the_server_does_not_compare)
{
	RESTART("-w", "1", "-o", "compare=no");
	PUT_WITH(5, "this server does not compare", "skip-unchanged");
	PUT_WITH(5, "this server does not compare", "checksum");
	ck_assert(!file_exists("in/f"));
	PUT_WITH(0, "stored f", "no-clobber");
}
END_TEST

/*
 * ftx is stopped most of the time, so its digest takes longer than the server's
 * idle timeout.  The server accepts "waiting" frames while a worker is idle.
 */
START_TEST(put_succeeds_when_a_digest_takes_long)
{
	struct run run;

	RESTART("-w", "2", "-t", "1");
	file_write("in/big", "in the way");
	file_write("big", "");
	ck_assert_int_eq(truncate("big", 192 << 20), 0);
	RUN_BEGIN(&run, "ftx", "put", "-o", "checksum", "-o", "no-clobber",
	    "-o", "progress=lines", "big", "127.0.0.1:big");
	while (process_is_alive(run.pid)) {
		(void)poll(NULL, 0, 4);
		(void)kill(run.pid, SIGSTOP);
		(void)poll(NULL, 0, 250);
		(void)kill(run.pid, SIGCONT);
	}
	run_finish(&run);
	run_check(&run, 25, "exists");
	ck_assert_ptr_nonnull(strstr(run.err, "  comparing"));
}
END_TEST

/* The connection is cut in the first byte of the server's result. */
static const struct {
	uint64_t size, cut;
	const char *setting, *shown;
} lost[] = {
    /* greeting, features, based, working */
    {5, 24 + 20 + 15 + 12 + 1, "retry=1", "f  5 B, verified, synced"},
    /* and go */
    {2 << 20, 24 + 20 + 15 + 28 + 12 + 1, "no-clobber",
	"f  2.1 MB, verified, synced"},
};

/*
 * Start a comparison that takes longer than a test.  A server with two workers
 * makes only one at a time.
 */
static void
occupy(struct client *peer)
{
	const uint64_t size = UINT64_C(4) << 40;
	struct script *script = script_new();

	ck_assert_int_eq(truncate("in/huge", (off_t)size), 0);
	script_begin(script);
	script_request(script, WIRE_ASK, 1, "huge", size, WIRE_UNLESS_DIGEST);
	peer_start(peer, server.port, script);
}

/* If the server cannot compare now, ftx asks again instead of sending. */
START_TEST(file_is_asked_for_again_when_compare_is_busy)
{
	struct client peer;
	struct run run;

	file_make("large", 2 << 20, 1);
	file_make("small", 10, 2);
	put_good(&server, "large", "large");
	put_good(&server, "small", "small");
	file_write("in/huge", "");
	occupy(&peer);
	RUN_BEGIN(&run, "ftx", "put", "-o", "checksum", "-v", "large", "small",
	    "127.0.0.1:");
	run_expect(&run, "trying again");
	client_close(&peer);
	run_finish(&run);
	run_check(&run, 0, "unchanged large");
	run_check(&run, 0, "unchanged small");
	RUN(&run, "ftx", "put", "-o", "checksum", "-v", "large", "127.0.0.1:");
	run_check(&run, 0, "unchanged large");
}
END_TEST

START_TEST(put_gives_up_when_compare_stays_busy)
{
	struct client peer;
	struct run run;

	file_make("large", 2 << 20, 1);
	put_good(&server, "large", "large");
	file_write("in/huge", "");
	occupy(&peer);
	RUN(&run, "ftx", "put", "-o", "checksum", "-o", "queue-timeout=2s",
	    "large", "127.0.0.1:");
	run_check(&run, 75, "compares for others");
	ck_assert_int_ge(run.elapsed, 1000);
	ck_assert_int_lt(run.elapsed, 10000);
	client_close(&peer);
}
END_TEST

START_TEST(file_is_found_again_when_its_result_is_lost)
{
	const struct proxy_plan plan = {
	    .faulty = 1, .down = {.fault = PROXY_CUT, .at = lost[_i].cut}};
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("f", lost[_i].size, 1);
	ck_assert_int_eq(link("f", "kept"), 0);
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	/* The existing file is the one that was sent, and counts as synced. */
	RUN(&run, "ftx", "put", "-v", "-p", "-P", port, "-o", lost[_i].setting,
	    "-o", "remove-source", "f", "127.0.0.1:f");
	run_check(&run, 0, "trying again");
	/* The line has no speed, since the file was not sent again. */
	ck_assert_msg(strstr(run.err, lost[_i].shown) != NULL, "%s", run.err);
	ck_assert(file_equal("kept", "in/f"));
	ck_assert(!file_exists("f"));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

/* The source changes before the retry, so the stored file differs from it. */
START_TEST(file_is_sent_again_when_its_source_has_changed)
{
	const struct proxy_plan plan = {
	    .faulty = 1, .down = {.fault = PROXY_CUT, .at = lost[0].cut}};
	struct proxy proxy;
	struct run run;
	char port[16];

	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-v", "-P", port, "f", "127.0.0.1:f");
	run_expect(&run, "trying again");
	file_write("f", "other");
	run_finish(&run);
	run_check(&run, 0, "f  5 B in ");
	ck_assert(file_equal("f", "in/f"));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

/* The server cannot find the stored file, so ftx sends it again. */
START_TEST(file_is_sent_again_when_the_server_does_not_compare)
{
	const struct proxy_plan plan = {
	    .faulty = 1, .down = {.fault = PROXY_CUT, .at = lost[0].cut}};
	struct proxy proxy;
	struct run run;
	char port[16];

	RESTART("-w", "2", "-C", "2", "-o", "compare=no");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-v", "-P", port, "f", "127.0.0.1:f");
	run_check(&run, 0, "f  5 B in ");
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

START_TEST(sources_are_removed_when_they_are_stored)
{
	struct run run;

	directory_make("d");
	directory_make("d/e");
	file_write("d/e/g", "x");
	file_make("d/large", 2 << 20, 1);
	ck_assert_int_eq(symlink("f", "l"), 0);
	RUN(&run, "ftx", "put", "-n", "-r", "-o", "remove-source", "d", "f",
	    "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
	ck_assert(file_exists("d/e/g") && file_exists("f"));
	RUN(&run, "ftx", "put", "-r", "-o", "remove-source", "d", "f", "l",
	    "127.0.0.1:");
	run_check(&run, 0, "l: stored, but the source is not removed");
	ck_assert(file_exists("in/d/e/g") && file_exists("in/d/large"));
	ck_assert(file_exists("in/l") && file_exists("l"));
	ck_assert(!file_exists("d/e/g") && !file_exists("d/large"));
	ck_assert(!file_exists("f") && file_exists("d/e"));
}
END_TEST

START_TEST(source_stays_when_it_is_not_stored)
{
	struct run run;

	PUT_WITH(0, "stored f", "skip-unchanged");
	PUT_WITH(0, "unchanged f", "skip-unchanged", "remove-source");
	PUT_WITH(25, "exists", "no-clobber", "remove-source");
	ck_assert(file_exists("f"));
	/* ftx removes the file as a part of "d", so "d/g" is missing. */
	directory_make("d");
	file_write("d/g", "x");
	RUN(&run, "ftx", "put", "-r", "-o", "remove-source", "d", "d/g",
	    "127.0.0.1:");
	run_check(&run, 23, "d/g: stored, but the source could not be removed");
	ck_assert(file_exists("in/g") && file_exists("in/d/g"));
	RESTART("-w", "1", "-o", "fsync=no");
	file_write("g", "x");
	RUN(&run, "ftx", "put", "-o", "remove-source", "f", "g", "127.0.0.1:");
	run_check(&run, 0, "no source is removed");
	ck_assert_ptr_null(strstr(strstr(run.err, "not synced") + 1, "not"));
	ck_assert(file_exists("f") && file_exists("g"));
	PUT_WITH(1, "exclude each other", "growing", "remove-source");
}
END_TEST

Suite *
unchanged_suite(void)
{
	Suite *suite = suite_create("unchanged");
	TCase *tcase = tcase_create("unchanged");
	TCase *slow = tcase_create("slow");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, file_is_skipped_when_size_and_time_are_the_same);
	tcase_add_test(tcase, file_is_skipped_when_its_digest_is_the_same);
	tcase_add_test(tcase, only_changed_files_are_sent);
	tcase_add_test(tcase, progress_counts_unchanged_files);
	tcase_add_test(tcase, put_is_refused_when_the_server_does_not_compare);
	tcase_add_loop_test(tcase, file_is_found_again_when_its_result_is_lost,
	    0, (int)(sizeof(lost) / sizeof(lost[0])));
	tcase_add_test(tcase, file_is_asked_for_again_when_compare_is_busy);
	tcase_add_test(tcase, put_gives_up_when_compare_stays_busy);
	tcase_add_test(tcase, file_is_sent_again_when_its_source_has_changed);
	tcase_add_test(
	    tcase, file_is_sent_again_when_the_server_does_not_compare);
	tcase_add_test(tcase, sources_are_removed_when_they_are_stored);
	tcase_add_test(tcase, source_stays_when_it_is_not_stored);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(slow, begin, end);
	tcase_set_timeout(slow, 120);
	tcase_set_tags(slow, HARNESS_TIMING);
	tcase_add_test(slow, put_succeeds_when_a_digest_takes_long);
	suite_add_tcase(suite, slow);
	return suite;
}
