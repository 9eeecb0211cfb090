/* SPDX-License-Identifier: ISC */
/* Check results against what the client asked and sent. */
#include <check.h>

#include "client/connection/results.h"
#include "tests/unit/client/connected.h"
#include "tests/unit/support.h"

Suite *results_suite(void);

#define SIZE 5
#define DIGEST 77

static struct connected connected;
static struct outgoing *const outgoing = &connected.outgoing;
static struct run *const run = &connected.run;
static struct results results;

static void
begin(void)
{
	static char name[] = "f", *paths[] = {name};

	connected_begin(&connected, paths, 1);
	results =
	    (struct results){.run = run, .outgoing = outgoing, .has_based = 1};
}

static void
end(void)
{
	connected_end(&connected);
}

/* Add a request that was asked with these wishes. */
static struct request *
add_asked(unsigned wishes)
{
	static char path[] = "f";
	const struct source source = {path, 1, 0};
	struct request *request = request_new(&source, WIRE_KIND_FILE, NULL, 1);

	ck_assert_ptr_nonnull(request);
	window_add(&outgoing->window, request);
	request->size = SIZE;
	request->digest = DIGEST;
	request->digested = 1;
	request->wishes = wishes;
	window_mark(&outgoing->window, request, REQUEST_ASKED);
	return request;
}

/* Handle this result.  Returns -1 if it ends the session. */
static int
handle_result(const struct request *request, enum status status, uint64_t size,
    uint64_t digest)
{
	const struct wire_result result = {
	    .status = status, .size = size, .digest = digest};
	uint8_t payload[WIRE_RESULT_SIZE];
	struct conn_frame frame = {.type = WIRE_RESULT,
	    .request = request->number,
	    .payload = payload,
	    .length = wire_write_result(payload, &result)};
	struct outcome outcome;

	return results_handle(&results, &frame, &outcome);
}

