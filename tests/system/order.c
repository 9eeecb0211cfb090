/* SPDX-License-Identifier: ISC */
/* The order of the server's calls: sync, rename, sync, result. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define CALLS 20000

/* The traced calls, one a line, as strace writes them. */
static char *lines[CALLS];
static int count;

/* -D: the server stays a child of the test.  -y: print paths of descriptors. */
static const char *const tracer[] = {"strace", "-D", "-f", "-y", "-qq", "-s",
    "16", "-o", "trace", "-e",
    "trace=write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync,rename,"
    "renameat,renameat2,linkat,mkdir,mkdirat,close",
    NULL};

/* Returns nonzero if strace is installed and may trace. */
static int
can_trace(void)
{
	struct run run;

	/* A process can have only one tracer, and LeakSanitizer is one. */
	ck_assert_int_eq(setenv("ASAN_OPTIONS", "detect_leaks=0", 1), 0);
	RUN(&run, "strace", "-f", "-o", "trace", "true");
	return run.status == 0;
}

static void
read_trace(void)
{
	char *text = file_read("trace"), *line;

	count = 0;
	for (line = strtok(text, "\n"); line != NULL && count < CALLS;
	     line = strtok(NULL, "\n"))
		lines[count++] = line;
}

/*
 * Returns nonzero if the line is a successful call with this name and object.
 */
static int
is_call(const char *line, const char *name, const char *object)
{
	char start[64];
	const char *place;

	snprintf(start, sizeof(start), " %s(", name);
	place = strstr(line, start);
	return place != NULL && strstr(place, object) != NULL &&
	    strstr(place, " = -1 ") == NULL;
}

static int
first_call(int from, const char *name, const char *object)
{
	for (int i = from; i < count; i++)
		if (is_call(lines[i], name, object))
			return i;
	return count;
}

static int
last_call(const char *name, const char *object)
{
	for (int i = count - 1; i >= 0; i--)
		if (is_call(lines[i], name, object))
			return i;
	return -1;
}

static int
count_calls(const char *name, const char *object)
{
	int calls = 0;

	for (int i = 0; i < count; i++)
		calls += is_call(lines[i], name, object);
	return calls;
}

/* Returns the line of the first rename of this object, by any call. */
static int
first_rename(const char *object)
{
	static const char *const names[] = {"rename", "renameat", "renameat2"};
	int first = count;

	for (int i = 0; i < 3; i++) {
		int call = first_call(0, names[i], object);

		first = call < first ? call : first;
	}
	return first;
}

/* Returns the line of the first write to a socket after this line. */
static int
first_send(int from)
{
	static const char *const names[] = {
	    "write", "writev", "sendto", "sendmsg"};
	int first = count;

	for (int i = 0; i < 4; i++) {
		int call = first_call(from, names[i], "<socket:");

		if (call == count)
			call = first_call(from, names[i], "<TCP:");
		first = call < first ? call : first;
	}
	return first;
}

/* Returns the line of the first fsync of this directory after this line. */
static int
directory_sync(int from, const char *path)
{
	char object[128];

	snprintf(object, sizeof(object), "%s>", path);
	return first_call(from, "fsync", object);
}

START_TEST(result_follows_the_syncs_of_one_put)
{
	struct server server;
	int written, synced, renamed, directory, sent;

	if (!can_trace()) {
		harness_skip("order", "strace is missing or may not trace");
		return;
	}
	file_make("f", 600000, 1);
	server_start_by(
	    &server, tracer, (const char *const[]){"-w", "1", NULL});
	put_good(&server, "f", "f");
	server_stop(&server);
	read_trace();
	written = last_call("write", "/.ftx-");
	synced = first_call(0, "fsync", "/.ftx-");
	renamed = first_rename("\"f\"");
	directory = directory_sync(renamed, "/in");
	sent = first_send(renamed);
	ck_assert_int_ge(written, 0);
	ck_assert_int_lt(written, synced);
	ck_assert_int_lt(synced, renamed);
	ck_assert_int_lt(renamed, directory);
	ck_assert_int_lt(directory, sent);
	ck_assert_int_lt(sent, count);
	/* The file is synced once: a needless sync delays other clients. */
	ck_assert_int_eq(count_calls("fsync", "/.ftx-"), 1);
}
END_TEST

START_TEST(result_follows_the_syncs_of_new_parents)
{
	struct server server;
	int made, renamed, sent;

	if (!can_trace()) {
		harness_skip("order", "strace is missing or may not trace");
		return;
	}
	file_make("f", 1000, 1);
	server_start_by(
	    &server, tracer, (const char *const[]){"-w", "1", NULL});
	put_good(&server, "f", "a/b/f");
	server_stop(&server);
	read_trace();
	made = last_call("mkdirat", "");
	renamed = first_rename("\"f\"");
	sent = first_send(renamed);
	ck_assert_int_ge(made, 0);
	ck_assert_int_lt(directory_sync(made, "/in"), sent);
	ck_assert_int_lt(directory_sync(made, "/in/a"), sent);
	ck_assert_int_lt(directory_sync(renamed, "/in/a/b"), sent);
	ck_assert_int_lt(sent, count);
}
END_TEST

START_TEST(syncs_are_shared_when_many_files_come)
{
	enum {
		FILES = 100
	};
	static char names[FILES][16];
	const char *argv[FILES + 4] = {"ftx", "put"};
	struct server server;
	struct run run;
	int directories;

	if (!can_trace()) {
		harness_skip("order", "strace is missing or may not trace");
		return;
	}
	for (int i = 0; i < FILES; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d", i);
		file_make(names[i], 4096, (unsigned)i);
		argv[2 + i] = names[i];
	}
	argv[2 + FILES] = "127.0.0.1:d";
	server_start_by(
	    &server, tracer, (const char *const[]){"-w", "1", NULL});
	run_all(&run, argv);
	run_check(&run, 0, NULL);
	server_stop(&server);
	read_trace();
	ck_assert_int_eq(count_calls("fsync", "/.ftx-"), FILES);
	directories = count_calls("fsync", "/in/d>");
	ck_assert_msg(
	    directories >= 1 && directories <= 12, "%d syncs", directories);
	/* At its start, ftxd syncs the directory once to test that it can. */
	ck_assert_int_le(count_calls("fsync", "/in>"), 2);
}
END_TEST

START_TEST(nothing_is_synced_when_fsync_is_no)
{
	struct server server;

	if (!can_trace()) {
		harness_skip("order", "strace is missing or may not trace");
		return;
	}
	file_make("f", 1000, 1);
	server_start_by(&server, tracer,
	    (const char *const[]){"-w", "1", "-o", "fsync=no", NULL});
	put_good(&server, "f", "a/f");
	server_stop(&server);
	read_trace();
	ck_assert_int_eq(count_calls("fsync", ""), 0);
	ck_assert_int_eq(count_calls("fdatasync", ""), 0);
}
END_TEST

Suite *
order_suite(void)
{
	Suite *suite = suite_create("order");
	TCase *tcase = harness_case("order");

	tcase_add_test(tcase, result_follows_the_syncs_of_one_put);
	tcase_add_test(tcase, result_follows_the_syncs_of_new_parents);
	tcase_add_test(tcase, syncs_are_shared_when_many_files_come);
	tcase_add_test(tcase, nothing_is_synced_when_fsync_is_no);
	suite_add_tcase(suite, tcase);
	return suite;
}
