/* SPDX-License-Identifier: ISC */
/* Format the progress of a run as one line that fits the terminal's width. */
#include "client/display/meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/sources/source.h"

/* Seconds beyond which the time left is shown as "long". */
#define ETA_MAX (100 * 3600 - 1)

/* Columns of the name below which other parts are left out. */
#define NAME_LEAST 16

/* The fewest columns to which a name is cut; below, it is left out. */
#define NAME_CUT 4

/* Columns between two parts. */
#define GAP 2

/* Milliseconds after which the duration of a state is shown. */
#define CLOCK_AFTER 1000

enum part {
	PART_FILES,
	PART_PERCENT,
	PART_AMOUNT,
	PART_RATE,
	PART_ETA,
	PART_STATE,
	PARTS
};

/* Room for the text of a part. */
#define PART 80

/* The texts of all parts.  If a part is left out, its text is empty. */
struct parts {
	char name[METER_LINE - PARTS * PART];
	char text[PARTS][PART];
};

char *
meter_clock(char buffer[METER_CLOCK], int64_t milliseconds)
{
	long long seconds = milliseconds > 0 ? milliseconds / 1000 : 0;
	long long minutes = seconds / 60;

	if (minutes < 60)
		snprintf(
		    buffer, METER_CLOCK, "%lld:%02lld", minutes, seconds % 60);
	else
		snprintf(buffer, METER_CLOCK, "%lld:%02lld:%02lld",
		    minutes / 60, minutes % 60, seconds % 60);
	return buffer;
}

char *
meter_count(char buffer[METER_COUNT], uint64_t count)
{
	char digits[METER_COUNT];
	size_t filled = 0;
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			buffer[filled++] = ',';
		buffer[filled++] = digits[i];
	}
	buffer[filled] = '\0';
	return buffer;
}

int
meter_percent(uint64_t sent, uint64_t total)
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
meter_rate(uint64_t bytes, int64_t milliseconds)
{
	uint64_t time = milliseconds > 0 ? (uint64_t)milliseconds : 1;

	/* The product of large numbers does not fit. */
	return bytes > UINT64_MAX / 1000 ? bytes / time * 1000
					 : bytes * 1000 / time;
}

/* "2.9/4.7 GB", or "912 MB/4.7 GB" where the units differ. */
static void
describe_amount(char buffer[PART], uint64_t sent, uint64_t total)
{
	char part[TEXT_NUMBER], all[TEXT_NUMBER];
	char *unit;

	text_size(part, sent);
	if (total == METER_UNKNOWN) {
		snprintf(buffer, PART, "%s", part);
		return;
	}
	text_size(all, total);
	unit = strchr(part, ' ');
	if (unit != NULL && strcmp(unit, all + strcspn(all, " ")) == 0)
		*unit = '\0';
	snprintf(buffer, PART, "%s/%s", part, all);
}

static void
describe_files(char buffer[PART], const struct meter *meter)
{
	char done[METER_COUNT], found[METER_COUNT];

	snprintf(buffer, PART, "%s/%s%s files", meter_count(done, meter->done),
	    meter_count(found, meter->found), meter->complete ? "" : "+");
}

static void
describe_speed(struct parts *parts, const struct meter *meter)
{
	char speed[TEXT_NUMBER], eta[METER_CLOCK];
	uint64_t left;

	/* Nothing was sent yet. */
	if (meter->rate == 0)
		return;
	snprintf(parts->text[PART_RATE], PART, "%s/s",
	    text_size(speed, meter->rate));
	if (meter->total == METER_UNKNOWN || meter->sent > meter->total)
		return;
	left = (meter->total - meter->sent) / meter->rate;
	snprintf(parts->text[PART_ETA], PART, "eta %s",
	    left > ETA_MAX ? "long" : meter_clock(eta, (int64_t)left * 1000));
}

static void
describe_state(char buffer[PART], const struct meter *meter)
{
	static const char *const names[] = {
	    [METER_READING] = "waiting for input",
	    [METER_COMPARING] = "comparing",
	    [METER_COMMITTING] = "committing",
	};
	char clock[METER_CLOCK];
	const char *name = names[meter->state];

	if (meter->elapsed < CLOCK_AFTER)
		snprintf(buffer, PART, "%s", name);
	else
		snprintf(buffer, PART, "%s (%s)", name,
		    meter_clock(clock, meter->elapsed));
}

/* The last component, escaped. */
static void
describe_name(
    struct parts *parts, const char *path, const struct terminal *terminal)
{
	struct wire_bytes name = source_name(path);

