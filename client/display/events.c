/* SPDX-License-Identifier: ISC */
/* Lines on standard output for programs: JSON, or what xxh64sum checks. */
#include "client/display/events.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/display/json.h"
#include "client/shared/interrupt.h"
#include "common/text.h"

/* The exit status if everything but writing these lines succeeded. */
#define EXIT_OUTPUT 1

/* Milliseconds between checks for a signal. */
#define TICK 1000

static const char *const names[EVENTS_RESULTS] = {
    [EVENTS_STORED] = "stored",
    [EVENTS_UNCHANGED] = "unchanged",
    [EVENTS_WOULD_STORE] = "would_store",
    [EVENTS_FAILED] = "failed",
    [EVENTS_UNCONFIRMED] = "unconfirmed",
    [EVENTS_SKIPPED] = "skipped",
};

void
events_init(struct events *events, enum events_form form,
    struct progress *progress, io_time now)
{
	*events =
	    (struct events){.form = form, .progress = progress, .begun = now};
}

/*
 * Write only when poll() reports room, so that a signal can end the run even
 * if the reader does not read.  Returns 0, or -1 with errno.
 */
static int
write_line(const char *line, size_t length)
{
	struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
	ssize_t done;

	while (length > 0) {
		int interrupted = interrupt_caught();

		if (io_poll(&room, 1, interrupted ? 0 : io_now() + TICK) == 0) {
			errno = EINTR;
			if (interrupted)
				return -1;
			continue;
		}
		done = write(STDOUT_FILENO, line,
		    length < _POSIX_PIPE_BUF ? length : _POSIX_PIPE_BUF);
		if (done == -1 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (done > 0) {
			line += done;
			length -= (size_t)done;
		}
	}
	return 0;
}

static void
fail(struct events *events, int error)
{
	char text[256];

	events->error = error;
	snprintf(text, sizeof(text),
	    "ftx: standard output: %s; nothing more is written to it, "
	    "the transfer goes on",
	    strerror(error));
	if (error != EINTR)
		progress_print(events->progress, text);
}

/* An output stream that collects one line in memory. */
struct line {
	FILE *out;
	char *text; /* owned */
	size_t length;
};

/* Returns 0, or -1 if no line can be written any more. */
static int
begin_line(struct events *events, struct line *line)
{
	if (events->error != 0)
		return -1;
	*line = (struct line){.out = NULL};
	line->out = open_memstream(&line->text, &line->length);
	if (line->out != NULL)
		return 0;
	fail(events, errno);
	return -1;
}

static void
end_line(struct events *events, struct line *line)
{
	int failed = ferror(line->out);

	if (fclose(line->out) == EOF || failed) {
		fail(events, ENOMEM);
	} else {
		if (isatty(STDOUT_FILENO))
			progress_end(events->progress);
		if (write_line(line->text, line->length) == -1)
			fail(events, errno);
	}
	free(line->text);
}

static void
print_text(FILE *out, const char *key, const char *text)
{
	const struct wire_bytes piece = {text, strlen(text)};

	fprintf(out, ",\"%s\":", key);
	json_print(out, &piece, 1);
}

static void
print_seconds(FILE *out, int64_t elapsed)
{
	if (elapsed < 0)
		elapsed = 0;
	fprintf(out, ",\"seconds\":%" PRId64 ".%03d", elapsed / 1000,
	    (int)(elapsed % 1000));
}

static void
print_json(FILE *out, const struct event *event)
{
	const struct wire_bytes source = {event->source, strlen(event->source)};

	fputs("{\"event\":\"source\"", out);
	json_print_bytes(out, "source", &source, 1);
	json_print_bytes(out, "target", event->target, event->target_pieces);
	print_text(out, "status", names[event->result]);
	if (event->size != WIRE_SIZE_UNKNOWN)
		fprintf(out, ",\"size\":%" PRIu64, event->size);
	if (event->digest != NULL)
		fprintf(out, ",\"digest\":\"%016" PRIx64 "\"", *event->digest);
	if (event->elapsed >= 0)
		print_seconds(out, event->elapsed);
	if (event->durable >= 0)
		fprintf(
		    out, ",\"durable\":%s", event->durable ? "true" : "false");
	if (event->cause != NULL)
		print_text(out, "cause", event->cause);
	if (event->reason != NULL && event->reason[0] != '\0')
		print_text(out, "reason", event->reason);
	fputs("}\n", out);
}

static void
print_escaped(FILE *out, const char *path)
{
	for (; *path != '\0'; path++) {
		if (*path == '\n')
			fputs("\\n", out);
		else if (*path == '\\')
			fputs("\\\\", out);
		else
			fputc(*path, out);
	}
}

/* For a terminal: a name must not control it. */
static void
print_shown(FILE *out, const char *path)
{
	char shown[4 * WIRE_PATH_MAX];

	fputs(text_escape(shown, sizeof(shown), path, strlen(path), TEXT_UTF8),
	    out);
}

/*
 * A line with escapes in its name begins with a backslash.  xxhsum before 0.8.2
 * does not support that, so escape only names that have a newline.
 */
static void
print_digest(FILE *out, const struct event *event)
{
	int input = strcmp(event->source, "-") == 0;
	/* xxhsum calls standard input "stdin", unlike a file of that name. */
	const char *path = input ? "stdin" : event->source;
	const char *here = !input && strcmp(path, "stdin") == 0 ? "./" : "";
	int shown = isatty(STDOUT_FILENO);
	int escaped = !shown && strchr(path, '\n') != NULL;

	fprintf(out, "%s%016" PRIx64 "  %s", escaped ? "\\" : "",
	    *event->digest, here);
	if (shown)
		print_shown(out, path);
	else if (escaped)
		print_escaped(out, path);
	else
		fputs(path, out);
	fputc('\n', out);
}

void
events_print(struct events *events, const struct event *event)
{
	struct line line;

	events->counts[event->result]++;
	if (event->result == EVENTS_STORED)
		events->bytes += event->size;
	if (events->form == EVENTS_NONE ||
	    (events->form == EVENTS_DIGEST && event->digest == NULL) ||
	    begin_line(events, &line) == -1)
		return;
	if (events->form == EVENTS_JSON)
		print_json(line.out, event);
	else
		print_digest(line.out, event);
	end_line(events, &line);
}

static void
print_end(
    FILE *out, const struct events *events, uint64_t directories, int status)
{
	fputs("{\"event\":\"end\"", out);
	for (size_t i = 0; i < EVENTS_RESULTS; i++)
		fprintf(out, ",\"%s\":%" PRIu64, names[i], events->counts[i]);
	fprintf(out, ",\"directories\":%" PRIu64 ",\"bytes\":%" PRIu64,
	    directories, events->bytes);
	print_seconds(out, io_now() - events->begun);
	fprintf(out, ",\"exit\":%d}\n", status);
}

int
events_end(struct events *events, uint64_t directories, int status)
{
	struct line line;

	if (events->form == EVENTS_JSON && begin_line(events, &line) == 0) {
		print_end(line.out, events, directories, status);
		end_line(events, &line);
	}
	return status == 0 && events->error != 0 ? EXIT_OUTPUT : status;
}
