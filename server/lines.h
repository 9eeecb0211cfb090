/* SPDX-License-Identifier: ISC */
/* Lines of the log that cost a client nothing: a few a second, the rest summed.
 */
#ifndef SERVER_LINES_H
#define SERVER_LINES_H

#include "common/io.h"

/* Who stores nothing fills no log: in each span so many lines have a place. */
#define LINES_MOST 10
#define LINES_SPAN 1000 /* milliseconds */

/* Zeroed memory has told none. */
struct lines {
	io_time span; /* when this one ends */
	unsigned told, untold;
};

/*
 * Nonzero if one more line may be told now; else it counts as left out.  What
 * was left out is to be asked for before.
 */
int lines_admit(struct lines *lines, io_time now);

/*
 * How many were left out, to be told now: 0 until their span is over.
 * IO_NEVER: all.
 */
unsigned lines_left_out(struct lines *lines, io_time now);

#endif
