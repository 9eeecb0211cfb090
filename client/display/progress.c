/* SPDX-License-Identifier: ISC */
/* Show progress on standard error: as a bar, as lines, or by notices. */
#include "client/display/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/shared/interrupt.h"

/* Milliseconds between two updates. */
#define BAR_INTERVAL 200
#define LINE_INTERVAL 1000

/* The rate is averaged over one to two such spans.  Milliseconds. */
#define RATE_SPAN 5000

/* Whole lines are not cut. */
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

/* Some terminals wrap when the last column is written, so leave it empty. */
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
	    .state = METER_WAITING,
	    .since = now,
	    .marks = {{now, 0}, {now, 0}}};
	terminal_init(&progress->terminal, STDERR_FILENO);
	progress->columns = columns_of(progress);
	progress->form = form_of(setting, quiet, progress->terminal.is_one);
	/* A short run needs no bar.  With lines, the first comes at once. */
	if (progress->form == PROGRESS_BAR)
		progress->next += BAR_INTERVAL;
}

void
progress_release(struct progress *progress)
{
	progress_end(progress);
	terminal_release(&progress->terminal);
}

/* Draw over the unfinished line. */
static void
draw(struct progress *progress, const char *line)
{
	size_t columns = columns_of(progress);
	size_t width = terminal_width(&progress->terminal, line);
	/* If the width has changed, the old line may be anywhere. */
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
	/* Draw it again as soon as possible, below the next output. */
	progress->next = 0;
}

void
progress_print(struct progress *progress, const char *line)
{
	progress_end(progress);
	fprintf(stderr, "%s\n", line);
}

/* Returns the recent rate, in bytes per second. */
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

/* Time spent waiting does not count for the rate. */
static void
note_state(struct progress *progress, const struct meter *meter, io_time now)
{
	if (meter->state == progress->state)
		return;
	if (progress->state == METER_WAITING)
		progress->marks[0] = progress->marks[1] =
		    (struct progress_mark){now, meter->carried};
	progress->state = meter->state;
	progress->since = now;
}

static void
show(struct progress *progress, const struct meter *meter, io_time now)
{
	int bar = progress->form == PROGRESS_BAR && !meter->once;
	char line[METER_LINE];

	progress->next = now + (bar ? BAR_INTERVAL : LINE_INTERVAL);
	progress->noticed |= meter->notice;
	meter_line(line, meter, &progress->terminal,
	    bar ? columns_of(progress) : NO_COLUMNS);
	if (bar)
		draw(progress, line);
	else
		progress_print(progress, line);
}

/* Nonzero if the meter is due, even if no signal asked for it. */
static int
is_due(const struct progress *progress, const struct meter *meter, io_time now)
{
	if (progress->quiet || meter->brief)
		return 0;
	if (progress->form == PROGRESS_NONE || meter->once)
		return meter->state == METER_WAITING && meter->notice &&
		    (meter->notice & ~progress->noticed) != 0;
	return now >= progress->next;
}

void
progress_show(struct progress *progress, const struct meter *meter, io_time now)
{
	struct meter shown = *meter;
	char line[METER_LINE];

	note_state(progress, meter, now);
	shown.rate = note_rate(progress, meter->carried, now);
	shown.elapsed = now -
	    (meter->state == METER_WAITING ? meter->since : progress->since);
	if (interrupt_asked())
		progress_print(progress,
		    meter_line(line, &shown, &progress->terminal, NO_COLUMNS));
	if (is_due(progress, meter, now))
		show(progress, &shown, now);
}
