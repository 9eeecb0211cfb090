/* SPDX-License-Identifier: ISC */
/* A limit on log lines that clients cause: a few a second, the rest counted. */
#ifndef SERVER_SHARED_LOG_LIMIT_H
#define SERVER_SHARED_LOG_LIMIT_H

#include "common/io.h"

/* At most so many lines are logged in each span. */
#define LOG_LIMIT_MOST 10
#define LOG_LIMIT_SPAN 1000 /* milliseconds */

/* Zeroed memory has told none. */
struct log_limit {
	io_time span; /* when this one ends */
	unsigned told, untold;
};

/*
 * Returns nonzero if one more line may be logged now; otherwise counts it as
 * left out.  The caller calls log_limit_left_out first.
 */
int log_limit_admit(struct log_limit *lines, io_time now);

/*
 * How many lines were left out, to be logged now: 0 until their span is over.
 * With now as IO_NEVER the span counts as over.
 */
unsigned log_limit_left_out(struct log_limit *lines, io_time now);

#endif
