/* SPDX-License-Identifier: ISC */
/* A view as a line of text that fits where it is to stand. */
#ifndef CLIENT_PICTURE_H
#define CLIENT_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "client/terminal.h"
#include "client/view.h"

/* The longest line, with NUL: all of a name, escaped, and the rest. */
#define PICTURE_LINE 2048

struct picture {
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
char *picture_line(char buffer[PICTURE_LINE], const struct picture *picture,
    const struct terminal *terminal, size_t columns);

/* Bytes in a second. */
uint64_t picture_rate(uint64_t bytes, int64_t milliseconds);

/* How much of it that is, rounded down. */
int picture_percent(uint64_t sent, uint64_t total);

/* "0:07", "1:02:07".  Returns buffer. */
#define PICTURE_CLOCK 32
char *picture_clock(char buffer[PICTURE_CLOCK], int64_t milliseconds);

/* "1,234".  Returns buffer. */
#define PICTURE_COUNT 32
char *picture_count(char buffer[PICTURE_COUNT], uint64_t count);

#endif
