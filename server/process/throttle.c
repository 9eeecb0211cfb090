/* SPDX-License-Identifier: ISC */
/* Delay the start of new workers while workers keep dying. */
#include "server/process/throttle.h"

void
throttle_raise(struct throttle *throttle, io_time now)
{
	if (now < throttle->until)
		return;
	if (now - throttle->until >= THROTTLE_CALM) {
		throttle->delay = 0;
		throttle->longest = 0;
	}
	if (throttle->delay == THROTTLE_LAST)
		throttle->longest++;
	throttle->delay =
	    throttle->delay == 0 ? THROTTLE_FIRST : throttle->delay * 2;
	if (throttle->delay > THROTTLE_LAST)
		throttle->delay = THROTTLE_LAST;
	throttle->until = now + throttle->delay;
}

/* Nonzero during a delay, and for THROTTLE_CALM after it. */
static int
is_alert(const struct throttle *throttle, io_time now)
{
	return throttle->delay > 0 && now - throttle->until < THROTTLE_CALM;
}

void
throttle_add_death(
    struct throttle *throttle, io_time now, int64_t age, uint64_t workers)
{
	uint64_t most = 2 * workers;

	if (most < THROTTLE_BURST)
		most = THROTTLE_BURST;
	if (now - throttle->window >= THROTTLE_WINDOW) {
		throttle->window = now;
		throttle->deaths = throttle->young = 0;
	}
	throttle->deaths++;
	if (age < THROTTLE_YOUNG)
		throttle->young++;
	if (throttle->deaths > most || throttle->young > workers ||
	    (age < THROTTLE_YOUNG && is_alert(throttle, now)))
		throttle_raise(throttle, now);
}

int
throttle_allows(const struct throttle *throttle, io_time now)
{
	return now >= throttle->until;
}
