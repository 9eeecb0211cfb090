/* SPDX-License-Identifier: ISC */
/* What comes in on one connection, and what it means for the requests. */
#include "client/connection/results.h"

#include "client/run/removal.h"
#include "client/run/report.h"

static int
fail(struct outcome *outcome, const char *what)
{
	outcome_set(outcome, STATUS_PROTOCOL, "%s", what);
	return -1;
}

static int
take_based(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct wire_based based;

	if (results->based ||
	    wire_read_based(frame->payload, frame->length, &based) == -1)
		return fail(outcome, "bad answer to the base");
	if (based.name.length > 0 && !results->run->settles &&
	    !results->run->input)
		return fail(outcome, "the server gives several files one name");
	results->based = 1;
	if (run_settle(results->run, &based) == 0)
		return 0;
	outcome_set(outcome, STATUS_MEMORY, "%s", "");
	return -1;
}

static int
take_go(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct window *window = &results->outgoing->window;
	struct request *request = window_find(window, frame->request);
	struct wire_go go;

	if (request == NULL || request->state != REQUEST_ASKED ||
	    results->run->options->dry_run ||
	    wire_read_go(frame->payload, frame->length, &go) == -1 ||
	    (go.offset > 0 &&
		(!run_resumes(results->run, request) ||
		    go.offset > request->size)))
		return fail(outcome, "go for nothing that was asked");
	if (go.offset > request->kept.offset)
		window->steps++;
	request->kept = go;
	window_mark(window, request, REQUEST_GOING);
	return 0;
}

/* The same of a file whose content was not sent, or not here. */
static int
is_there(const struct request *request, const struct wire_result *answer)
{
	if (answer->status == STATUS_UNCHANGED)
		return (request->wishes &
			   (WIRE_UNLESS_SAME | WIRE_UNLESS_DIGEST)) != 0;
	return answer->status == STATUS_STORED &&
	    (request->wishes & WIRE_SENT_BEFORE) != 0 &&
	    answer->size == request->size && answer->digest == request->digest;
}

/* Nonzero if success can be true: it says what was wished and sent. */
static int
is_plausible(const struct results *results, const struct request *request,
    const struct wire_result *answer)
{
	int dry_run = results->run->options->dry_run;

	if (request->kind == WIRE_KIND_DIRECTORY)
		return request->state == REQUEST_ENDED && answer->size == 0 &&
		    answer->digest == 0 &&
		    (answer->status == STATUS_UNCHANGED ||
			answer->status ==
			    (dry_run ? STATUS_WOULD_STORE : STATUS_STORED));
	if (request->state == REQUEST_ASKED)
		return is_there(request, answer) ||
		    (dry_run && answer->status == STATUS_WOULD_STORE);
	return answer->status == STATUS_STORED &&
	    request->state == REQUEST_ENDED && answer->size == request->sent &&
	    answer->digest == request->digest;
}

/* The file was stored before the server found that it could not sync it. */
static void
fail_unsynced(struct results *results, struct request *request)
{
	struct outcome why;

	outcome_set(&why, STATUS_FAILED, "the server has not synced it");
	report_failure(results->run, request, &why);
	window_mark(&results->outgoing->window, request, REQUEST_DONE);
}

static int
take_success(struct results *results, struct request *request,
    const struct wire_result *answer, struct outcome *outcome)
{
	if (!is_plausible(results, request, answer))
		return fail(outcome,
		    "the server reports as stored what was not sent so");
	if (results->run->options->require_sync &&
	    answer->status == STATUS_STORED && !answer->durable) {
		fail_unsynced(results, request);
		return 0;
	}
	report_success(results->run, request, answer->status, answer->durable);
	if (answer->status == STATUS_STORED)
		removal_follow(results->run, request, answer->durable);
	window_mark(&results->outgoing->window, request, REQUEST_DONE);
	return 0;
}

static void
take_failure(struct results *results, struct request *request,
    const struct wire_result *answer)
{
	struct window *window = &results->outgoing->window;
	struct outcome why;

	outgoing_cancel(results->outgoing, request);
	if (request->state == REQUEST_ABORTED) {
		window_mark(window, request, REQUEST_DONE);
		return;
	}
	/* Another connection may have more luck. */
	if (answer->status == STATUS_DRAINING) {
		results->outgoing->stopped = 1;
		window_mark(window, request, REQUEST_NEW);
		return;
	}
	/* Too many workers compare now; a later connection may find room. */
	if (answer->status == STATUS_BUSY && request->state == REQUEST_ASKED) {
		outgoing_postpone(results->outgoing, request);
		return;
	}
	outcome_set(&why, answer->status, "%.*s", (int)answer->text.length,
	    answer->text.bytes);
	report_failure(results->run, request, &why);
	window_mark(window, request, REQUEST_DONE);
}

static int
take_result(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct window *window = &results->outgoing->window;
	struct request *request = window_find(window, frame->request);
	struct wire_result answer;

	if (wire_read_result(frame->payload, frame->length, &answer) == -1)
		return fail(outcome, "bad result");
	if (request == NULL || request->state == REQUEST_NEW)
		return fail(outcome, "result for nothing that was sent");
	if (status_success(answer.status))
		return take_success(results, request, &answer, outcome);
	take_failure(results, request, &answer);
	return 0;
}

static int
take_fatal(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct wire_reason reason;

	if (wire_read_reason(frame->payload, frame->length, &reason) == -1 ||
	    status_success(reason.status))
		return fail(outcome, "bad last words");
	results->fatal = 1;
	outcome_set(outcome, reason.status, "%.*s", (int)reason.text.length,
	    reason.text.bytes);
	return -1;
}

int
results_check_features(
    const struct results *results, uint64_t features, struct outcome *outcome)
{
	if (!results->run->options->require_sync ||
	    (features & WIRE_OFFERS_REQUIRE_SYNC) != 0)
		return 0;
	outcome_set(outcome, STATUS_NOT_OFFERED,
	    "this server is older than the setting require-sync: it "
	    "cannot promise that files are synced");
	return -1;
}

/* The features come once, before all other frames, since version 2. */
static int
take_features(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	uint64_t features;

	if (results->version < 2 || results->featured ||
	    wire_read_features(frame->payload, frame->length, &features) == -1)
		return fail(outcome, "features out of place");
	results->featured = 1;
	results->outgoing->held = 0;
	return results_check_features(results, features, outcome);
}

int
results_take(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	if (frame->type == WIRE_FATAL)
		return take_fatal(results, frame, outcome);
	if (results->refusing)
		return fail(outcome, "no reason follows a refusal");
	if (frame->type == WIRE_FEATURES)
		return take_features(results, frame, outcome);
	if (results->version >= 2 && !results->featured)
		return fail(outcome, "the features did not come first");
	if (frame->type == WIRE_WORKING)
		return 0;
	if (frame->type == WIRE_BASED)
		return take_based(results, frame, outcome);
	if (!results->based)
		return fail(outcome, "the base was not answered first");
	return frame->type == WIRE_GO ? take_go(results, frame, outcome)
				      : take_result(results, frame, outcome);
}
