/* SPDX-License-Identifier: ISC */
/* Files that are stored but not synced: one warning a run, or refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define WARNING "warning: stored, but not synced"

static int
count(const char *text, const char *part)
{
	int found = 0;

	while ((text = strstr(text, part)) != NULL) {
		found++;
		text++;
	}
	return found;
}

static void
make_sources(void)
{
	directory_make("d");
	file_write("d/f", "f");
	file_make("d/large", 2 << 20, 1);
	file_write("small", "small");
}

START_TEST(warning_comes_once_when_nothing_is_synced)
{
	static const char *const modes[] = {"-q", "-v", "-rj2"};
	struct server server;
	struct run run;

	make_sources();
	SERVER_START(&server, "-w", "2", "-o", "fsync=no");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		RUN(&run, "ftx", "put", "-r", modes[i], "d", "small",
		    "127.0.0.1:");
		run_check(&run, 0, WARNING);
		ck_assert_int_eq(count(run.err, "warning"), 1);
	}
	RUN(&run, "ftx", "put", "-q", "-n", "small", "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
	RUN(&run, "ftx", "put", "-q", "-o", "remove-source", "small", "d/f",
	    "127.0.0.1:");
	run_check(&run, 0, "no source is removed\n");
	ck_assert_int_eq(count(run.err, "\n"), 1);
	ck_assert(file_exists("small"));
	server_stop(&server);
}
END_TEST

START_TEST(no_warning_comes_when_files_are_synced)
{
	struct server server;
	struct run run;

	make_sources();
	SERVER_START(&server, "-w", "2");
	RUN(&run, "ftx", "put", "-r", "-o", "require-sync", "d", "small",
	    "127.0.0.1:");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
	ck_assert(file_equal("d/large", "in/d/large"));
	ck_assert(file_equal("small", "in/small"));
	server_stop(&server);
}
END_TEST

/* ftx must not report a byte at which it failed: no data was sent. */
START_TEST(require_sync_refuses_before_data_when_nothing_is_synced)
{
	static const char *const modes[] = {"-v", "-n", "-p", "-j2"};
	struct server server;
	struct run run;

	make_sources();
	SERVER_START(&server, "-w", "2", "-o", "fsync=no");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		RUN(&run, "ftx", "put", "-r", modes[i], "-o", "require-sync",
		    "d", "small", "127.0.0.1:new");
		run_check(&run, 5, "files are not synced here: fsync is no");
		ck_assert_ptr_null(strstr(run.err, "failed at"));
		ck_assert(!file_exists("in/new"));
	}
	server_expect(&server, "\"new/d\" refused: files are not synced");
	server_stop(&server);
}
END_TEST

/* Write the server's greeting and features to the file "greeting". */
static void
write_server(unsigned version, int features)
{
	static uint8_t bytes[WIRE_GREETING + WIRE_HEADER + 8];
	const struct wire_greeting greeting = {
	    WIRE_LOWEST, (uint16_t)version, WIRE_READY, INT64_MAX};
	const struct wire_frame frame = {WIRE_FEATURES, 0, 8};
	FILE *file = fopen("greeting", "w");

	wire_write_greeting(bytes, &greeting);
	wire_write_header(bytes + WIRE_GREETING, &frame);
	(void)wire_write_features(
	    bytes + WIRE_GREETING + WIRE_HEADER, ~UINT64_C(1));
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(
	    fwrite(bytes, features ? sizeof(bytes) : WIRE_GREETING, 1, file),
	    1);
	ck_assert_int_eq(fclose(file), 0);
}

/* ftx fails before it sends a request. */
START_TEST(require_sync_sends_nothing_when_the_server_is_older)
{
	const size_t begun = WIRE_HELLO + WIRE_HEADER + 2;
	struct run run;

	file_write("f", "x");
	write_server(_i == 0 ? WIRE_LOWEST : WIRE_HIGHEST, _i != 0);
	RUN(&run, "ftx", "put", "-q", "-o", "require-sync", "-e",
	    "sh -c 'cat greeting; exec cat >received'", "f", "x:f");
	run_check(&run, 5, "older than the setting require-sync");
	ck_assert_ptr_nonnull(strstr(run.err, "nothing was stored"));
	ck_assert_uint_le(file_size("received"), _i == 0 ? 0 : begun);
}
END_TEST

Suite *
durable_suite(void)
{
	Suite *suite = suite_create("durable");
	TCase *tcase = harness_case("durable");

	tcase_add_test(tcase, warning_comes_once_when_nothing_is_synced);
	tcase_add_test(tcase, no_warning_comes_when_files_are_synced);
	tcase_add_test(
	    tcase, require_sync_refuses_before_data_when_nothing_is_synced);
	tcase_add_loop_test(
	    tcase, require_sync_sends_nothing_when_the_server_is_older, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
