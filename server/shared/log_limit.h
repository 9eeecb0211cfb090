/* SPDX-License-Identifier: ISC */
/* Limit the log lines that clients cause, and count the others. */
#ifndef SERVER_SHARED_LOG_LIMIT_H
#define SERVER_SHARED_LOG_LIMIT_H

#include "common/io.h"

/* The most lines in each span. */
#define LOG_LIMIT_MOST 10
#define LOG_LIMIT_SPAN 1000 /* milliseconds */

/* Zeroed memory is ready for use. */
struct log_limit {
	io_time span_end;
	unsigned logged, left_out; /* in this span; since the last report */
};

/*
 * Returns nonzero if the caller may log a line; otherwise counts it as left
 * out.  Call log_limit_left_out first.
 */
int log_limit_admit(struct log_limit *lines, io_time now);

/*
 * Returns the number of lines left out, for the caller to log, and resets it;
 * 0 before the span ends.  now IO_NEVER ends the span.
 */
unsigned log_limit_left_out(struct log_limit *lines, io_time now);

#endif
