/* SPDX-License-Identifier: ISC */
/* What is under way, shown on standard error: a bar, lines, notices. */
#include "client/display/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/display/meter.h"
#include "client/shared/interrupt.h"

/* Milliseconds from one picture to the next. */
#define BAR_INTERVAL 200
#define LINE_INTERVAL 1000

/* The rate is that of the last one to two times as many milliseconds. */
#define RATE_SPAN 5000

/* Lines that end are cut nowhere. */
#define NO_COLUMNS METER_LINE

static enum progress_form
form_of(const char *setting, int quiet, int terminal)
{
	if (quiet || strcmp(setting, "none") == 0)
		return PROGRESS_NONE;
	if (strcmp(setting, "lines") == 0)
		return PROGRESS_LINES;
	if (strcmp(setting, "bar") == 0 || terminal)
		return PROGRESS_BAR;
	return PROGRESS_NONE;
}

/* The last column is left alone: some terminals go to the next line there. */
static size_t
columns_of(const struct progress *progress)
{
	return terminal_columns(&progress->terminal) - 1;
}

void
progress_init(
    struct progress *progress, const char *setting, int quiet, io_time now)
{
	*progress = (struct progress){.quiet = quiet,
	    .next = now,
	    .state = VIEW_WAITING,
	    .since = now,
	    .marks = {{now, 0}, {now, 0}}};
	terminal_init(&progress->terminal, STDERR_FILENO);
	progress->columns = columns_of(progress);
	progress->form = form_of(setting, quiet, progress->terminal.is_one);
	/* What takes no longer needs no bar; a line is to be seen at once. */
	if (progress->form == PROGRESS_BAR)
		progress->next += BAR_INTERVAL;
}

void
progress_release(struct progress *progress)
{
	progress_end(progress);
	terminal_release(&progress->terminal);
}

/* Draw over what stands there. */
static void
draw(struct progress *progress, const char *line)
{
	size_t columns = columns_of(progress);
	size_t width = terminal_width(&progress->terminal, line);
	/* A terminal that has changed may have put it anywhere. */
	size_t end = columns == progress->columns ? progress->drawn : columns;

	fprintf(
	    stderr, "\r%s%*s", line, end > width ? (int)(end - width) : 0, "");
	progress->drawn = width;
	progress->columns = columns;
}

void
progress_end(struct progress *progress)
{
	if (progress->drawn == 0)
		return;
	draw(progress, "");
	fputc('\r', stderr);
	/* Whatever is under way is shown again below what comes now. */
	progress->next = 0;
}

void
progress_print(struct progress *progress, const char *line)
{
	progress_end(progress);
	fprintf(stderr, "%s\n", line);
}

/* Bytes a second, of late. */
static uint64_t
note_rate(struct progress *progress, uint64_t carried, io_time now)
{
	struct progress_mark *marks = progress->marks;

	if (now - marks[1].when >= RATE_SPAN) {
		marks[0] = marks[1];
		marks[1] = (struct progress_mark){now, carried};
	}
	return meter_rate(carried - marks[0].carried, now - marks[0].when);
}

/* The rate is that of sending: a pause before it is no part of it. */
static void
note_state(struct progress *progress, const struct view *view, io_time now)
{
	if (view->state == progress->state)
		return;
	if (progress->state == VIEW_WAITING)
		progress->marks[0] = progress->marks[1] =
		    (struct progress_mark){now, view->carried};
	progress->state = view->state;
	progress->since = now;
}

static void
show(struct progress *progress, const struct meter *picture, io_time now)
{
	int bar = progress->form == PROGRESS_BAR && !picture->view->once;
	char line[METER_LINE];

	progress->next = now + (bar ? BAR_INTERVAL : LINE_INTERVAL);
	progress->noticed |= picture->view->notice;
	meter_line(line, picture, &progress->terminal,
	    bar ? columns_of(progress) : NO_COLUMNS);
	if (bar)
		draw(progress, line);
	else
		progress_print(progress, line);
}

/* Nonzero if it is to be shown now, unless a signal asks. */
static int
is_due(const struct progress *progress, const struct view *view, io_time now)
{
	if (progress->quiet || view->brief)
		return 0;
	if (progress->form == PROGRESS_NONE || view->once)
		return view->state == VIEW_WAITING && view->notice &&
		    (view->notice & ~progress->noticed) != 0;
	return now >= progress->next;
}

void
progress_show(struct progress *progress, const struct view *view, io_time now)
{
	struct meter picture = {view, 0, 0};
	char line[METER_LINE];

	note_state(progress, view, now);
	picture.rate = note_rate(progress, view->carried, now);
	picture.lasts =
	    now - (view->state == VIEW_WAITING ? view->since : progress->since);
	if (interrupt_asked())
		progress_print(progress,
		    meter_line(
			line, &picture, &progress->terminal, NO_COLUMNS));
	if (is_due(progress, view, now))
		show(progress, &picture, now);
}
