/* SPDX-License-Identifier: ISC */
/* Limit the log lines that clients cause, and count those left out. */
#ifndef SERVER_SHARED_LOG_LIMIT_H
#define SERVER_SHARED_LOG_LIMIT_H

#include "common/io.h"

/* The most lines in each span. */
#define LOG_LIMIT_MOST 10
#define LOG_LIMIT_SPAN 1000 /* milliseconds */

/* Zeroed memory is ready for use. */
struct log_limit {
	io_time span_end;
	unsigned logged, /* in this span */
	    left_out;	 /* since the last call of log_limit_left_out */
};

/*
 * Returns nonzero if the caller may log a line; otherwise counts the line as
 * left out.  This function may begin a new span, so call log_limit_left_out
 * before it.
 */
int log_limit_admit(struct log_limit *lines, io_time now);

/*
 * If the span has ended, returns the number of lines left out, for the caller
 * to log, and resets it; otherwise returns 0.  Pass IO_NEVER as now to get the
 * number before the span ends.
 */
unsigned log_limit_left_out(struct log_limit *lines, io_time now);

#endif
