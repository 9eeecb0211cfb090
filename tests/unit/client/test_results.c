/* SPDX-License-Identifier: ISC */
/* Which results are believed: those of what was wished, and sent so. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/connection/results.h"
#include "tests/unit/support.h"

Suite *results_suite(void);

#define SIZE 5
#define DIGEST 77

static struct options options;
static struct target target;
static struct run run;
static struct conn conn;
static struct outgoing outgoing;
static struct results results;
static int ends[2];

static void
begin(void)
{
	static char none[] = "none", path[] = "in", name[] = "f";
	static char *paths[] = {name};

	options.progress = none;
	options.streams = 1;
	target.path = path;
	ck_assert_int_eq(run_init(&run, &options, &target, paths, 1), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(
	    conn_init(&conn, ends[0], ends[0], WIRE_FROM_SERVER), 0);
	outgoing_init(&outgoing, &run, &conn, 0);
	results =
	    (struct results){.run = &run, .outgoing = &outgoing, .has_based = 1};
}

static void
end(void)
{
	outgoing_release(&outgoing, 0);
	conn_release(&conn);
	run_release(&run);
	close(ends[0]);
	close(ends[1]);
}

/* One that was asked with these wishes. */
static struct request *
add_asked(unsigned wishes)
{
	static char path[] = "f";
	const struct source source = {path, 1, 0};
	struct request *request = request_new(&source, WIRE_KIND_FILE, NULL, 1);

	ck_assert_ptr_nonnull(request);
	window_add(&outgoing.window, request);
	request->size = SIZE;
	request->digest = DIGEST;
	request->digested = 1;
	request->wishes = wishes;
	window_mark(&outgoing.window, request, REQUEST_ASKED);
	return request;
}

/* Hear this result of it.  Returns what becomes of the connection. */
static int
hear(const struct request *request, enum status status, uint64_t size,
    uint64_t digest)
{
	const struct wire_result answer = {
	    .status = status, .size = size, .digest = digest};
	uint8_t payload[WIRE_RESULT_SIZE];
	struct conn_frame frame = {.type = WIRE_RESULT,
	    .request = request->number,
	    .payload = payload,
	    .length = wire_write_result(payload, &answer)};
	struct outcome outcome;

	return results_handle(&results, &frame, &outcome);
}

static const struct {
	unsigned wishes;
	enum status status;
	uint64_t size, digest;
	int result;
} stories[] = {
    {0, STATUS_UNCHANGED, 0, 0, -1},
    {WIRE_NO_CLOBBER | WIRE_RESUME, STATUS_UNCHANGED, 0, 0, -1},
    {WIRE_UNLESS_SAME, STATUS_UNCHANGED, 0, 0, 0},
    {WIRE_UNLESS_DIGEST, STATUS_UNCHANGED, 0, 0, 0},
    {WIRE_SENT_BEFORE, STATUS_UNCHANGED, 0, 0, -1},
    {0, STATUS_STORED, SIZE, DIGEST, -1},
    {WIRE_UNLESS_DIGEST, STATUS_STORED, SIZE, DIGEST, -1},
    {WIRE_SENT_BEFORE, STATUS_STORED, SIZE, DIGEST, 0},
    {WIRE_SENT_BEFORE, STATUS_STORED, SIZE + 1, DIGEST, -1},
    {WIRE_SENT_BEFORE, STATUS_STORED, SIZE, DIGEST + 1, -1},
    {WIRE_SENT_BEFORE, STATUS_WOULD_STORE, 0, 0, -1},
};

/* Not on this connection, which ends when the rest is done. */
START_TEST(what_is_busy_waits_for_the_next_connection)
{
	struct request *request = add_asked(WIRE_UNLESS_DIGEST);
	struct request *other = add_asked(WIRE_UNLESS_DIGEST);

	run.queue.ended = 1;
	ck_assert_int_eq(hear(request, STATUS_BUSY, 0, 0), 0);
	ck_assert_int_eq(request->state, REQUEST_NEW);
	ck_assert(!outgoing_is_done(&outgoing));
	ck_assert_int_eq(hear(other, STATUS_UNCHANGED, 0, 0), 0);
	ck_assert(outgoing_is_done(&outgoing));
	ck_assert(outgoing.postponed);
	ck_assert_ptr_null(run.again.first);
	outgoing_release(&outgoing, 0);
	ck_assert_ptr_eq(run.again.first, request);
	ck_assert_uint_eq(run.tally.failed, 0);
}
END_TEST

START_TEST(success_is_plausible)
{
	struct request *request;

	request = add_asked(stories[_i].wishes);
	ck_assert_int_eq(hear(request, stories[_i].status, stories[_i].size,
			     stories[_i].digest),
	    stories[_i].result);
	ck_assert_uint_eq(run.tally.stored, stories[_i].result == 0);
	ck_assert_uint_eq(run.tally.unchanged,
	    stories[_i].result == 0 && stories[_i].status == STATUS_UNCHANGED);
	ck_assert_int_eq(
	    window_find(&outgoing.window, 1) == NULL, stories[_i].result == 0);
}
END_TEST

