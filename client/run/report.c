/* SPDX-License-Identifier: ISC */
/* Report results to the user: messages, lines for programs, and counts. */
#include "client/run/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/display/meter.h"
#include "common/text.h"

/* Room for the path of a source, and for text from the server, escaped. */
#define SHOWN_SOURCE 1024
#define SHOWN_TEXT 2048
#define LINE 8192

/* A cause is a subject, a status and a text of SHOWN_TEXT bytes. */
_Static_assert(REPORT_CAUSE >= SHOWN_TEXT + 2 * TARGET_ERROR, "a cause fits");

/* Lines on standard output for programs. */
static enum events_form
form_of(const struct options *options)
{
	if (options->json)
		return EVENTS_JSON;
	return options->digest ? EVENTS_DIGEST : EVENTS_NONE;
}

void
report_init(struct report *report, const struct options *options,
    const struct remote *remote)
{
	io_time now = io_now();

	*report = (struct report){.options = options, .remote = remote};
	progress_init(
	    &report->progress, options->progress, options->quiet, now);
	events_init(&report->events, form_of(options), &report->progress, now);
	/* With lines for programs, print no lines for people. */
	report->successes = options->verbose ||
	    (!options->quiet && report->progress.terminal.is_one &&
		report->events.form == EVENTS_NONE);
}

void
report_release(struct report *report)
{
	progress_release(&report->progress);
}

void
report_print(struct report *report, const char *format, ...)
{
	char line[LINE];
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(line, sizeof(line), format, arguments) > 0)
		progress_print(&report->progress, line);
	va_end(arguments);
}

static char *
show(const struct report *report, char *buffer, size_t size, const char *text)
{
	return text_escape(
	    buffer, size, text, strlen(text), report->progress.terminal.set);
}

static char *
show_remote(const struct report *report, char buffer[REMOTE_SHOWN],
    const struct source *source)
{
	return remote_show(
	    report->remote, source, report->progress.terminal.set, buffer);
}

/* Format "4.7 GB in 41 s (115 MB/s)"; no rate if the time is too short. */
static void
describe_speed(char *buffer, size_t size, uint64_t bytes, int64_t elapsed)
{
	char amount[TEXT_NUMBER], time[TEXT_NUMBER], rate[TEXT_NUMBER];

	text_size(amount, bytes);
	text_duration(time, elapsed);
	if (elapsed < 100)
		snprintf(buffer, size, "%s in %s", amount, time);
	else
		snprintf(buffer, size, "%s in %s (%s/s)", amount, time,
		    text_size(rate, meter_rate(bytes, elapsed)));
}

/* Warn even with --quiet, so that a nightly run reports this. */
static void
warn_unsynced(struct report *report)
{
	if (!report->unsynced)
		report_print(report,
		    "ftx: %s: warning: stored, but not synced: it may be lost "
		    "when the power fails%s",
		    report->remote->target->shown,
		    report->options->remove_source ? "; no source is removed"
						   : "");
	report->unsynced = 1;
}

/* Add the source and its target to the event, and print it. */
static void
print_event(
    struct report *report, const struct source *source, struct event event)
{
	struct wire_bytes target[REMOTE_PIECES];

	event.source = source->path;
	event.target = target;
	event.target_pieces = remote_pieces(report->remote, source, target);
	events_print(&report->events, &event);
}

static void
print_success_event(struct report *report, const struct request *request,
    enum status status, int durable)
{
	int stored = status == STATUS_STORED;
	/* If nothing was sent, only a comparison computes the digest. */
	int known = stored || request->digested;
	/* If an earlier connection sent the content, the time is not known. */
	int timed = stored && request->state != REQUEST_ASKED;
	const struct event event = {
	    .result = stored		       ? EVENTS_STORED
		: status == STATUS_WOULD_STORE ? EVENTS_WOULD_STORE
					       : EVENTS_UNCHANGED,
	    .size = timed ? request->sent : request->size,
	    .digest = known ? &request->digest : NULL,
	    .elapsed = timed ? io_now() - request->begun : -1,
	    .durable = stored ? durable != 0 : -1,
	};

	print_event(report, &request->source, event);
}

static void
print_failure_event(struct report *report, const struct source *source,
    int uncertain, const struct outcome *outcome)
{
	const struct event event = {
	    .result = uncertain ? EVENTS_UNCONFIRMED : EVENTS_FAILED,
	    .size = WIRE_SIZE_UNKNOWN,
	    .elapsed = -1,
	    .durable = -1,
	    .cause = status_text(outcome->status),
	    .reason = outcome->text,
	};

	print_event(report, source, event);
}

