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
#include "client/run/run.h"
#include "client/shared/interrupt.h"
#include "common/text.h"

/* Of a run whose only fault is that these lines were not written. */
#define EXIT_OUTPUT 1

/* Milliseconds after which it is looked again whether a signal has come. */
#define TICK 1000

static const char *const words[EVENTS_WORDS] = {
    [EVENTS_STORED] = "stored",
    [EVENTS_UNCHANGED] = "unchanged",
    [EVENTS_WOULD_STORE] = "would_store",
    [EVENTS_FAILED] = "failed",
    [EVENTS_UNCONFIRMED] = "unconfirmed",
    [EVENTS_SKIPPED] = "skipped",
};

/* What is said of one source; what is not known is left out. */
struct event {
	enum events_word word;
	const struct source *source;
	uint64_t size;		/* or WIRE_SIZE_UNKNOWN */
	const uint64_t *digest; /* or NULL */
	int64_t elapsed;	/* milliseconds, or -1 */
	int durable;		/* or -1 */
	const char *cause;	/* or NULL */
	const char *reason;	/* or NULL */
};

void
events_init(struct events *events, enum events_form form, io_time now)
{
	*events = (struct events){.form = form, .begun = now};
}

/*
 * Write as poll() says that there is room, so that a reader who does not read
 * keeps nobody from interrupting.  Returns 0, or -1 with errno.
 */
static int
write_line(const char *line, size_t length)
{
	struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
	ssize_t done;

	while (length > 0) {
		int given_up = interrupt_caught();

		if (io_poll(&room, 1, given_up ? 0 : io_now() + TICK) == 0) {
			errno = EINTR;
			if (given_up)
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
fail(struct run *run, int error)
{
	char text[256];

	run->events.error = error;
	snprintf(text, sizeof(text),
	    "ftx: standard output: %s; nothing more is written to it, "
	    "the transfer goes on",
	    strerror(error));
	if (error != EINTR)
		progress_print(&run->progress, text);
}

/* Write what print makes, unless a line before it could not be. */
static void
write_event(struct run *run, const void *what,
    void (*print)(FILE *, const struct run *, const void *))
{
	char *line = NULL;
	size_t length = 0;
	FILE *out;
	int failed;

	if (run->events.error != 0)
		return;
	out = open_memstream(&line, &length);
	if (out == NULL) {
		fail(run, errno);
		return;
	}
	print(out, run, what);
	failed = ferror(out);
	if (fclose(out) == EOF || failed) {
		fail(run, ENOMEM);
	} else {
		if (isatty(STDOUT_FILENO))
			progress_end(&run->progress);
		if (write_line(line, length) == -1)
			fail(run, errno);
	}
	free(line);
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
print_json(FILE *out, const struct run *run, const void *what)
{
	const struct event *event = what;
	const char *path = event->source->path;
	struct wire_bytes place[RUN_PIECES];
	size_t pieces = run_place(run, event->source, place);

	fputs("{\"event\":\"source\"", out);
	json_print_bytes(
	    out, "source", &(struct wire_bytes){path, strlen(path)}, 1);
	json_print_bytes(out, "target", place, pieces);
	print_text(out, "status", words[event->word]);
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

/* Only people read what is there, and a name may be meant for the terminal. */
static void
print_shown(FILE *out, const char *path)
{
	char shown[4 * WIRE_PATH_MAX];

	fputs(text_escape(shown, sizeof(shown), path, strlen(path), TEXT_UTF8),
	    out);
}

/*
 * A line that begins with a backslash has a name with escapes in it, which
 * xxhsum before 0.8.2 does not know: none has them where that can be helped.
 */
static void
print_digest(FILE *out, const struct run *run, const void *what)
{
	const struct event *event = what;
	/* Standard input is "stdin" there, and a file of that name is not. */
	const char *path = run->input ? "stdin" : event->source->path;
	const char *here =
	    !run->input && strcmp(path, "stdin") == 0 ? "./" : "";
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

static void
tell(struct run *run, const struct event *event)
{
	struct events *events = &run->events;

	events->counts[event->word]++;
	if (event->word == EVENTS_STORED)
		events->bytes += event->size;
	if (events->form == EVENTS_JSON)
		write_event(run, event, print_json);
	else if (events->form == EVENTS_DIGEST && event->digest != NULL)
		write_event(run, event, print_digest);
}

void
events_success(struct run *run, const struct request *request,
    enum status status, int durable)
{
	int stored = status == STATUS_STORED;
	/* Of what was not sent it is known only if it was computed to compare.
	 */
	int known = stored || request->digested;
	/* What was sent on a connection before this has no time. */
	int timed = stored && request->state != REQUEST_ASKED;
	struct event event = {
	    .word = stored		       ? EVENTS_STORED
		: status == STATUS_WOULD_STORE ? EVENTS_WOULD_STORE
					       : EVENTS_UNCHANGED,
	    .source = &request->source,
	    .size = timed ? request->sent : request->size,
	    .digest = known ? &request->digest : NULL,
	    .elapsed = timed ? io_now() - request->begun : -1,
	    .durable = stored ? durable != 0 : -1,
	};

	tell(run, &event);
}

void
events_rest(struct run *run, const struct source *source, int uncertain,
    const struct outcome *outcome)
{
	struct event event = {
	    .word = uncertain ? EVENTS_UNCONFIRMED : EVENTS_FAILED,
	    .source = source,
	    .size = WIRE_SIZE_UNKNOWN,
	    .elapsed = -1,
	    .durable = -1,
	    .cause = status_text(outcome->status),
	    .reason = outcome->text,
	};

	tell(run, &event);
}

void
events_failure(struct run *run, const struct request *request,
    const struct outcome *outcome)
{
	events_rest(run, &request->source, request->uncertain, outcome);
}

void
events_skipped(
    struct run *run, const struct request *request, const char *reason)
{
	struct event event = {
	    .word = EVENTS_SKIPPED,
	    .source = &request->source,
	    .size = WIRE_SIZE_UNKNOWN,
	    .elapsed = -1,
	    .durable = -1,
	    .reason = reason,
	};

	tell(run, &event);
}

static void
print_end(FILE *out, const struct run *run, const void *what)
{
	const struct events *events = &run->events;
	const int *status = what;

	fputs("{\"event\":\"end\"", out);
	for (size_t i = 0; i < EVENTS_WORDS; i++)
		fprintf(out, ",\"%s\":%" PRIu64, words[i], events->counts[i]);
	fprintf(out, ",\"directories\":%" PRIu64 ",\"bytes\":%" PRIu64,
	    run->tally.directories, events->bytes);
	print_seconds(out, io_now() - events->begun);
	fprintf(out, ",\"exit\":%d}\n", *status);
}

int
events_end(struct run *run, int status)
{
	if (run->events.form == EVENTS_JSON)
		write_event(run, &status, print_end);
	return status == 0 && run->events.error != 0 ? EXIT_OUTPUT : status;
}
