/* SPDX-License-Identifier: ISC */
/* Messages: what became of a file or a run, why, and what state is left. */
#include "client/run/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/display/meter.h"
#include "common/text.h"

/* Rooms for a source and for the words of the server, fit to be shown. */
#define SHOWN_SOURCE 1024
#define SHOWN_TEXT 2048
#define SHOWN_END (SHOWN_TEXT + 2 * TARGET_ERROR)
#define LINE 8192

static void __attribute__((format(printf, 2, 3)))
say(struct run *run, const char *format, ...)
{
	char line[LINE];
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(line, sizeof(line), format, arguments) > 0)
		progress_print(&run->progress, line);
	va_end(arguments);
}

static char *
show(const struct run *run, char *buffer, size_t size, const char *text)
{
	return text_escape(
	    buffer, size, text, strlen(text), run->progress.terminal.set);
}

/* "  4.7 GB in 41 s (115 MB/s)", the rate only where it means something. */
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

/* Warn even if nobody watches: a nightly job needs to know. */
static void
warn_unsynced(struct run *run)
{
	if (!run->unsynced)
		say(run,
		    "ftx: %s: warning: stored, but not synced: it may be lost "
		    "when the power fails%s",
		    run->target->shown,
		    run->options->remove_source ? "; no source is removed"
						: "");
	run->unsynced = 1;
}

void
report_success(struct run *run, const struct request *request,
    enum status status, int durable)
{
	uint64_t size =
	    status == STATUS_WOULD_STORE ? request->size : request->sent;
	char source[SHOWN_SOURCE], remote[RUN_REMOTE], speed[128];

	if (status == STATUS_STORED && !durable)
		warn_unsynced(run);
	if (request->kind == WIRE_KIND_DIRECTORY) {
		run->tally.directories += !request->repeats;
		return;
	}
	tally_count(&run->tally, status);
	run->tally.done++;
	run->tally.bytes +=
	    request->size != WIRE_SIZE_UNKNOWN ? request->size : request->sent;
	events_success(run, request, status, durable);
	if (!run->tells ||
	    (status == STATUS_UNCHANGED && !run->options->verbose))
		return;
	show(run, source, sizeof(source), request->source.path);
	run_remote(run, &request->source, remote);
	if (status == STATUS_WOULD_STORE) {
		say(run, "would store %s -> %s  %s", source, remote,
		    size == WIRE_SIZE_UNKNOWN ? "of unknown size"
					      : text_size(speed, size));
		return;
	}
	if (status == STATUS_UNCHANGED) {
		say(run, "unchanged %s -> %s", source, remote);
		return;
	}
	/* What was sent on a connection before this has no speed. */
	if (request->state == REQUEST_ASKED)
		text_size(speed, request->size);
	else
		describe_speed(
		    speed, sizeof(speed), size, io_now() - request->begun);
	say(run, "stored %s -> %s  %s, verified, %s", source, remote, speed,
	    durable ? "synced" : "not synced");
}

void
report_unremoved(struct run *run, const struct request *request, int failed,
    const struct outcome *outcome)
{
	char source[SHOWN_SOURCE], text[SHOWN_TEXT];

	run->tally.unremoved += failed != 0;
	say(run, "ftx: %s: stored, but the source %s removed: %s",
	    show(run, source, sizeof(source), request->source.path),
	    failed ? "could not be" : "is not",
	    show(run, text, sizeof(text), outcome->text));
}

void
report_restored(struct run *run, const char *directory, const char *name,
    const struct outcome *outcome)
{
	size_t length = strlen(directory);
	const char *slash =
	    length > 0 && directory[length - 1] != '/' ? "/" : "";
	char path[SHOWN_SOURCE], shown[SHOWN_SOURCE];

	show(run, path, sizeof(path), directory);
	show(run, shown, sizeof(shown), name);
	if (outcome == NULL) {
		if (!run->options->quiet)
			say(run,
			    "ftx: %s%s%s: renamed back: an earlier run ended "
			    "before it removed it",
			    path, slash, shown);
		return;
	}
	run->tally.unremoved++;
	say(run,
	    "ftx: %s%s%s: left by an earlier run, and could not be renamed "
	    "back: %s",
	    path, slash, shown, outcome->text);
}

