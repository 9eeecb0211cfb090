/* SPDX-License-Identifier: ISC */
/* Calls fail while a client asks for a file that it has sent before. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/digest.h"
#include "tests/lab/proxy.h"
#include "tests/system/faulty.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define CALLS(name, on, what)                                                  \
	.call = FAULT_##name, .object = (on), .kind = FAULT_##what
#define FAILS(name, on, error)                                                 \
	{                                                                      \
		CALLS(name, on, ERROR), .value = (error)                       \
	}

#define NAME "b"
#define SIZE 70000

static struct plan plan;
static struct server server;

/*
 * Start the server, with the plan if befalls_server is nonzero.  Returns
 * nonzero if it runs, zero if the test was skipped.
 */
static int
begin(int befalls_server)
{
	static const char *const none[] = {NULL};
	pid_t pids[SERVER_WORKERS];

	faulty_make();
	if (plan_make(&plan, "plan") != 0)
		return 0;
	server_start_by(&server, befalls_server ? plan.launcher : none,
	    (const char *const[]){"-w", "1", "-o", "min-free=0", NULL});
	atomic_store(&plan.shared->spared, (int)server.pid);
	/* After this put the sweeper has ended, so no fault hits it. */
	put_good(&server, "new/a", "again");
	server_expect_workers(&server, pids, 1);
	return 1;
}

/*
 * The only worker must be ready.  ftxd replaces it only after a failed sync of
 * a directory.
 */
static void
check_server(void)
{
	struct run run;

	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
	/* The next worker may start a second late: -q hides that ftx waits. */
	RUN(&run, "ftx", "put", "-q", "new/a", "127.0.0.1:again");
	run_check(&run, 0, NULL);
	eventually(server_count_logged(&server, "ended after") ==
		server_count_logged(
		    &server, "a directory could not be synced:"),
	    HARNESS_TIMEOUT);
}

static void
script_again(struct script *script)
{
	uint8_t payload[WIRE_CONTROL_MAX];
	char *content = file_read("new/" NAME);
	struct digest digest;
	struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .wishes = WIRE_SENT_BEFORE,
	    .mode = 0644,
	    .size = SIZE,
	    .path = {NAME, strlen(NAME)}};

	digest_init(&digest);
	digest_add(&digest, content, SIZE);
	request.digest = digest_value(&digest);
	free(content);
	script_begin(script);
	script_frame(script, WIRE_ASK, 1, payload,
	    wire_write_request(payload, &request));
}

/*
 * Ask for the file, and send no content.  Returns nonzero if the server reports
 * it as stored.
 */
static int
is_reported_stored(void)
{
	struct script *script = script_new();
	struct wire_result answer;
	struct client peer;
	int stored = 0;

	script_again(script);
	peer_open(&peer, server.port, NULL);
	client_play(&peer, script);
	(void)client_greeting(&peer);
	while (client_next(&peer) && peer.frame.type != WIRE_GO &&
	    peer.frame.type != WIRE_RESULT)
		continue;
	if (peer.frame.type == WIRE_RESULT) {
		ck_assert_int_eq(
		    wire_read_result(peer.payload, peer.frame.length, &answer),
		    0);
		stored = answer.status == STATUS_STORED;
		ck_assert_int_eq(answer.durable, stored);
	}
	client_close(&peer);
	return stored;
}

/*
 * Put a file in place, and ask with a fault.  Returns nonzero if the fault hit
 * a call.
 */
static int
ask(const struct plan_fault *fault, int number, int always, int is_there)
{
	const char *there = is_there ? "new/" NAME : "old/" NAME;
	int done, stored;

	(void)unlink("in/" NAME);
	ck_assert_int_eq(link(there, "in/" NAME), 0);
	plan_arm(&plan, fault, number, always);
	stored = is_reported_stored();
	done = plan_disarm(&plan);
	ck_assert_msg(file_equal(there, "in/" NAME) && stored <= is_there &&
		(!stored || !done || fault->call != FAULT_FSYNC) &&
		(done || stored == is_there),
	    "%s %d fails: reported as %s", plan_name(fault->call), number,
	    stored ? "stored" : "not stored");
	check_server();
	return done > 0;
}

