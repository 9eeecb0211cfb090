/* SPDX-License-Identifier: ISC */
/* How long a client is waited for: silence, slowness, and excuses. */
#include "server/patience.h"

#include <string.h>

void
patience_init(
    struct patience *patience, int64_t idle_timeout, uint64_t min_rate)
{
	memset(patience, 0, sizeof(*patience));
	patience->idle_timeout = idle_timeout;
	patience->min_rate = min_rate;
}

void
patience_excuse(struct patience *patience, enum patience_word word)
{
	patience->word = word;
}

void
patience_next_file(struct patience *patience)
{
	patience->excused_file = 0;
}

/* Nonzero if the time from now on is excused. */
static int
is_excused(const struct patience *patience, int another_idle)
{
	switch (patience->word) {
	case PATIENCE_WAITS:
		return another_idle ||
		    patience->excused_time < PATIENCE_EXCUSED;
	case PATIENCE_ANNOUNCES:
		return another_idle;
	default:
		return 0;
	}
}

static const char *
count_excused(struct patience *patience, int64_t time)
{
	patience->excused_file += time;
	patience->excused_time += time;
	return patience->excused_file < PATIENCE_EXCUSED
	    ? NULL
	    : "the source has waited too long";
}

/* The rate is looked at when a whole time-out has been waited. */
static const char *
count_rate(struct patience *patience, int64_t time, uint64_t moved)
{
	uint64_t least =
	    patience->min_rate * (uint64_t)patience->idle_timeout / 1000;

	patience->waited += time;
	if (patience->waited < patience->idle_timeout)
		return NULL;
	if (moved - patience->counted < least)
		return "too slow";
	patience->waited = 0;
	patience->counted = moved;
	return NULL;
}

const char *
patience_count(
    struct patience *patience, int64_t time, uint64_t moved, int another_idle)
{
	if (moved != patience->moved)
		patience->silent = 0;
	patience->moved = moved;
	if (is_excused(patience, another_idle))
		return count_excused(patience, time);
	patience->silent += time;
	if (patience->silent >= patience->idle_timeout)
		return "nothing came or went for too long";
	return count_rate(patience, time, moved);
}
