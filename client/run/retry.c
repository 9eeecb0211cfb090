/* SPDX-License-Identifier: ISC */
/* Decide whether to connect again, and when. */
#include "client/run/retry.h"

#define QUICK_FIRST 20
#define QUICK_LAST 500
#define SLOW_FIRST 1000
#define SLOW_LAST 60000

void
retry_init(struct retry *retry, int64_t queue_timeout, int64_t limit,
    uint32_t seed, io_time now)
{
	*retry = (struct retry){.queue_timeout = queue_timeout,
	    .limit = limit,
	    .since = now,
	    .delay = QUICK_FIRST,
	    .chance = seed};
}

/*
 * Choose a random time between half and all of the delay.  This keeps many
 * clients from retrying at once.
 */
static int64_t
quick_delay(struct retry *retry)
{
	int64_t delay = retry->delay;

	retry->chance = retry->chance * 1103515245U + 12345U;
	if (retry->delay < QUICK_LAST)
		retry->delay *= 2;
	if (retry->delay > QUICK_LAST)
		retry->delay = QUICK_LAST;
	return delay / 2 + (retry->chance >> 16) % (delay - delay / 2 + 1);
}

/* The last try is made at the limit. */
static int64_t
slow_delay(struct retry *retry, enum status cause, int64_t limit, io_time now)
{
	int64_t delay = SLOW_FIRST, left;

	if (retry->tries == 0) {
		retry->lost = now;
		retry->cause = cause;
	}
	left = retry->lost + limit - now;
	if (left < SLOW_FIRST)
		return -1;
	for (unsigned i = 0; i < retry->tries && delay < SLOW_LAST; i++)
		delay *= 2;
	retry->tries++;
	if (delay > SLOW_LAST)
		delay = SLOW_LAST;
	if (delay > left)
		delay = left;
	/* The pause does not count as waiting for a worker. */
	retry->since = now + delay;
	return delay;
}

/* Note how far the connection came. */
static void
note_progress(struct retry *retry, const struct attempt *attempt)
{
	retry->connected |= attempt->connected;
	if (attempt->greeted) {
		retry->greeted = 1;
		retry->delay = QUICK_FIRST;
	}
	if (attempt->progressed)
		retry->tries = 0;
}

/* Nonzero if another connection may succeed. */
static int
is_temporary(const struct retry *retry, enum status status)
{
	switch (status) {
	case STATUS_UNREACHABLE:
	case STATUS_UNTRIED:
		return retry->connected;
	case STATUS_STALLED:
		return retry->greeted;
	case STATUS_LOST:
	case STATUS_BUSY:
	case STATUS_DRAINING:
		return 1;
	default:
		return 0;
	}
}

int64_t
retry_after(struct retry *retry, const struct attempt *attempt, io_time now)
{
	int64_t delay;

	note_progress(retry, attempt);
	if (!is_temporary(retry, attempt->status))
		return -1;
	/* A server that is only busy has not failed. */
	retry->slow = retry->greeted &&
	    (attempt->greeted || attempt->status != STATUS_BUSY);
	if (retry->slow)
		return slow_delay(retry, attempt->status,
		    attempt->status == STATUS_BUSY ? retry->queue_timeout
						   : retry->limit,
		    now);
	delay = quick_delay(retry);
	if (now + delay - retry->since < retry->queue_timeout)
		return delay;
	retry->slow = retry->greeted;
	return retry->slow
	    ? slow_delay(retry, attempt->status, retry->limit, now)
	    : -1;
}

enum status
retry_final_status(const struct retry *retry, enum status status)
{
	if (status == STATUS_LOST && !retry->greeted)
		return STATUS_UNREACHABLE;
	if (status != STATUS_UNREACHABLE || !retry->greeted)
		return status;
	/* The first loss is the cause, not the tries that followed. */
	return retry->cause == STATUS_STALLED ? STATUS_STALLED : STATUS_LOST;
}
