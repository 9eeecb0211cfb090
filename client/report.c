/* SPDX-License-Identifier: ISC */
/* Messages: what became of a file or a run, why, and what state is left. */
#include "client/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

/* Rooms for a source and for the words of the server, fit to be shown. */
#define SHOWN_SOURCE 1024
#define SHOWN_TEXT 2048
#define LINE 8192

static void __attribute__((format(printf, 2, 3)))
say(struct transfer *transfer, const char *format, ...)
{
	char line[LINE];
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(line, sizeof(line), format, arguments) > 0)
		progress_print(&transfer->progress, line);
	va_end(arguments);
}

static char *
show(char *buffer, size_t size, const char *text)
{
	return text_escape(buffer, size, text, strlen(text), TEXT_UTF8);
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
		    text_size(rate, progress_rate(bytes, elapsed)));
}

void
report_success(struct transfer *transfer, const struct request *request,
    enum status status, int durable)
{
	uint64_t size =
	    status == STATUS_WOULD_STORE ? request->size : request->sent;
	char source[SHOWN_SOURCE], remote[TRANSFER_REMOTE], speed[128];

	if (request->kind == WIRE_FOLDER) {
		transfer->tally.folders++;
		return;
	}
	tally_count(&transfer->tally, status);
	if (!transfer->tells)
		return;
	show(source, sizeof(source), request->source.path);
	transfer_remote(transfer, &request->source, remote);
	if (status == STATUS_WOULD_STORE) {
		say(transfer, "would store %s -> %s  %s", source, remote,
		    size == WIRE_SIZE_UNKNOWN ? "of unknown size"
					      : text_size(speed, size));
		return;
	}
	describe_speed(speed, sizeof(speed), size, io_now() - request->begun);
	say(transfer, "stored %s -> %s  %s, verified, %s", source, remote,
	    speed, durable ? "synced" : "not synced");
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
		    progress_percent(request->sent, request->size));
	else if (status == STATUS_REFUSED || status == STATUS_NO_SPACE)
		snprintf(buffer, size, "refused");
	else
		snprintf(buffer, size, "failed");
}

/* What to do, where running it again helps. */
static const char *
advice_on(enum status status)
{
	switch (status_exit(status)) {
	case 10:
	case 12:
	case 24:
	case 30:
		return ", run again";
	case 35:
	case 75:
		return ", run again later";
	default:
		return "";
	}
}

static const char *
state_left(const struct request *request, enum status status)
{
	if (request->settles)
		return "its mode and time were not set";
	if (request->kind == WIRE_FOLDER)
		return "it was not made";
	return status == STATUS_EXISTS ? "it was left as it is"
				       : "nothing was stored";
}

void
report_failure(struct transfer *transfer, const struct request *request,
    const struct outcome *outcome)
{
	const char *why = outcome->text[0] != '\0'
	    ? outcome->text
	    : status_text(outcome->status);
	char source[SHOWN_SOURCE], remote[TRANSFER_REMOTE], text[SHOWN_TEXT];
	char what[64];

	tally_count(&transfer->tally, outcome->status);
	describe_failure(what, sizeof(what), request, outcome->status);
	say(transfer, "ftx: %s -> %s: %s: %s; %s%s",
	    show(source, sizeof(source), request->source.path),
	    transfer_remote(transfer, &request->source, remote), what,
	    show(text, sizeof(text), why), state_left(request, outcome->status),
	    advice_on(outcome->status));
}

void
report_source(struct transfer *transfer, const char *path,
    enum source_kind kind, const struct outcome *outcome)
{
	char source[SHOWN_SOURCE], text[SHOWN_TEXT];

	if (kind == SOURCE_SKIPPED)
		transfer->tally.skipped++;
	else
		tally_count(&transfer->tally, outcome->status);
	say(transfer, "ftx: %s: %s; %s", show(source, sizeof(source), path),
	    show(text, sizeof(text), outcome->text),
	    kind == SOURCE_SKIPPED ? "skipped" : "it was not sent");
}

void
report_again(
    struct transfer *transfer, const struct outcome *outcome, int64_t delay)
{
	char text[SHOWN_TEXT], time[TEXT_NUMBER];

	if (!transfer->options->quiet)
		say(transfer, "ftx: %s: %s: %s; trying again in %s",
		    transfer->target->shown, status_text(outcome->status),
		    show(text, sizeof(text), outcome->text),
		    text_duration(time, delay));
}

/* Whether one may have been stored. */
static int
is_uncertain(struct transfer *transfer)
{
	struct window *window = &transfer->window;

	for (uint32_t i = window->first; i != window->next; i++) {
		const struct request *request = window_find(window, i);

		if (request != NULL && request->kind == WIRE_FILE &&
		    request->uncertain)
			return 1;
	}
	return 0;
}

static uint64_t
count_rest(struct transfer *transfer)
{
	struct window *window = &transfer->window;
	uint64_t count = queue_count(&transfer->queue);

	for (uint32_t i = window->first; i != window->next; i++) {
		const struct request *request = window_find(window, i);

		count += request != NULL && request->kind == WIRE_FILE;
	}
	return count;
}

/* The state that a run leaves behind. */
static void
describe_rest(char *buffer, size_t size, struct transfer *transfer)
{
	uint64_t stored = transfer->tally.stored;

	if (stored == 0 && !is_uncertain(transfer))
		snprintf(buffer, size, "nothing was stored");
	else
		snprintf(buffer, size,
		    "%" PRIu64 " stored, %" PRIu64 " not confirmed", stored,
		    count_rest(transfer));
}

/* Where some were stored, say which of the others were not. */
static void
name_rest(struct transfer *transfer)
{
	struct window *window = &transfer->window;
	char source[SHOWN_SOURCE], remote[TRANSFER_REMOTE];
	const char *path;
	int begun;

	if (transfer->tally.stored == 0)
		return;
	for (uint32_t i = window->first; i != window->next; i++) {
		const struct request *request = window_find(window, i);

		if (request == NULL || request->kind == WIRE_FOLDER)
			continue;
		say(transfer, "ftx: %s -> %s: %s",
		    show(source, sizeof(source), request->source.path),
		    transfer_remote(transfer, &request->source, remote),
		    request->uncertain ? "not confirmed" : "not stored");
	}
	for (;;) {
		path = queue_rest(&transfer->queue, &begun);
		if (path == NULL)
			return;
		say(transfer, "ftx: %s: %snot sent",
		    show(source, sizeof(source), path),
		    begun ? "the rest was " : "");
	}
}

void
report_end(struct transfer *transfer, const struct outcome *outcome)
{
	char text[SHOWN_TEXT], rest[128];

	describe_rest(rest, sizeof(rest), transfer);
	say(transfer, "ftx: %s: %s%s%s; %s%s", transfer->target->shown,
	    status_text(outcome->status), outcome->text[0] != '\0' ? ": " : "",
	    show(text, sizeof(text), outcome->text), rest,
	    advice_on(outcome->status));
	name_rest(transfer);
	tally_end(&transfer->tally, outcome->status);
}

void
report_interrupt(struct transfer *transfer)
{
	char rest[128];

	describe_rest(rest, sizeof(rest), transfer);
	say(transfer, "ftx: %s: interrupted; %s, run again",
	    transfer->target->shown, rest);
}