static void
print_skipped_event(
    struct report *report, const struct source *source, const char *reason)
{
	const struct event event = {
	    .result = EVENTS_SKIPPED,
	    .size = WIRE_SIZE_UNKNOWN,
	    .elapsed = -1,
	    .durable = -1,
	    .reason = reason,
	};

	print_event(report, source, event);
}

void
report_success(struct report *report, const struct request *request,
    enum status status, int durable)
{
	uint64_t size =
	    status == STATUS_WOULD_STORE ? request->size : request->sent;
	char source[SHOWN_SOURCE], remote[REMOTE_SHOWN], speed[128];

	if (status == STATUS_STORED && !durable)
		warn_unsynced(report);
	if (request->kind == WIRE_KIND_DIRECTORY) {
		report->tally.directories += !request->repeats;
		return;
	}
	tally_count(&report->tally, status);
	report->tally.done++;
	report->tally.bytes +=
	    request->size != WIRE_SIZE_UNKNOWN ? request->size : request->sent;
	print_success_event(report, request, status, durable);
	if (!report->successes ||
	    (status == STATUS_UNCHANGED && !report->options->verbose))
		return;
	show(report, source, sizeof(source), request->source.path);
	show_remote(report, remote, &request->source);
	if (status == STATUS_WOULD_STORE) {
		report_print(report, "would store %s -> %s  %s", source, remote,
		    size == WIRE_SIZE_UNKNOWN ? "of unknown size"
					      : text_size(speed, size));
		return;
	}
	if (status == STATUS_UNCHANGED) {
		report_print(report, "unchanged %s -> %s", source, remote);
		return;
	}
	/* If an earlier connection sent the content, the speed is not known. */
	if (request->state == REQUEST_ASKED)
		text_size(speed, request->size);
	else
		describe_speed(
		    speed, sizeof(speed), size, io_now() - request->begun);
	report_print(report, "stored %s -> %s  %s, verified, %s", source,
	    remote, speed, durable ? "synced" : "not synced");
}

void
report_unremoved(struct report *report, const struct request *request,
    int failed, const struct outcome *outcome)
{
	char source[SHOWN_SOURCE], text[SHOWN_TEXT];

	report->tally.unremoved += failed != 0;
	report_print(report, "ftx: %s: stored, but the source %s removed: %s",
	    show(report, source, sizeof(source), request->source.path),
	    failed ? "could not be" : "is not",
	    show(report, text, sizeof(text), outcome->text));
}

void
report_restored(struct report *report, const char *directory, const char *name,
    const struct outcome *outcome)
{
	size_t length = strlen(directory);
	const char *slash =
	    length > 0 && directory[length - 1] != '/' ? "/" : "";
	char path[SHOWN_SOURCE], shown[SHOWN_SOURCE];

	show(report, path, sizeof(path), directory);
	show(report, shown, sizeof(shown), name);
	if (outcome == NULL) {
		if (!report->options->quiet)
			report_print(report,
			    "ftx: %s%s%s: renamed back: an earlier run ended "
			    "before it removed it",
			    path, slash, shown);
		return;
	}
	report->tally.unremoved++;
	report_print(report,
	    "ftx: %s%s%s: left by an earlier run, and could not be renamed "
	    "back: %s",
	    path, slash, shown, outcome->text);
}

/* What happened to a request, in short. */
static void
describe_failure(char *buffer, size_t size, const struct request *request,
    enum status status)
{
	char sent[TEXT_NUMBER];

	if (status == STATUS_EXISTS || status == STATUS_DIGEST)
		snprintf(buffer, size, "%s", status_text(status));
	else if (request->state == REQUEST_SENDING && request->sent > 0 &&
	    request->size == WIRE_SIZE_UNKNOWN)
		snprintf(buffer, size, "failed after %s",
		    text_size(sent, request->sent));
	else if (request->state == REQUEST_SENDING && request->sent > 0)
		snprintf(buffer, size, "failed at %d%%",
		    meter_percent(request->sent, request->size));
	else if (status == STATUS_REFUSED || status == STATUS_NO_SPACE)
		snprintf(buffer, size, "refused");
	else
		snprintf(buffer, size, "failed");
}

const char *
report_advice(enum status status)
{
	switch (status) {
	case STATUS_LOST:
	case STATUS_DIGEST:
	case STATUS_CHANGED:
	case STATUS_CANCELLED:
	case STATUS_STALLED:
		return ", run again";
	case STATUS_UNREACHABLE:
	case STATUS_BUSY:
	case STATUS_DRAINING:
		return ", run again later";
	default:
		return "";
	}
}

