/* SPDX-License-Identifier: ISC */
/* A limit on log lines that clients cause: a few a second, the rest counted. */
#include "server/lines.h"

int
lines_admit(struct lines *lines, io_time now)
{
	if (now >= lines->span) {
		lines->span = now + LINES_SPAN;
		lines->told = 0;
	}
	if (lines->told == LINES_MOST) {
		lines->untold++;
		return 0;
	}
	lines->told++;
	return 1;
}

unsigned
lines_left_out(struct lines *lines, io_time now)
{
	unsigned count = lines->untold;

	if (now < lines->span)
		return 0;
	lines->untold = 0;
	return count;
}