START_TEST(dry_runs_are_unchanged_or_would_store)
{
	options.dry_run = 1;
	ck_assert_int_eq(
	    hear(add_asked(WIRE_UNLESS_SAME), STATUS_UNCHANGED, 0, 0), 0);
	ck_assert_int_eq(
	    hear(add_asked(WIRE_UNLESS_SAME), STATUS_WOULD_STORE, 0, 0), 0);
	ck_assert_int_eq(
	    hear(add_asked(WIRE_DRY_RUN), STATUS_UNCHANGED, 0, 0), -1);
}
END_TEST

static const enum request_state early[] = {
    REQUEST_GOING, REQUEST_SENDING, REQUEST_ABORTED};

/* What was not sent to its end cannot be stored, whatever is said of it. */
START_TEST(success_comes_after_the_end)
{
	struct request *request = add_asked(0);

	request->sent = SIZE;
	window_mark(&outgoing.window, request, early[_i]);
	ck_assert_int_eq(hear(request, STATUS_STORED, SIZE, DIGEST), -1);
	ck_assert_uint_eq(run.tally.stored, 0);
	window_mark(&outgoing.window, request, REQUEST_ENDED);
	ck_assert_int_eq(hear(request, STATUS_STORED, SIZE, DIGEST), 0);
	ck_assert_uint_eq(run.tally.stored, 1);
}
END_TEST

START_TEST(directories_have_no_content)
{
	struct request *request = add_asked(0);

	request->kind = WIRE_KIND_DIRECTORY;
	ck_assert_int_eq(hear(request, STATUS_STORED, 0, 0), -1);
	window_mark(&outgoing.window, request, REQUEST_ENDED);
	ck_assert_int_eq(hear(request, STATUS_STORED, 1, 0), -1);
	ck_assert_int_eq(hear(request, STATUS_STORED, 0, 1), -1);
	ck_assert_int_eq(hear(request, STATUS_WOULD_STORE, 0, 0), -1);
	ck_assert_int_eq(hear(request, STATUS_STORED, 0, 0), 0);
}
END_TEST

/* Hear that its content may go, from there on. */
static int
hear_go(const struct request *request, uint64_t offset)
{
	const struct wire_go go = {offset, 0};
	uint8_t payload[2 * sizeof(uint64_t)];
	struct conn_frame frame = {.type = WIRE_GO,
	    .request = request->number,
	    .payload = payload,
	    .length = wire_write_go(payload, &go)};
	struct outcome outcome;

	return results_handle(&results, &frame, &outcome);
}

START_TEST(go_is_plausible)
{
	struct request *request = add_asked(WIRE_RESUME);

	request->size = RUN_RESUMED;
	ck_assert_int_eq(hear_go(request, 1), -1);
	options.resume = 1;
	ck_assert_int_eq(hear_go(request, RUN_RESUMED + 1), -1);
	options.dry_run = 1;
	ck_assert_int_eq(hear_go(request, 0), -1);
	options.dry_run = 0;
	ck_assert_int_eq(hear_go(request, RUN_RESUMED), 0);
	ck_assert_int_eq(hear_go(request, RUN_RESUMED), -1);
}
END_TEST

/* Hear these last words.  Returns what they are taken for. */
static enum status
hear_fatal(enum status status)
{
	const struct wire_reason reason = {status, {"", 0}};
	uint8_t payload[1];
	struct conn_frame frame = {.type = WIRE_FATAL,
	    .payload = payload,
	    .length = wire_write_reason(payload, &reason)};
	struct outcome outcome;

	ck_assert_int_eq(results_handle(&results, &frame, &outcome), -1);
	return outcome.status;
}

START_TEST(last_words_are_no_success)
{
	ck_assert_int_eq(hear_fatal(STATUS_STORED), STATUS_PROTOCOL);
	ck_assert_int_eq(hear_fatal(STATUS_UNCHANGED), STATUS_PROTOCOL);
	ck_assert_int_eq(hear_fatal(STATUS_WOULD_STORE), STATUS_PROTOCOL);
	ck_assert_int_eq(hear_fatal(STATUS_BUSY), STATUS_BUSY);
}
END_TEST

Suite *
results_suite(void)
{
	Suite *suite = suite_create("results");
	TCase *tcase = support_case("results");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, what_is_busy_waits_for_the_next_connection);
	tcase_add_loop_test(tcase, success_is_plausible, 0,
	    (int)(sizeof(stories) / sizeof(stories[0])));
	tcase_add_test(tcase, dry_runs_are_unchanged_or_would_store);
	tcase_add_loop_test(tcase, success_comes_after_the_end, 0,
	    (int)(sizeof(early) / sizeof(early[0])));
	tcase_add_test(tcase, directories_have_no_content);
	tcase_add_test(tcase, go_is_plausible);
	tcase_add_test(tcase, last_words_are_no_success);
	suite_add_tcase(suite, tcase);
	return suite;
}