/* What became of a request, in a few words. */
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

/* What to do, where running it again helps. */
static const char *
advice_on(enum status status)
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
count_failure(struct run *run, const struct request *request,
    const struct outcome *outcome)
{
	tally_count(&run->tally, outcome->status);
	run->tally.done += request->kind != WIRE_KIND_DIRECTORY;
	run->tally.unconfirmed +=
	    request->uncertain && request->kind == WIRE_KIND_FILE;
	events_failure(run, request, outcome);
}

/* What is there now, of a request that failed. */
static const char *
describe_state(const struct request *request, const char *otherwise)
{
	if (!request->uncertain)
		return otherwise;
	return request->kind == WIRE_KIND_DIRECTORY
	    ? "it may have been done before the connection was lost"
	    : "it may have been stored before the connection was lost";
}

/* The same of one that no lost connection can have done. */
static const char *
describe_undone(const struct request *request, enum status status)
{
	if (request->settles)
		return "its mode and time were not set";
	if (request->kind == WIRE_KIND_DIRECTORY)
		return "it was not made";
	/* Once it has all, it may fail with the file under its name already. */
	if (status == STATUS_FAILED && request->state == REQUEST_ENDED)
		return "it is not certain to be stored";
	return status == STATUS_EXISTS ? "it was left as it is"
				       : "nothing was stored";
}

void
report_failure(struct run *run, const struct request *request,
    const struct outcome *outcome)
{
	const char *why = outcome->text[0] != '\0'
	    ? outcome->text
	    : status_text(outcome->status);
	char source[SHOWN_SOURCE], remote[RUN_REMOTE], text[SHOWN_TEXT];
	char what[64];

	if (request->repeats)
		return;
	count_failure(run, request, outcome);
	describe_failure(what, sizeof(what), request, outcome->status);
	say(run, "ftx: %s -> %s: %s: %s; %s%s",
	    show(run, source, sizeof(source), request->source.path),
	    run_remote(run, &request->source, remote), what,
	    show(run, text, sizeof(text), why),
	    describe_state(request, describe_undone(request, outcome->status)),
	    advice_on(outcome->status));
}

void
report_source(struct run *run, const struct request *request,
    enum source_kind kind, const struct outcome *outcome)
{
	/* What was sent once is a file that is gone. */
	int skipped = kind == SOURCE_SKIPPED && !request->uncertain;
	char source[SHOWN_SOURCE], text[SHOWN_TEXT];

	if (skipped) {
		run->tally.skipped++;
		events_skipped(run, request, outcome->text);
	} else
		count_failure(run, request, outcome);
	say(run, "ftx: %s: %s; %s",
	    show(run, source, sizeof(source), request->source.path),
	    show(run, text, sizeof(text), outcome->text),
	    describe_state(request, skipped ? "skipped" : "it was not sent"));
}

/* What went wrong with all of the run, or with this part of it. */
static void
describe_end(const struct run *run, char *buffer, size_t size,
    const char *subject, const struct outcome *outcome)
{
	const char *status = status_text(outcome->status);
	char text[SHOWN_TEXT];

	/* Text from the peer has been escaped already. */
	if (outcome->status == STATUS_FOREIGN) {
		snprintf(buffer, size, "%s: %s", subject, outcome->text);
		return;
	}
	show(run, text, sizeof(text), outcome->text);
	if (outcome->status == STATUS_UNTRIED)
		snprintf(buffer, size, "%s %s", status, text);
	else
		snprintf(buffer, size, "%s: %s%s%s", subject, status,
		    text[0] != '\0' ? ": " : "", text);
}

void
report_streams(struct run *run, size_t streams)
{
	if (run->options->verbose)
		say(run,
		    "ftx: only %zu stream%s: the limit on open files is too "
		    "low for more",
		    streams, streams == 1 ? "" : "s");
}

