/* SPDX-License-Identifier: ISC */
/* Lines on standard output for programs: JSON, or what xxh64sum checks. */
#ifndef CLIENT_DISPLAY_EVENTS_H
#define CLIENT_DISPLAY_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "client/display/progress.h"
#include "common/io.h"
#include "common/wire.h"

enum events_form {
	EVENTS_NONE,
	EVENTS_JSON,
	EVENTS_DIGEST
};

enum events_result {
	EVENTS_STORED,
	EVENTS_UNCHANGED,
	EVENTS_WOULD_STORE,
	EVENTS_FAILED,
	EVENTS_UNCONFIRMED, /* a lost connection may have stored it */
	EVENTS_SKIPPED,
	EVENTS_RESULTS
};

/* The result of one source.  Unknown values are not printed. */
struct event {
	enum events_result result;
	const char *source;		 /* its path, or "-": standard input */
	const struct wire_bytes *target; /* pieces of the remote name */
	size_t target_pieces;
	uint64_t size;		/* or WIRE_SIZE_UNKNOWN */
	const uint64_t *digest; /* or NULL */
	int64_t elapsed;	/* milliseconds, or -1 */
	int durable;		/* or -1 */
	const char *cause;	/* or NULL */
	const char *reason;	/* or NULL */
};

/* Source for the format: ftx(1), OUTPUT. */
struct events {
	enum events_form form;
	struct progress *progress; /* not owned */
	io_time begun;
	int error; /* errno of the line that could not be written, or 0 */
	uint64_t counts[EVENTS_RESULTS];
	uint64_t bytes; /* of the files that were stored */
};

void events_init(struct events *events, enum events_form form,
    struct progress *progress, io_time now);

/*
 * Print the line for one source at once, if the form has one for it.  If that
 * fails, report it on standard error, and print no further line.
 */
void events_print(struct events *events, const struct event *event);

/*
 * Print the last line.  directories counts those that the run created or found.
 * status is the exit status of ftx so far.  Returns the final exit status: it
 * is not 0 if a line could not be written.
 */
int events_end(struct events *events, uint64_t directories, int status);

#endif
