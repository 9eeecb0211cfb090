/* SPDX-License-Identifier: ISC */
/* Client timeouts: idle time, minimum rate, "waiting" frames. */
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
liveness_set_state(struct liveness *liveness, enum liveness_state state)
{
	liveness->state = state;
}

void
liveness_next_file(struct liveness *liveness)
{
	liveness->suspended_file = 0;
}

static int
is_suspended(const struct liveness *liveness, int another_idle)
{
	switch (liveness->state) {
	case LIVENESS_WAITING:
		return another_idle ||
		    liveness->suspended < LIVENESS_WAITING_MAX;
	case LIVENESS_ANNOUNCING:
		return another_idle;
	default:
		return 0;
	}
}

static const char *
count_suspended(struct liveness *liveness, int64_t time)
{
	liveness->suspended_file += time;
	liveness->suspended += time;
	return liveness->suspended_file < LIVENESS_WAITING_MAX
	    ? NULL
	    : "the source has waited too long";
}

/* Check the rate whenever the server has waited for one idle timeout. */
static const char *
check_rate(struct liveness *liveness, int64_t time, uint64_t transferred)
{
	uint64_t least =
	    liveness->min_rate * (uint64_t)liveness->idle_timeout / 1000;

	liveness->waited += time;
	if (liveness->waited < liveness->idle_timeout)
		return NULL;
	if (transferred - liveness->checked < least)
		return "too slow";
	liveness->waited = 0;
	liveness->checked = transferred;
	return NULL;
}

const char *
liveness_count(struct liveness *liveness, int64_t time, uint64_t transferred,
    int another_idle)
{
	if (transferred != liveness->transferred)
		liveness->idle = 0;
	liveness->transferred = transferred;
	if (is_suspended(liveness, another_idle))
		return count_suspended(liveness, time);
	liveness->idle += time;
	if (liveness->idle >= liveness->idle_timeout)
		return "nothing came or went for too long";
	return check_rate(liveness, time, transferred);
}
