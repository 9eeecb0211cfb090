/* SPDX-License-Identifier: ISC */
/* What is under way, shown on standard error: a bar, lines, notices. */
#include "client/progress.h"

#include <stdio.h>
#include <string.h>

#include "client/source.h"
#include "common/text.h"

/* Milliseconds from one picture to the next. */
#define BAR_INTERVAL 200
#define LINE_INTERVAL 1000

/* Seconds beyond which a guess of the time left says nothing. */
#define ETA_MAX (100 * 3600 - 1)

/* Bytes of a name that are shown, with NUL. */
#define NAME_SHOWN 33

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

void
progress_init(struct progress *progress, const char *setting, int quiet,
    int terminal, io_time now)
{
	*progress = (struct progress){.form = form_of(setting, quiet, terminal),
	    .quiet = quiet,
	    .terminal = terminal,
	    .next = now};
	/* What takes no longer needs no bar; a line is to be seen at once. */
	if (progress->form == PROGRESS_BAR)
		progress->next += BAR_INTERVAL;
}

void
progress_end(struct progress *progress)
{
	if (progress->drawn > 0)
		fprintf(stderr, "\r%*s\r", (int)progress->drawn, "");
	progress->drawn = 0;
}

void
progress_print(struct progress *progress, const char *line)
{
	progress_end(progress);
	fprintf(stderr, "%s\n", line);
}

/* Draw over what stands there. */
static void
draw(struct progress *progress, const char *line)
{
	size_t length = strlen(line);
	size_t rest = progress->drawn > length ? progress->drawn - length : 0;

	fprintf(stderr, "\r%s%*s", line, (int)rest, "");
	progress->drawn = length;
}

static void
show(struct progress *progress, const char *line, io_time now)
{
	int bar = progress->form == PROGRESS_BAR;

	progress->next = now + (bar ? BAR_INTERVAL : LINE_INTERVAL);
	if (bar)
		draw(progress, line);
	else
		progress_print(progress, line);
}

char *
progress_clock(char buffer[PROGRESS_CLOCK], int64_t milliseconds)
{
	long long seconds = milliseconds > 0 ? milliseconds / 1000 : 0;
	long long minutes = seconds / 60;

	if (minutes < 60)
		snprintf(buffer, PROGRESS_CLOCK, "%lld:%02lld", minutes,
		    seconds % 60);
	else
		snprintf(buffer, PROGRESS_CLOCK, "%lld:%02lld:%02lld",
		    minutes / 60, minutes % 60, seconds % 60);
	return buffer;
}

/* The last component, fit to be shown. */
static const char *
show_name(char buffer[NAME_SHOWN], const char *path)
{
	struct wire_bytes name = source_name(path);

	return text_escape(
	    buffer, NAME_SHOWN, name.bytes, name.length, TEXT_UTF8);
}

/* "2.9/4.7 GB", or "912 MB/4.7 GB" where the units differ. */
static void
describe_amount(char *buffer, size_t size, uint64_t sent, uint64_t total)
{
	char part[TEXT_NUMBER], all[TEXT_NUMBER];
	char *unit;

	text_size(part, sent);
	text_size(all, total);
	unit = strchr(part, ' ');
	if (unit != NULL && strcmp(unit, all + strcspn(all, " ")) == 0)
		*unit = '\0';
	snprintf(buffer, size, "%s/%s", part, all);
}

int
progress_percent(uint64_t sent, uint64_t total)
{
	if (sent >= total)
		return 100;
	/* The product of large numbers does not fit. */
	while (total > UINT64_MAX / 100) {
		sent /= 2;
		total /= 2;
	}
	return (int)(sent < total ? sent * 100 / total : 99);
}

uint64_t
progress_rate(uint64_t bytes, int64_t milliseconds)
{
	uint64_t time = milliseconds > 0 ? (uint64_t)milliseconds : 1;

	/* The product of large numbers does not fit. */
	return bytes > UINT64_MAX / 1000 ? bytes / time * 1000
					 : bytes * 1000 / time;
}

char *
progress_describe(char buffer[PROGRESS_LINE], const char *path, uint64_t sent,
    uint64_t total, int64_t elapsed)
{
	uint64_t rate = progress_rate(sent, elapsed);
	char name[NAME_SHOWN], amount[2 * TEXT_NUMBER + 1], speed[TEXT_NUMBER];
	char eta[PROGRESS_CLOCK];
	uint64_t left;
	int length;

	if (total == PROGRESS_UNKNOWN) {
		snprintf(buffer, PROGRESS_LINE, "%s  %s  %s/s",
		    show_name(name, path), text_size(amount, sent),
		    text_size(speed, rate));
		return buffer;
	}
	describe_amount(amount, sizeof(amount), sent, total);
	length = snprintf(buffer, PROGRESS_LINE, "%s  %d%%  %s",
	    show_name(name, path), progress_percent(sent, total), amount);
	if (rate == 0 || length < 0 || length >= PROGRESS_LINE)
		return buffer;
	left = (total - sent) / rate;
	snprintf(buffer + length, PROGRESS_LINE - (size_t)length,
	    "  %s/s  eta %s", text_size(speed, rate),
	    left > ETA_MAX ? "long"
			   : progress_clock(eta, (int64_t)left * 1000));
	return buffer;
}

void
progress_sending(struct progress *progress, const char *path, uint64_t sent,
    uint64_t total, int64_t elapsed, io_time now)
{
	char line[PROGRESS_LINE];

	progress->committing = 0;
	if (progress->form != PROGRESS_NONE && now >= progress->next)
		show(progress,
		    progress_describe(line, path, sent, total, elapsed), now);
}

void
progress_comparing(struct progress *progress, const char *path, uint64_t read,
    uint64_t total, io_time now)
{
	char line[PROGRESS_LINE], name[NAME_SHOWN];

	if (progress->form == PROGRESS_NONE || now < progress->next)
		return;
	progress->committing = 0;
	snprintf(line, sizeof(line), "%s  %d%%  comparing",
	    show_name(name, path), progress_percent(read, total));
	show(progress, line, now);
}

void
progress_committing(struct progress *progress, const char *path, io_time now)
{
	char line[PROGRESS_LINE], name[NAME_SHOWN];

	if (progress->form == PROGRESS_NONE || progress->committing ||
	    (progress->form == PROGRESS_BAR && now < progress->next))
		return;
	progress->committing = 1;
	snprintf(
	    line, sizeof(line), "%s  100%%  committing", show_name(name, path));
	show(progress, line, now);
}

/* How much of a text fits in so many bytes without a torn character. */
static int
cut(const char *text, size_t size)
{
	size_t length = strlen(text);

	if (length > size)
		length = size;
	while (length > 0 && (text[length] & 0xc0) == 0x80)
		length--;
	return (int)length;
}

void
progress_waiting(struct progress *progress, const char *host, const char *what,
    io_time since, io_time now)
{
	static const char start[] = "ftx: ";
	char line[PROGRESS_LINE], why[PROGRESS_LINE - sizeof(start)];
	char clock[PROGRESS_CLOCK];

	if (progress->quiet)
		return;
	snprintf(why, sizeof(why), ": %s (%s)", what,
	    progress_clock(clock, now - since));
	snprintf(line, sizeof(line), "%s%.*s%s", start,
	    cut(host, sizeof(why) - strlen(why)), host, why);
	if (progress->terminal)
		draw(progress, line);
	else if (!progress->noticed)
		progress_print(progress, line);
	progress->noticed = 1;
}
