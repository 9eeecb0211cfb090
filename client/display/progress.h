/* SPDX-License-Identifier: ISC */
/* Show progress on standard error: as a bar, as lines, or by notices. */
#ifndef CLIENT_DISPLAY_PROGRESS_H
#define CLIENT_DISPLAY_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "client/display/meter.h"
#include "client/display/terminal.h"
#include "common/io.h"

enum progress_form {
	PROGRESS_NONE,
	PROGRESS_BAR,
	PROGRESS_LINES
};

/* How many bytes had been sent at a point in time. */
struct progress_mark {
	io_time when;
	uint64_t carried;
};

struct progress {
	enum progress_form form;
	int quiet;
	struct terminal terminal;
	size_t drawn;	/* columns of the unfinished line; 0: there is none */
	size_t columns; /* the terminal's width when it was drawn */
	io_time next;	/* when to draw next, at the earliest */
	int noticed;	/* METER_NOTICE_* that were printed */
	enum meter_state state;
	io_time since;		       /* when that state began */
	struct progress_mark marks[2]; /* the rate counts from the first */
};

/* setting is the option progress: "auto", "bar", "lines" or "none". */
void progress_init(
    struct progress *progress, const char *setting, int quiet, io_time now);
void progress_release(struct progress *progress);

/*
 * Show the meter if it is due.  If SIGUSR1 asked for it, print it as a whole
 * line, too.
 */
void progress_show(
    struct progress *progress, const struct meter *meter, io_time now);

/* Print a whole line in place of the unfinished one. */
void progress_print(struct progress *progress, const char *line);

/* Erase the unfinished line. */
void progress_end(struct progress *progress);

#endif