void
report_again(struct run *run, const struct outcome *outcome, int64_t delay)
{
	char end[SHOWN_END], time[TEXT_NUMBER];

	describe_end(run, end, sizeof(end), run->target->shown, outcome);
	if (!run->options->quiet)
		say(run, "ftx: %s; trying again in %s", end,
		    text_duration(time, delay));
}

/* What became of the files of a run, counted. */
struct state {
	uint64_t stored, unchanged, unconfirmed, unstored;
};

static struct state
count_all(struct run *run)
{
	const struct tally *tally = &run->tally;
	struct state state = {
	    run->options->dry_run ? 0 : tally->stored - tally->unchanged,
	    tally->unchanged, tally->unconfirmed,
	    tally->failed - tally->unconfirmed + queue_count(&run->queue)};

	for (const struct request *request = run->again.first; request != NULL;
	     request = request->next) {
		if (request->kind == WIRE_KIND_DIRECTORY)
			continue;
		state.unconfirmed += request->uncertain != 0;
		state.unstored += request->uncertain == 0;
	}
	return state;
}

static int
is_empty(const struct state *state)
{
	return state->stored == 0 && state->unchanged == 0 &&
	    state->unconfirmed == 0;
}

static void
describe_all(char *buffer, size_t size, const struct state *state)
{
	char unchanged[64] = "";

	if (state->unchanged > 0)
		snprintf(unchanged, sizeof(unchanged),
		    "%" PRIu64 " unchanged, ", state->unchanged);
	if (is_empty(state))
		snprintf(buffer, size, "nothing was stored");
	else
		snprintf(buffer, size,
		    "%" PRIu64 " stored, %s%" PRIu64 " not confirmed, %" PRIu64
		    " not stored",
		    state->stored, unchanged, state->unconfirmed,
		    state->unstored);
}

/* What is said of those that have no line yet when the run ends. */
struct rest {
	const struct outcome *outcome; /* that ended it */
	int named;		       /* on standard error, too */
};

static void
name_one(struct run *run, const struct rest *rest, const struct source *source,
    int uncertain, const char *what)
{
	char shown[SHOWN_SOURCE], remote[RUN_REMOTE];

	events_rest(run, source, uncertain, rest->outcome);
	if (rest->named)
		say(run, "ftx: %s -> %s: %s",
		    show(run, shown, sizeof(shown), source->path),
		    run_remote(run, source, remote), what);
}

/* Say of every file that has no line yet what became of it. */
static void
name_rest(struct run *run, const struct rest *rest)
{
	struct source source;
	int begun;

	for (const struct request *request = run->again.first; request != NULL;
	     request = request->next)
		if (request->kind == WIRE_KIND_FILE)
			name_one(run, rest, &request->source,
			    request->uncertain,
			    request->uncertain ? "not confirmed"
					       : "not stored");
	while (queue_rest(&run->queue, &source, &begun))
		name_one(run, rest, &source, 0,
		    begun ? "the rest was not stored" : "not stored");
}

static void
end_run(struct run *run, const char *subject, const struct outcome *outcome)
{
	struct state state = count_all(run);
	char end[SHOWN_END], all[128];

	describe_end(run, end, sizeof(end), subject, outcome);
	describe_all(all, sizeof(all), &state);
	say(run, "ftx: %s; %s%s", end, all, advice_on(outcome->status));
	name_rest(run, &(struct rest){outcome, !is_empty(&state)});
	tally_end(&run->tally, outcome->status);
}

void
report_end(struct run *run, const struct outcome *outcome)
{
	end_run(run, run->target->shown, outcome);
}

void
report_bad_target(struct run *run, const char *reason)
{
	struct outcome outcome;
	char target[TARGET_ERROR];

	outcome_set(&outcome, STATUS_REFUSED, "%s", reason);
	end_run(run, target_show(run->target, target), &outcome);
}

void
report_interrupt(struct run *run)
{
	const struct outcome outcome = {STATUS_CANCELLED, "interrupted"};
	struct state state = count_all(run);
	char all[128];

	describe_all(all, sizeof(all), &state);
	say(run, "ftx: %s: interrupted; %s, run again", run->target->shown,
	    all);
	name_rest(run, &(struct rest){&outcome, 0});
}
