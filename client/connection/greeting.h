/* SPDX-License-Identifier: ISC */
/* The first bytes from the peer: the greeting of ftxd, or something else. */
#ifndef CLIENT_CONNECTION_GREETING_H
#define CLIENT_CONNECTION_GREETING_H

#include <stddef.h>
#include <stdint.h>

#include "common/conn.h"
#include "common/io.h"
#include "common/text.h"
#include "common/wire.h"

/* The most that is read of the first line, if it is no greeting; bytes. */
#define GREETING_LINE 160

/* How long the rest of that line is waited for, in milliseconds. */
#define GREETING_PATIENCE 300

struct greeting {
	uint8_t bytes[GREETING_LINE];
	size_t length;
	io_time line_end; /* until when the line of another peer is read */
};

enum greeting_event {
	GREETING_PARTIAL,      /* more is to come */
	GREETING_WHOLE,	       /* WIRE_GREETING bytes that begin as one does */
	GREETING_LINE_PARTIAL, /* it is no greeting, and its line goes on */
	GREETING_FOREIGN       /* it is no greeting, and its line is there */
};

/*
 * Take what has come, but no byte after a greeting.  To be called again at
 * line_end.
 */
enum greeting_event greeting_take(
    struct greeting *greeting, struct conn *conn, io_time now);

/* Nonzero if what has come is a greeting, or may be the beginning of one. */
int greeting_is_possible(const struct greeting *greeting);

/* Room for what greeting_show makes, with NUL. */
#define GREETING_SHOWN (4 * GREETING_LINE + 1)

/* Escape the first line of what is no greeting.  Returns buffer. */
char *greeting_show(const struct greeting *greeting,
    char buffer[GREETING_SHOWN], enum text_set set);

#endif
