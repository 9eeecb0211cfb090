/* SPDX-License-Identifier: ISC */
/* Limit the log lines that clients cause, and count those left out. */
#include "server/shared/log_limit.h"

int
log_limit_admit(struct log_limit *lines, io_time now)
{
	if (now >= lines->span_end) {
		lines->span_end = now + LOG_LIMIT_SPAN;
		lines->logged = 0;
	}
	if (lines->logged == LOG_LIMIT_MOST) {
		lines->left_out++;
		return 0;
	}
	lines->logged++;
	return 1;
}

unsigned
log_limit_left_out(struct log_limit *lines, io_time now)
{
	unsigned count = lines->left_out;

	if (now < lines->span_end)
		return 0;
	lines->left_out = 0;
	return count;
}