static const struct {
	unsigned wishes;
	enum status status;
	uint64_t size, digest;
	int result;
} cases[] = {
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

/* The session ends only when the other requests are done. */
START_TEST(request_is_postponed_when_server_is_busy)
{
	struct request *request = add_asked(WIRE_UNLESS_DIGEST);
	struct request *other = add_asked(WIRE_UNLESS_DIGEST);

	run->queue.ended = 1;
	ck_assert_int_eq(handle_result(request, STATUS_BUSY, 0, 0), 0);
	ck_assert_int_eq(request->state, REQUEST_NEW);
	ck_assert(!outgoing_is_done(outgoing));
	ck_assert_int_eq(handle_result(other, STATUS_UNCHANGED, 0, 0), 0);
	ck_assert(outgoing_is_done(outgoing));
	ck_assert(outgoing->postponed);
	ck_assert_ptr_null(run->again.first);
	outgoing_release(outgoing, 0);
	ck_assert_ptr_eq(run->again.first, request);
	ck_assert_uint_eq(run->report.tally.failed, 0);
}
END_TEST

START_TEST(success_is_accepted_when_plausible)
{
	struct request *request;

	request = add_asked(cases[_i].wishes);
	ck_assert_int_eq(handle_result(request, cases[_i].status,
			     cases[_i].size, cases[_i].digest),
	    cases[_i].result);
	ck_assert_uint_eq(run->report.tally.stored, cases[_i].result == 0);
	ck_assert_uint_eq(run->report.tally.unchanged,
	    cases[_i].result == 0 && cases[_i].status == STATUS_UNCHANGED);
	ck_assert_int_eq(
	    window_find(&outgoing->window, 1) == NULL, cases[_i].result == 0);
}
END_TEST

START_TEST(dry_run_accepts_unchanged_or_would_store)
{
	connected.options.dry_run = 1;
	ck_assert_int_eq(
	    handle_result(add_asked(WIRE_UNLESS_SAME), STATUS_UNCHANGED, 0, 0),
	    0);
	ck_assert_int_eq(handle_result(add_asked(WIRE_UNLESS_SAME),
			     STATUS_WOULD_STORE, 0, 0),
	    0);
	ck_assert_int_eq(
	    handle_result(add_asked(WIRE_DRY_RUN), STATUS_UNCHANGED, 0, 0), -1);
}
END_TEST

static const enum request_state unfinished[] = {
    REQUEST_GOING, REQUEST_SENDING, REQUEST_ABORTED};

/* If the content was not sent whole, the file cannot be stored. */
START_TEST(success_is_refused_before_content_has_ended)
{
	struct request *request = add_asked(0);

	request->sent = SIZE;
	window_mark(&outgoing->window, request, unfinished[_i]);
	ck_assert_int_eq(
	    handle_result(request, STATUS_STORED, SIZE, DIGEST), -1);
	ck_assert_uint_eq(run->report.tally.stored, 0);
	window_mark(&outgoing->window, request, REQUEST_ENDED);
	ck_assert_int_eq(
	    handle_result(request, STATUS_STORED, SIZE, DIGEST), 0);
	ck_assert_uint_eq(run->report.tally.stored, 1);
}
END_TEST

START_TEST(directory_result_is_refused_when_it_has_content)
{
	struct request *request = add_asked(0);

	request->kind = WIRE_KIND_DIRECTORY;
	ck_assert_int_eq(handle_result(request, STATUS_STORED, 0, 0), -1);
	window_mark(&outgoing->window, request, REQUEST_ENDED);
	ck_assert_int_eq(handle_result(request, STATUS_STORED, 1, 0), -1);
	ck_assert_int_eq(handle_result(request, STATUS_STORED, 0, 1), -1);
	ck_assert_int_eq(handle_result(request, STATUS_WOULD_STORE, 0, 0), -1);
	ck_assert_int_eq(handle_result(request, STATUS_STORED, 0, 0), 0);
}
END_TEST

/* Handle a "go" from this offset. */
static int
handle_go(const struct request *request, uint64_t offset)
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

START_TEST(go_is_refused_when_not_asked)
{
	struct request *request = add_asked(WIRE_RESUME);

	request->size = REQUEST_RESUME_LEAST;
	ck_assert_int_eq(handle_go(request, 1), -1);
	connected.options.resume = 1;
	ck_assert_int_eq(handle_go(request, REQUEST_RESUME_LEAST + 1), -1);
	connected.options.dry_run = 1;
	ck_assert_int_eq(handle_go(request, 0), -1);
	connected.options.dry_run = 0;
	ck_assert_int_eq(handle_go(request, REQUEST_RESUME_LEAST), 0);
	ck_assert_int_eq(handle_go(request, REQUEST_RESUME_LEAST), -1);
}
END_TEST

/* Handle a "fatal" of this status.  Returns the status of the outcome. */
static enum status
handle_fatal(enum status status)
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

START_TEST(fatal_is_refused_when_it_reports_success)
{
	ck_assert_int_eq(handle_fatal(STATUS_STORED), STATUS_PROTOCOL);
	ck_assert_int_eq(handle_fatal(STATUS_UNCHANGED), STATUS_PROTOCOL);
	ck_assert_int_eq(handle_fatal(STATUS_WOULD_STORE), STATUS_PROTOCOL);
	ck_assert_int_eq(handle_fatal(STATUS_BUSY), STATUS_BUSY);
}
END_TEST

Suite *
results_suite(void)
{
	Suite *suite = suite_create("results");
	TCase *tcase = support_case("results");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, request_is_postponed_when_server_is_busy);
	tcase_add_loop_test(tcase, success_is_accepted_when_plausible, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, dry_run_accepts_unchanged_or_would_store);
	tcase_add_loop_test(tcase, success_is_refused_before_content_has_ended,
	    0, (int)(sizeof(unfinished) / sizeof(unfinished[0])));
	tcase_add_test(tcase, directory_result_is_refused_when_it_has_content);
	tcase_add_test(tcase, go_is_refused_when_not_asked);
	tcase_add_test(tcase, fatal_is_refused_when_it_reports_success);
	suite_add_tcase(suite, tcase);
	return suite;
}
