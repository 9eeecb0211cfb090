/* SPDX-License-Identifier: ISC */
/* The messages of ftx are true, to the point, and name the next step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* Lengths of the server's bytes.  With fsync=no it sends no "working". */
#define BASED(text)                                                            \
	(WIRE_GREETING + WIRE_HEADER + 8 + WIRE_HEADER + 2 + sizeof(text) - 1)
#define GO (WIRE_HEADER + 16)
#define RESULT (WIRE_HEADER + WIRE_RESULT_SIZE)

static void
expect_words(const struct run *run, int status, const char *words)
{
	run_check(run, status, words);
	ck_assert_msg(strstr(run->err, words) == run->err,
	    "not \"%s\" at the start of \"%s\"", words, run->err);
}

/* ftx refuses each command line before it connects. */
static const struct {
	const char *argv[6], *words;
} mistakes[] = {
    {{"ftx", "put", "a/x", "b/x", "h:"},
	"ftx: a/x and b/x would both become x\n"},
    {{"ftx", "put", "x", "y", "x/", "h:"},
	"ftx: x and x/ would both become x\n"},
    {{"ftx", "put", "-r", "a/x", "x", "h:"},
	"ftx: a/x and x would both become x\n"},
    {{"ftx", "put", "-roremove-source", "a", "b/.", "h:"},
	"ftx: b/.: with remove-source what lies in a directory is sent "
	"without other sources"},
    {{"ftx", "put", "-", "x", "h:"}, "ftx: -: standard input is sent alone"},
    {{"ftx", "--help"}, "ftx: --help is no option; -h lists them\n"},
    {{"ftx", "put", "--version"},
	"ftx: --version is no option; -h lists them\n"},
    {{"ftx", "put", "nas:f1", "."},
	"ftx: nas:f1: ftx only puts: the last argument is host:path\n"},
    {{"ftx", "put", "f1", "nas"},
	"ftx: nas: the target names no host: write nas: or nas:path\n"},
    {{"ftx", "f1", "nas:"}, "ftx: write: ftx put f1 nas:\n"},
    {{"ftx", "get", "f1", "nas:"}, "ftx: the only command is \"put\"\n"},
    {{"ftx", "put", "f1", "me@nas:x"},
	"ftx: me@nas:x: write host:path, without user@\n"},
    {{"ftx", "put", "f1", "http://nas/x"},
	"ftx: http://nas/x: this is a URL: write host:path\n"},
    {{"ftx", "put", "-oretries=3", "f1", "nas:"},
	"ftx: \"retries\" is no setting; close to it: retry\n"},
    {{"ftx", "put", "-oqueue-timeout=0", "f1", "nas:"},
	"ftx: queue-timeout: \"0\" is out of range; accepted: 1s to 365d\n"},
};

START_TEST(message_names_the_mistake)
{
	const char *argv[7] = {NULL};
	struct run run;

	memcpy(argv, mistakes[_i].argv, sizeof(mistakes[_i].argv));
	run_all(&run, argv);
	expect_words(&run, 1, mistakes[_i].words);
}
END_TEST

/* The message gives no advice to run again, and names each host once. */
START_TEST(message_names_the_host_when_it_cannot_be_reached)
{
	struct run run;

	file_write("f", "x");
	RUN(&run, "ftx", "put", "f", "no-such-host.invalid:f");
	expect_words(&run, 35, "ftx: cannot connect to no-such-host.invalid: ");
	ck_assert_ptr_null(strstr(run.err, "again"));
	ck_assert_ptr_null(strstr(strstr(run.err, "invalid") + 1, "invalid"));
	RUN(&run, "ftx", "put", "-b", "192.0.2.1", "f", "127.0.0.1:f");
	/* The rest of the message comes from the C library. */
	expect_words(&run, 35, "ftx: cannot connect from 192.0.2.1: ");
	ck_assert_ptr_null(strstr(run.err, "again"));
	RUN(&run, "ftx", "put", "-b", "no-such-host.invalid", "f",
	    "127.0.0.1:f");
	expect_words(
	    &run, 35, "ftx: cannot connect from no-such-host.invalid: ");
	ck_assert_ptr_null(strstr(run.err, "again"));
	RUN(&run, "ftx", "put", "-b", "::1", "f", "127.0.0.1:f");
	expect_words(&run, 35, "ftx: cannot connect from ::1: ");
}
END_TEST

START_TEST(message_names_the_whole_target)
{
	struct run run;

	file_write("f", "x");
	RUN(&run, "ftx", "put", "f", "127.0.0.1:../x");
	expect_words(&run, 5, "ftx: 127.0.0.1:../x: refused: ");
	ck_assert_ptr_nonnull(strstr(run.err, "; nothing was stored\n"));
}
END_TEST

START_TEST(reason_is_reported_when_a_file_is_longer_than_announced)
{
	struct server server;
	struct run run;

	if (access("/proc/version", R_OK) != 0) {
		harness_skip("proc", "there is no /proc/version");
		return;
	}
	SERVER_START(&server, "-w", "1");
	RUN(&run, "ftx", "put", "/proc/version", "127.0.0.1:");
	run_check(&run, 24, "longer than announced; nothing was stored");
	ck_assert_int_eq(directory_count("in"), 0);
	server_stop(&server);
}
END_TEST

