/* SPDX-License-Identifier: ISC */
/* The outcomes a peer can report: one number, one text, one exit status each.
 */
#ifndef COMMON_STATUS_H
#define COMMON_STATUS_H

#include <stddef.h>

/* The numbers are those of ftx-protocol(5), RESULTS. */
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
	/* Only known to the client, never on the wire: */
	STATUS_LOST,	    /* the connection ended */
	STATUS_UNREACHABLE, /* it could not be made */
	STATUS_SOURCE,	    /* the source could not be read */
	STATUS_UNTRIED,	    /* a name or the own address allows no connection */
	STATUS_MEMORY,	    /* there is none here */
	STATUS_FOREIGN	    /* what answered is not ftxd */
};

/* How many of them a peer may send: 0 to STATUS_WIRE - 1. */
#define STATUS_WIRE 16

/* The longest text that goes with a status, in bytes, with its NUL. */
#define STATUS_TEXT 1025

/* What became of one request, in the reporter's words. */
struct outcome {
	enum status status;
	char text[STATUS_TEXT]; /* "" where the status says it all */
};

/* A word or two, such as "no space"; never NULL. */
const char *status_text(enum status status);

/* The exit status of ftx(1) for a run that ended so. */
int status_exit(enum status status);

/* Nonzero for stored, would be stored and unchanged. */
int status_success(enum status status);

/* The status that a failed system call means for the file at hand. */
enum status status_of_errno(int error);

/* Fill in an outcome; format as in printf, cut at STATUS_TEXT - 1 bytes. */
void outcome_set(struct outcome *outcome, enum status status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "CONTEXT: strerror(error)", with the status that error means. */
void outcome_set_errno(struct outcome *outcome, int error, const char *context);

#endif
