/* SPDX-License-Identifier: ISC */
/* How long a client is waited for: silence, slowness, and excuses. */
#include "server/session/liveness.h"

#include <string.h>

void
liveness_init(
    struct liveness *liveness, int64_t idle_timeout, uint64_t min_rate)
{
	memset(liveness, 0, sizeof(*liveness));
	liveness->idle_timeout = idle_timeout;
	liveness->min_rate = min_rate;
}

void
liveness_excuse(struct liveness *liveness, enum liveness_word word)
{
	liveness->word = word;
}

void
liveness_next_file(struct liveness *liveness)
{
	liveness->excused_file = 0;
}

/* Nonzero if the time from now on is excused. */
static int
is_excused(const struct liveness *liveness, int another_idle)
{
	switch (liveness->word) {
	case LIVENESS_WAITS:
		return another_idle ||
		    liveness->excused_time < LIVENESS_EXCUSED;
	case LIVENESS_ANNOUNCES:
		return another_idle;
	default:
		return 0;
	}
}

static const char *
count_excused(struct liveness *liveness, int64_t time)
{
	liveness->excused_file += time;
	liveness->excused_time += time;
	return liveness->excused_file < LIVENESS_EXCUSED
	    ? NULL
	    : "the source has waited too long";
}

/* The rate is looked at when a whole time-out has been waited. */
static const char *
count_rate(struct liveness *liveness, int64_t time, uint64_t moved)
{
	uint64_t least =
	    liveness->min_rate * (uint64_t)liveness->idle_timeout / 1000;

	liveness->waited += time;
	if (liveness->waited < liveness->idle_timeout)
		return NULL;
	if (moved - liveness->counted < least)
		return "too slow";
	liveness->waited = 0;
	liveness->counted = moved;
	return NULL;
}

const char *
liveness_count(
    struct liveness *liveness, int64_t time, uint64_t moved, int another_idle)
{
	if (moved != liveness->moved)
		liveness->silent = 0;
	liveness->moved = moved;
	if (is_excused(liveness, another_idle))
		return count_excused(liveness, time);
	liveness->silent += time;
	if (liveness->silent >= liveness->idle_timeout)
		return "nothing came or went for too long";
	return count_rate(liveness, time, moved);
}