	text_escape(parts->name, sizeof(parts->name), name.bytes, name.length,
	    terminal->set);
}

static void
describe(struct parts *parts, const struct meter *meter,
    const struct terminal *terminal)
{

	memset(parts, 0, sizeof(*parts));
	if (meter->path != NULL)
		describe_name(parts, meter->path, terminal);
	if (meter->several)
		describe_files(parts->text[PART_FILES], meter);
	if (meter->total != METER_UNKNOWN)
		snprintf(parts->text[PART_PERCENT], PART, "%d%%",
		    meter_percent(meter->sent, meter->total));
	if (meter->state != METER_COMMITTING)
		describe_amount(
		    parts->text[PART_AMOUNT], meter->sent, meter->total);
	if (meter->state == METER_SENDING)
		describe_speed(parts, meter);
	else
		describe_state(parts->text[PART_STATE], meter);
}

/* Columns of all parts and gaps, if the name takes name columns. */
static size_t
width_of(const struct parts *parts, size_t name)
{
	size_t width = name;

	for (size_t i = 0; i < PARTS; i++)
		if (parts->text[i][0] != '\0')
			width += (width > 0 ? GAP : 0) + strlen(parts->text[i]);
	return width;
}

/* Nonzero if this part may be left out.  last is set in the last round. */
static int
is_optional(const struct parts *parts, enum part part, int last)
{
	/* If the total is not known, only the amount shows progress. */
	return part != PART_AMOUNT || last ||
	    parts->text[PART_PERCENT][0] != '\0' ||
	    parts->text[PART_FILES][0] != '\0';
}

/* Leave out the least important parts until the others fit. */
static void
fit(struct parts *parts, const struct terminal *terminal, size_t columns)
{
	static const enum part order[] = {PART_RATE, PART_AMOUNT, PART_ETA,
	    PART_FILES, PART_PERCENT, PART_STATE, PART_AMOUNT};
	const size_t count = sizeof(order) / sizeof(order[0]);
	size_t name = terminal_width(terminal, parts->name), room;
	size_t least = name < NAME_LEAST ? name : NAME_LEAST;

	for (size_t i = 0; i < count && width_of(parts, least) > columns; i++) {
		/* The remaining parts matter more than the name. */
		if (order[i] == PART_FILES)
			least = 0;
		if (width_of(parts, least) > columns &&
		    is_optional(parts, order[i], i == count - 1))
			parts->text[order[i]][0] = '\0';
	}
	room = width_of(parts, 1) - 1;
	room = columns > room ? columns - room : 0;
	terminal_cut(
	    terminal, parts->name, room < name && room < NAME_CUT ? 0 : room);
}

static void
join(char buffer[METER_LINE], const struct parts *parts)
{
	int filled = snprintf(buffer, METER_LINE, "%s", parts->name);

	for (size_t i = 0; i < PARTS; i++)
		if (parts->text[i][0] != '\0')
			filled += snprintf(buffer + filled,
			    METER_LINE - (size_t)filled, "%*s%s",
			    filled > 0 ? GAP : 0, "", parts->text[i]);
}

/*
 * Format "ftx: nas: busy, waiting for a free worker (0:07)", or a shorter form
 * of it.  If a source blocks, host is its path; a shorter form has only the
 * last component.
 */
static void
describe_waiting(char buffer[METER_LINE], const struct meter *meter,
    const struct terminal *terminal, size_t columns)
{
	const char *rest = strstr(meter->why, ", ");
	char clock[METER_CLOCK];

	meter_clock(clock, meter->elapsed);
	snprintf(buffer, METER_LINE, "ftx: %s: %s (%s)", meter->host,
	    meter->why, clock);
	if (terminal_width(terminal, buffer) > columns)
		snprintf(buffer, METER_LINE, "ftx: %s: %s (%s)",
		    source_name(meter->host).bytes, meter->why, clock);
	if (terminal_width(terminal, buffer) > columns)
		snprintf(buffer, METER_LINE, "%s (%s)", meter->why, clock);
	if (strlen(buffer) > columns && rest != NULL)
		snprintf(buffer, METER_LINE, "%s (%s)", rest + 2, clock);
	terminal_cut(terminal, buffer, columns);
}

char *
meter_line(char buffer[METER_LINE], const struct meter *meter,
    const struct terminal *terminal, size_t columns)
{
	struct parts parts;

	if (meter->state == METER_WAITING) {
		describe_waiting(buffer, meter, terminal, columns);
		return buffer;
	}
	describe(&parts, meter, terminal);
	fit(&parts, terminal, columns);
	join(buffer, &parts);
	return buffer;
}
