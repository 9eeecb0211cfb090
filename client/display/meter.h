/* SPDX-License-Identifier: ISC */
/* A view as a line of text that fits where it is to stand. */
#ifndef CLIENT_DISPLAY_METER_H
#define CLIENT_DISPLAY_METER_H

#include <stddef.h>
#include <stdint.h>

#include "client/display/terminal.h"
#include "client/display/view.h"

/* The longest line, with NUL: all of a name, escaped, and the rest. */
#define METER_LINE 2048

struct meter {
	const struct view *view;
	uint64_t rate; /* bytes a second */
	int64_t lasts; /* milliseconds that it has been in this state */
};

/*
 * "big.iso  61%  2.9/4.7 GB  112 MB/s  eta 0:16", where the total is not known
 * "-  2.9 GB  112 MB/s", and of several files "big.iso  7/12+ files  ...".
 * Where that takes more columns, the name is cut, and what is least important
 * left out.  Returns buffer.
 */
char *meter_line(char buffer[METER_LINE], const struct meter *picture,
    const struct terminal *terminal, size_t columns);

/* Bytes in a second. */
uint64_t meter_rate(uint64_t bytes, int64_t milliseconds);

/* How much of it that is, rounded down. */
int meter_percent(uint64_t sent, uint64_t total);

/* "0:07", "1:02:07".  Returns buffer. */
#define METER_CLOCK 32
char *meter_clock(char buffer[METER_CLOCK], int64_t milliseconds);

/* "1,234".  Returns buffer. */
#define METER_COUNT 32
char *meter_count(char buffer[METER_COUNT], uint64_t count);

#endif
