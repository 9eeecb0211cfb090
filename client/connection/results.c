/* SPDX-License-Identifier: ISC */
/* The receiving half of a session: the server's frames, and their effects. */
#include "client/connection/results.h"

static int
fail(struct outcome *outcome, const char *reason)
{
	outcome_set(outcome, STATUS_PROTOCOL, "%s", reason);
	return -1;
}

static int
handle_based(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct wire_based based;

	if (results->has_based ||
	    wire_read_based(frame->payload, frame->length, &based) == -1)
		return fail(outcome, "bad reply to the base");
	if (based.name.length > 0 &&
	    results->run->remote.kind == REMOTE_DIRECTORY)
		return fail(outcome, "the server gives several files one name");
	results->has_based = 1;
	if (remote_resolve(&results->run->remote, &based) == 0)
		return 0;
	outcome_set(outcome, STATUS_MEMORY, "%s", "");
	return -1;
}

static int
handle_go(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct window *window = &results->outgoing->window;
	struct request *request = window_find(window, frame->request);
	struct wire_go go;

	if (request == NULL || request->state != REQUEST_ASKED ||
	    results->run->options->dry_run ||
	    wire_read_go(frame->payload, frame->length, &go) == -1 ||
	    (go.offset > 0 &&
		(!request_resumes(request, results->run->options) ||
		    go.offset > request->size)))
		return fail(outcome, "go for nothing that was asked");
	if (go.offset > request->kept.offset)
		window->steps++;
	request->kept = go;
	window_mark(window, request, REQUEST_GOING);
	return 0;
}

/*
 * Nonzero if the request allows success without content.  Either the file is
 * unchanged, or an earlier session has sent all of its content.
 */
static int
is_stored_already(
    const struct request *request, const struct wire_result *result)
{
	if (result->status == STATUS_UNCHANGED)
		return (request->wishes &
			   (WIRE_UNLESS_SAME | WIRE_UNLESS_DIGEST)) != 0;
	return result->status == STATUS_STORED &&
	    (request->wishes & WIRE_SENT_BEFORE) != 0 &&
	    result->size == request->size && result->digest == request->digest;
}

/* Nonzero if success is possible after what was requested and sent. */
static int
is_plausible(const struct results *results, const struct request *request,
    const struct wire_result *result)
{
	int dry_run = results->run->options->dry_run;

	if (request->kind == WIRE_KIND_DIRECTORY)
		return request->state == REQUEST_ENDED && result->size == 0 &&
		    result->digest == 0 &&
		    (result->status == STATUS_UNCHANGED ||
			result->status ==
			    (dry_run ? STATUS_WOULD_STORE : STATUS_STORED));
	if (request->state == REQUEST_ASKED)
		return is_stored_already(request, result) ||
		    (dry_run && result->status == STATUS_WOULD_STORE);
	return result->status == STATUS_STORED &&
	    request->state == REQUEST_ENDED && result->size == request->sent &&
	    result->digest == request->digest;
}

/* The server has stored the file, but could not sync it. */
static void
fail_unsynced(struct results *results, struct request *request)
{
	struct outcome reason;

	outcome_set(&reason, STATUS_FAILED, "the server has not synced it");
	report_failure(&results->run->report, request, &reason);
	window_mark(&results->outgoing->window, request, REQUEST_DONE);
}

static int
handle_success(struct results *results, struct request *request,
    const struct wire_result *result, struct outcome *outcome)
{
	if (!is_plausible(results, request, result))
		return fail(outcome,
		    "the server reports as stored what was not sent so");
	if (results->run->options->require_sync &&
	    result->status == STATUS_STORED && !result->durable) {
		fail_unsynced(results, request);
		return 0;
	}
	report_success(
	    &results->run->report, request, result->status, result->durable);
	if (result->status == STATUS_STORED)
		removal_remove(
		    &results->run->removal, request, result->durable);
	window_mark(&results->outgoing->window, request, REQUEST_DONE);
	return 0;
}

static void
handle_failure(struct results *results, struct request *request,
    const struct wire_result *result)
{
	struct window *window = &results->outgoing->window;
	struct outcome reason;

	outgoing_cancel(results->outgoing, request);
	if (request->state == REQUEST_ABORTED) {
		window_mark(window, request, REQUEST_DONE);
		return;
	}
	/* The worker exits: the next connection gets another one. */
	if (result->status == STATUS_DRAINING) {
		results->outgoing->stopped = 1;
		window_mark(window, request, REQUEST_NEW);
		return;
	}
	/* Too many workers compare files now: ask again later. */
	if (result->status == STATUS_BUSY && request->state == REQUEST_ASKED) {
		outgoing_postpone(results->outgoing, request);
		return;
	}
	outcome_set(&reason, result->status, "%.*s", (int)result->text.length,
	    result->text.bytes);
	report_failure(&results->run->report, request, &reason);
	window_mark(window, request, REQUEST_DONE);
}

static int
handle_result(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct window *window = &results->outgoing->window;
	struct request *request = window_find(window, frame->request);
	struct wire_result result;

	if (wire_read_result(frame->payload, frame->length, &result) == -1)
		return fail(outcome, "bad result");
	if (request == NULL || request->state == REQUEST_NEW)
		return fail(outcome, "result for nothing that was sent");
	if (status_success(result.status))
		return handle_success(results, request, &result, outcome);
	handle_failure(results, request, &result);
	return 0;
}

static int
handle_fatal(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct wire_reason reason;

	if (wire_read_reason(frame->payload, frame->length, &reason) == -1 ||
	    status_success(reason.status))
		return fail(outcome, "bad last words");
	results->is_fatal = 1;
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

/* Since version 2, the features come once, before all other frames. */
static int
handle_features(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	uint64_t features;

	if (results->version < 2 || results->has_features ||
	    wire_read_features(frame->payload, frame->length, &features) == -1)
		return fail(outcome, "features out of place");
	results->has_features = 1;
	results->outgoing->held = 0;
	return results_check_features(results, features, outcome);
}

int
results_handle(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome)
{
	if (frame->type == WIRE_FATAL)
		return handle_fatal(results, frame, outcome);
	if (results->is_refused)
		return fail(outcome, "no reason follows a refusal");
	if (frame->type == WIRE_FEATURES)
		return handle_features(results, frame, outcome);
	if (results->version >= 2 && !results->has_features)
		return fail(outcome, "the features did not come first");
	if (frame->type == WIRE_WORKING)
		return 0;
	if (frame->type == WIRE_BASED)
		return handle_based(results, frame, outcome);
	if (!results->has_based)
		return fail(outcome, "the base was not answered first");
	return frame->type == WIRE_GO ? handle_go(results, frame, outcome)
				      : handle_result(results, frame, outcome);
}
