/* SPDX-License-Identifier: ISC */
/* Lines on standard output for programs: JSON, or what xxh64sum checks. */
#ifndef CLIENT_DISPLAY_EVENTS_H
#define CLIENT_DISPLAY_EVENTS_H

#include <stdint.h>

#include "client/connection/window.h"
#include "common/io.h"
#include "common/status.h"

struct run;

enum events_form {
	EVENTS_NONE,
	EVENTS_JSON,
	EVENTS_DIGEST
};

enum events_word {
	EVENTS_STORED,
	EVENTS_UNCHANGED,
	EVENTS_WOULD_STORE,
	EVENTS_FAILED,
	EVENTS_UNCONFIRMED, /* a lost connection may have stored it */
	EVENTS_SKIPPED,
	EVENTS_WORDS
};

/* The form of the lines is described in ftx(1), OUTPUT. */
struct events {
	enum events_form form;
	io_time begun;
	int error; /* errno of the line that could not be written, or 0 */
	uint64_t counts[EVENTS_WORDS];
	uint64_t bytes; /* of the files that were stored */
};

void events_init(struct events *events, enum events_form form, io_time now);

/*
 * Each prints at once one line about a source, or nothing.  Where that fails,
 * it is said on standard error, and no further line is tried.
 */
void events_success(struct run *run, const struct request *request,
    enum status status, int durable);
void events_failure(struct run *run, const struct request *request,
    const struct outcome *outcome);
void events_skipped(
    struct run *run, const struct request *request, const char *reason);

/* The run ended by this outcome before the source had a result. */
void events_rest(struct run *run, const struct source *source, int uncertain,
    const struct outcome *outcome);

/*
 * The last line; status is that with which ftx will exit.  Returns the one that
 * it must exit with: not 0 if there was a line that could not be written.
 */
int events_end(struct run *run, int status);

#endif
