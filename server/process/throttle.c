/* SPDX-License-Identifier: ISC */
/* When the next worker may be started: at once, unless they keep dying. */
#include "server/process/throttle.h"

void
throttle_step(struct throttle *throttle, io_time now)
{
	if (now < throttle->until)
		return;
	if (now - throttle->until >= THROTTLE_CALM) {
		throttle->delay = 0;
		throttle->hopeless = 0;
	}
	if (throttle->delay == THROTTLE_LAST)
		throttle->hopeless++;
	throttle->delay =
	    throttle->delay == 0 ? THROTTLE_FIRST : throttle->delay * 2;
	if (throttle->delay > THROTTLE_LAST)
		throttle->delay = THROTTLE_LAST;
	throttle->until = now + throttle->delay;
}

/* Nonzero while a delay, or the calm behind it, lasts. */
static int
is_alert(const struct throttle *throttle, io_time now)
{
	return throttle->delay > 0 && now - throttle->until < THROTTLE_CALM;
}

void
throttle_death(
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
		throttle_step(throttle, now);
}

int
throttle_open(const struct throttle *throttle, io_time now)
{
	return now >= throttle->until;
}