static void
count_failure(struct report *report, const struct request *request,
    const struct outcome *outcome)
{
	tally_count(&report->tally, outcome->status);
	report->tally.done += request->kind != WIRE_KIND_DIRECTORY;
	report->tally.unconfirmed +=
	    request->uncertain && request->kind == WIRE_KIND_FILE;
	print_failure_event(
	    report, &request->source, request->uncertain, outcome);
}

/* The state on the server after a request failed. */
static const char *
describe_state(const struct request *request, const char *otherwise)
{
	if (!request->uncertain)
		return otherwise;
	return request->kind == WIRE_KIND_DIRECTORY
	    ? "it may have been done before the connection was lost"
	    : "it may have been stored before the connection was lost";
}

/* The same if no lost connection can have completed the request. */
static const char *
describe_undone(const struct request *request, enum status status)
{
	if (request->final)
		return "its mode and time were not set";
	if (request->kind == WIRE_KIND_DIRECTORY)
		return "it was not made";
	/* Once the server has all content, it may fail after the rename. */
	if (status == STATUS_FAILED && request->state == REQUEST_ENDED)
		return "it is not certain to be stored";
	return status == STATUS_EXISTS ? "it was left as it is"
				       : "nothing was stored";
}

void
report_failure(struct report *report, const struct request *request,
    const struct outcome *outcome)
{
	const char *why = outcome->text[0] != '\0'
	    ? outcome->text
	    : status_text(outcome->status);
	char source[SHOWN_SOURCE], remote[REMOTE_SHOWN], text[SHOWN_TEXT];
	char what[64];

	if (request->repeats)
		return;
	count_failure(report, request, outcome);
	describe_failure(what, sizeof(what), request, outcome->status);
	report_print(report, "ftx: %s -> %s: %s: %s; %s%s",
	    show(report, source, sizeof(source), request->source.path),
	    show_remote(report, remote, &request->source), what,
	    show(report, text, sizeof(text), why),
	    describe_state(request, describe_undone(request, outcome->status)),
	    report_advice(outcome->status));
}

void
report_unsent(struct report *report, const struct request *request,
    enum source_kind kind, const struct outcome *outcome)
{
	/*
	 * If an earlier connection may have stored the source, it was a file
	 * then.  So count a failure.
	 */
	int skipped = kind == SOURCE_SKIPPED && !request->uncertain;
	char source[SHOWN_SOURCE], text[SHOWN_TEXT];

	if (skipped) {
		report->tally.skipped++;
		print_skipped_event(report, &request->source, outcome->text);
	} else
		count_failure(report, request, outcome);
	report_print(report, "ftx: %s: %s; %s",
	    show(report, source, sizeof(source), request->source.path),
	    show(report, text, sizeof(text), outcome->text),
	    describe_state(request, skipped ? "skipped" : "it was not sent"));
}

void
report_rest(struct report *report, const struct source *source, int uncertain,
    const struct outcome *outcome, const char *what)
{
	char shown[SHOWN_SOURCE], remote[REMOTE_SHOWN];

	print_failure_event(report, source, uncertain, outcome);
	if (what != NULL)
		report_print(report, "ftx: %s -> %s: %s",
		    show(report, shown, sizeof(shown), source->path),
		    show_remote(report, remote, source), what);
}

void
report_streams(struct report *report, size_t streams)
{
	if (report->options->verbose)
		report_print(report,
		    "ftx: only %zu stream%s: the limit on open files is too "
		    "low for more",
		    streams, streams == 1 ? "" : "s");
}

char *
report_cause(const struct report *report, char buffer[REPORT_CAUSE],
    const char *subject, const struct outcome *outcome)
{
	const char *status = status_text(outcome->status);
	char text[SHOWN_TEXT];

	/* greeting_show has escaped the text from the peer. */
	if (outcome->status == STATUS_FOREIGN) {
		snprintf(
		    buffer, REPORT_CAUSE, "%s: %s", subject, outcome->text);
		return buffer;
	}
	show(report, text, sizeof(text), outcome->text);
	if (outcome->status == STATUS_UNTRIED)
		snprintf(buffer, REPORT_CAUSE, "%s %s", status, text);
	else
		snprintf(buffer, REPORT_CAUSE, "%s: %s%s%s", subject, status,
		    text[0] != '\0' ? ": " : "", text);
	return buffer;
}

void
report_retry(
    struct report *report, const struct outcome *outcome, int64_t delay)
{
	char cause[REPORT_CAUSE], time[TEXT_NUMBER];

	if (!report->options->quiet)
		report_print(report, "ftx: %s; trying again in %s",
		    report_cause(
			report, cause, report->remote->target->shown, outcome),
		    text_duration(time, delay));
}
