/* SPDX-License-Identifier: ISC */
/* A limit on log lines that clients cause: a few a second, the rest counted. */
#include "server/shared/log_limit.h"

int
log_limit_admit(struct log_limit *lines, io_time now)
{
	if (now >= lines->span) {
		lines->span = now + LOG_LIMIT_SPAN;
		lines->told = 0;
	}
	if (lines->told == LOG_LIMIT_MOST) {
		lines->untold++;
		return 0;
	}
	lines->told++;
	return 1;
}

unsigned
log_limit_left_out(struct log_limit *lines, io_time now)
{
	unsigned count = lines->untold;

	if (now < lines->span)
		return 0;
	lines->untold = 0;
	return count;
}
