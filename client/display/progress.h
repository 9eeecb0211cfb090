/* SPDX-License-Identifier: ISC */
/* What is under way, shown on standard error: a bar, lines, notices. */
#ifndef CLIENT_DISPLAY_PROGRESS_H
#define CLIENT_DISPLAY_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "client/display/terminal.h"
#include "client/display/view.h"
#include "common/io.h"

enum progress_form {
	PROGRESS_NONE,
	PROGRESS_BAR,
	PROGRESS_LINES
};

/* How much had been carried by then. */
struct progress_mark {
	io_time when;
	uint64_t carried;
};

struct progress {
	enum progress_form form;
	int quiet;
	struct terminal terminal;
	size_t drawn;	/* columns of the line that stands unfinished, */
	size_t columns; /* and those that there were then */
	io_time next;	/* not before this again */
	int noticed;	/* what was told where it is told once */
	enum view_state state;
	io_time since;		       /* of that state */
	struct progress_mark marks[2]; /* of which the rate is made */
};

/* setting is that of options: "auto", "bar", "lines" or "none". */
void progress_init(
    struct progress *progress, const char *setting, int quiet, io_time now);
void progress_release(struct progress *progress);

/*
 * Show it if it is time to, and as a whole line if a signal has asked for it.
 */
void progress_show(
    struct progress *progress, const struct view *view, io_time now);

/* Print a whole line, in the place of what stands unfinished. */
void progress_print(struct progress *progress, const char *line);

/* Remove what stands unfinished. */
void progress_end(struct progress *progress);

#endif
