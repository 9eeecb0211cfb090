/* SPDX-License-Identifier: ISC */
/* A limit on log lines that clients cause: a few a second, the rest counted. */
#ifndef SERVER_LINES_H
#define SERVER_LINES_H

#include "common/io.h"

/* At most so many lines are logged in each span. */
#define LINES_MOST 10
#define LINES_SPAN 1000 /* milliseconds */

/* Zeroed memory has told none. */
struct lines {
	io_time span; /* when this one ends */
	unsigned told, untold;
};

/*
 * Returns nonzero if one more line may be logged now; otherwise counts it as
 * left out.  The caller calls lines_left_out first.
 */
int lines_admit(struct lines *lines, io_time now);

/*
 * How many lines were left out, to be logged now: 0 until their span is over.
 * With now as IO_NEVER the span counts as over.
 */
unsigned lines_left_out(struct lines *lines, io_time now);

#endif
