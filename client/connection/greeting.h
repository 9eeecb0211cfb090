/* SPDX-License-Identifier: ISC */
/* Read the first bytes of the peer: ftxd's greeting, or a line of text. */
#ifndef CLIENT_CONNECTION_GREETING_H
#define CLIENT_CONNECTION_GREETING_H

#include <stddef.h>
#include <stdint.h>

#include "common/conn.h"
#include "common/io.h"
#include "common/text.h"

/* The most bytes to read of the first line of a peer that is not ftxd. */
#define GREETING_LINE 160

/* Milliseconds to wait for the rest of that line. */
#define GREETING_LINE_WAIT 300

struct greeting {
	uint8_t bytes[GREETING_LINE];
	size_t length;
	io_time line_end; /* if it is not ftxd: when to stop reading */
};

enum greeting_event {
	GREETING_PARTIAL,      /* more bytes must come */
	GREETING_WHOLE,	       /* WIRE_GREETING bytes, with the right start */
	GREETING_LINE_PARTIAL, /* not ftxd; its first line is not complete */
	GREETING_FOREIGN       /* not ftxd; its first line can be shown */
};

/*
 * Read the buffered bytes, but none after a greeting.  Call this again at
 * line_end.
 */
enum greeting_event greeting_read(
    struct greeting *greeting, struct conn *conn, io_time now);

/* Nonzero if the bytes so far are a greeting, or the beginning of one. */
int greeting_is_possible(const struct greeting *greeting);

/* Room for the escaped line, with NUL. */
#define GREETING_SHOWN (4 * GREETING_LINE + 1)

/* Escape the first line of a peer that is not ftxd.  Returns buffer. */
char *greeting_show(const struct greeting *greeting,
    char buffer[GREETING_SHOWN], enum text_set set);

#endif