/* The wait for a free worker does not count as transfer. */
START_TEST(rate_leaves_out_the_wait_for_a_worker)
{
	struct server server;
	struct client peer;
	struct run run;

	file_make("f", 1000, 1);
	SERVER_START(&server, "-w", "1");
	peer_arrive(&peer, server.port);
	RUN_BEGIN(&run, "ftx", "put", "-v", "f", "127.0.0.1:");
	run_expect(&run, "waiting for a free worker (0:01)");
	client_close(&peer);
	run_finish(&run);
	run_check(&run, 0, "stored f -> 127.0.0.1:f  1.0 kB in 0.");
	server_stop(&server);
}
END_TEST

/* Cut the first connection after this many bytes from the server. */
static void
start_cut(struct proxy *proxy, const struct server *server, uint64_t bytes)
{
	const struct proxy_plan plan = {
	    .faulty = 1, .down = {.fault = PROXY_CUT, .at = bytes}};
	char port[16];

	ck_assert_int_eq(proxy_start(proxy, &plan, server->port), 0);
	snprintf(port, sizeof(port), "%u", proxy->port);
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
}

/* With compare=no, the server cannot confirm that the file is the same. */
START_TEST(exists_is_explained_when_the_result_was_lost)
{
	struct server server;
	struct proxy proxy;
	struct run run;

	file_make("f", 1000, 1);
	SERVER_START(&server, "-w", "1", "-o", "fsync=no", "-o", "compare=no");
	start_cut(&proxy, &server, BASED("f") + GO + 1);
	RUN(&run, "ftx", "put", "-o", "no-clobber", "f", "127.0.0.1:f");
	run_check(&run, 25,
	    "; it may have been stored before the connection was lost\n");
	ck_assert_ptr_null(strstr(run.err, "left as it is"));
	ck_assert(file_equal("f", "in/f"));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

START_TEST(missing_source_is_explained_when_the_result_was_lost)
{
	struct server server;
	struct proxy proxy;
	struct run run;

	file_make("f", 1000, 1);
	SERVER_START(&server, "-w", "1", "-o", "fsync=no");
	start_cut(&proxy, &server, BASED("f") + 1);
	RUN_BEGIN(&run, "ftx", "put", "f", "127.0.0.1:f");
	run_expect(&run, "trying again");
	ck_assert_int_eq(unlink("f"), 0);
	run_finish(&run);
	run_check(&run, 3,
	    "ftx: f: No such file or directory; it may have been stored "
	    "before the connection was lost\n");
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

START_TEST(unconfirmed_files_are_listed_at_the_end)
{
	struct server server;
	struct proxy proxy;
	struct run run;

	file_make("f", 1000, 1);
	file_make("g", 1000, 2);
	SERVER_START(&server, "-w", "1", "-o", "fsync=no");
	start_cut(&proxy, &server, BASED("d") + RESULT + 1);
	RUN(&run, "ftx", "put", "-o", "retry=0", "f", "missing", "g",
	    "127.0.0.1:d");
	run_check(
	    &run, 10, "; 1 stored, 1 not confirmed, 1 not stored, run again\n");
	run_check(&run, 10,
	    "ftx: missing: No such file or directory; it was not sent\n");
	run_check(&run, 10, "-> 127.0.0.1:d/g: not confirmed\n");
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

/* No file is known to be stored, but some may be: ftx lists all. */
START_TEST(unconfirmed_files_are_listed_when_nothing_is_certain)
{
	struct server server;
	struct proxy proxy;
	struct run run;

	file_make("f", 1000, 1);
	file_make("big", 2 << 20, 2);
	SERVER_START(&server, "-w", "1", "-o", "fsync=no");
	start_cut(&proxy, &server, BASED("d") + 1);
	RUN(&run, "ftx", "put", "-o", "retry=0", "f", "big", "127.0.0.1:d");
	run_check(
	    &run, 10, "; 0 stored, 1 not confirmed, 1 not stored, run again\n");
	run_check(&run, 10, "ftx: f -> 127.0.0.1:d/f: not confirmed\n");
	run_check(&run, 10, "ftx: big -> 127.0.0.1:d/big: not stored\n");
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}
END_TEST

Suite *
messages_suite(void)
{
	Suite *suite = suite_create("messages");
	TCase *before = harness_case("before connecting");
	TCase *after = harness_case("after connecting");

	tcase_add_loop_test(before, message_names_the_mistake, 0,
	    (int)(sizeof(mistakes) / sizeof(mistakes[0])));
	tcase_add_test(
	    before, message_names_the_host_when_it_cannot_be_reached);
	tcase_add_test(before, message_names_the_whole_target);
	suite_add_tcase(suite, before);
	tcase_add_test(
	    after, reason_is_reported_when_a_file_is_longer_than_announced);
	tcase_add_test(after, rate_leaves_out_the_wait_for_a_worker);
	tcase_add_test(after, exists_is_explained_when_the_result_was_lost);
	tcase_add_test(
	    after, missing_source_is_explained_when_the_result_was_lost);
	tcase_add_test(after, unconfirmed_files_are_listed_at_the_end);
	tcase_add_test(
	    after, unconfirmed_files_are_listed_when_nothing_is_certain);
	suite_add_tcase(suite, after);
	return suite;
}
