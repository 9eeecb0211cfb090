/* SPDX-License-Identifier: ISC */
/* Server timeouts: idle time, and "working" without a result. */
#include "client/connection/liveness.h"

/* The lowest rate at which a working server reads, in bytes a millisecond. */
#define RATE ((10 << 20) / 1000)

/*
 * Milliseconds.  A working server may still read our bytes.  If we can send
 * none for this time, the time counts as work.  Source: ftx-protocol(5),
 * LIVENESS: the server sends "working" at least every 5 seconds.
 */
#define GAP 5000

void
liveness_init(struct liveness *liveness, int64_t timeout,
    int64_t commit_timeout, io_time now)
{
	*liveness = (struct liveness){
	    .timeout = timeout, .commit_timeout = commit_timeout, .moved = now};
}

void
liveness_sent(struct liveness *liveness, io_time now)
{
	if (liveness->working && now - liveness->moved >= GAP)
		liveness->worked += now - liveness->moved;
	liveness->moved = now;
}

void
liveness_received(struct liveness *liveness, int working, io_time now)
{
	if (!working)
		liveness->worked = 0;
	else if (liveness->working)
		liveness->worked += now - liveness->moved;
	liveness->working = working;
	liveness->moved = now;
}

int64_t
liveness_longest(const struct liveness *liveness, uint64_t size)
{
	return liveness->commit_timeout + (int64_t)(size / RATE);
}

io_time
liveness_deadline(const struct liveness *liveness, uint64_t size)
{
	int64_t left = liveness_longest(liveness, size) - liveness->worked;

	if (!liveness->working)
		return liveness->moved + liveness->timeout;
	return liveness->moved +
	    (left < liveness->commit_timeout ? left : liveness->commit_timeout);
}
