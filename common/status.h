/* SPDX-License-Identifier: ISC */
/* The outcomes of a request: one number, one text, one exit status each. */
#ifndef COMMON_STATUS_H
#define COMMON_STATUS_H

#include <stddef.h>

/* The numbers are defined in ftx-protocol(5), RESULTS. */
enum status {
	STATUS_STORED = 0,
	STATUS_WOULD_STORE = 1,
	STATUS_UNCHANGED = 2,
	STATUS_EXISTS = 3,
	STATUS_REFUSED = 4,
	STATUS_NO_SPACE = 5,
	STATUS_FAILED = 6,
	STATUS_DIGEST = 7,
	STATUS_CHANGED = 8,
	STATUS_STALLED = 9,
	STATUS_BUSY = 10,
	STATUS_DRAINING = 11,
	STATUS_PROTOCOL = 12,
	STATUS_VERSION = 13,
	STATUS_NOT_OFFERED = 14,
	STATUS_CANCELLED = 15,
	/* Used only in the client, never sent: */
	STATUS_LOST,	    /* the connection ended */
	STATUS_UNREACHABLE, /* no connection could be made */
	STATUS_SOURCE,	    /* the source could not be read */
	STATUS_UNTRIED,	    /* host name or local address unusable */
	STATUS_MEMORY,	    /* none left on this side */
	STATUS_FOREIGN	    /* the peer is not ftxd */
};

/* A peer may send 0 to STATUS_WIRE - 1. */
#define STATUS_WIRE 16

/* Size of the text of an outcome, in bytes with its NUL. */
#define STATUS_TEXT 1025

/* The outcome of one request, with the text of the side that reports it. */
struct outcome {
	enum status status;
	char text[STATUS_TEXT]; /* "" if the status is enough */
};

/* A short text, such as "no space"; never NULL. */
const char *status_text(enum status status);

/* The exit status of ftx(1) for a run with this outcome. */
int status_exit(enum status status);

/* Nonzero for STORED, WOULD_STORE and UNCHANGED. */
int status_success(enum status status);

/* The status of a file after a system call failed with this error. */
enum status status_of_errno(int error);

/* Set an outcome; the text is formatted like printf, and may be cut. */
void outcome_set(struct outcome *outcome, enum status status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Set an outcome to status_of_errno and "CONTEXT: strerror(error)". */
void outcome_set_errno(struct outcome *outcome, int error, const char *context);

#endif