/* EMFILE is left out: if it persists, ftxd replaces the worker. */
static const struct plan_fault faults[] = {
    FAILS(OPEN, FAULT_A_DIRECTORY, EIO),
    FAILS(OPEN, FAULT_A_DIRECTORY, ENFILE),
    FAILS(STAT, FAULT_A_DIRECTORY, EIO),
    FAILS(STAT, FAULT_A_FILE, EIO),
    FAILS(READ, FAULT_A_FILE, EIO),
    FAILS(FSYNC, FAULT_A_FILE, EIO),
    FAILS(FSYNC, FAULT_A_DIRECTORY, EIO),
    FAILS(CLOSE, FAULT_A_FILE, EIO),
};

/*
 * Loop 0 has another file of this name, which ftxd must not report as stored.
 * Loop 1 has the file that was sent.
 */
START_TEST(sent_file_is_found_or_sent_again_when_a_server_call_fails)
{
	int number;

	if (!begin(1))
		return;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		for (int always = 0; always <= 1; always++) {
			for (number = 1; ask(&faults[i], number, always, _i);)
				number++;
			ck_assert_msg(number > 1 ||
				(!_i && faults[i].call == FAULT_FSYNC),
			    "the run made no call of %s",
			    plan_name(faults[i].call));
		}
	server_stop(&server);
}
END_TEST

/* Like faulty_files, with a retry. */
static const struct faulty_put lost = {.options = {"-o", "retry=1"},
    .directory = "src",
    .sources = {"src/a", "src/b", "src/c"},
    .names = {"a", "b", "c"}};

/*
 * Put with a fault, and cut the first connection within the first result.
 * Returns nonzero if the fault hit a call.
 */
static int
lose(const struct plan_fault *fault, int number)
{
	/* Greeting, features, based, working, and a byte of the result. */
	const struct proxy_plan way = {.faulty = 1,
	    .down = {.fault = PROXY_CUT, .at = 24 + 20 + 15 + 12 + 1}};
	struct proxy proxy;
	struct run run;
	char port[16];
	int done;

	ck_assert_int_eq(proxy_start(&proxy, &way, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
	faulty_prepare(&lost);
	plan_arm(&plan, fault, number, 0);
	faulty_run(&run, &lost, &plan);
	done = plan_disarm(&plan);
	faulty_describe("%s %d fails", plan_name(fault->call), number);
	faulty_check(&lost, &run);
	if (!done)
		run_check(&run, 0, "trying again");
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	snprintf(port, sizeof(port), "%u", server.port);
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
	check_server();
	return done > 0;
}

/* Each retry waits a second, so only tests/endurance runs this. */
START_TEST(sent_file_is_found_or_sent_again_when_a_client_call_fails)
{
	static const struct plan_fault calls[] = {
	    FAILS(OPEN, FAULT_ANYTHING, EMFILE),
	    FAILS(STAT, FAULT_A_FILE, EIO),
	    FAILS(READ, FAULT_A_FILE, EIO),
	    FAILS(READ, FAULT_A_PEER, ECONNRESET),
	    FAILS(WRITE, FAULT_A_PEER, EPIPE),
	};

	if (getenv("FTX_ENDURANCE") == NULL || !begin(0))
		return;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		for (int number = 1; lose(&calls[i], number);)
			number++;
	server_stop(&server);
}
END_TEST

Suite *
faults_again_suite(void)
{
	Suite *suite = suite_create("faults_again");
	TCase *tcase = harness_case("faults_again");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase,
	    sent_file_is_found_or_sent_again_when_a_server_call_fails, 0, 2);
	tcase_add_test(
	    tcase, sent_file_is_found_or_sent_again_when_a_client_call_fails);
	suite_add_tcase(suite, tcase);
	return suite;
}
