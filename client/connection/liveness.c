/* SPDX-License-Identifier: ISC */
/* How long a server may be silent, or send nothing but "working". */
#include "client/connection/liveness.h"

/* Bytes that a server at work reads in a millisecond, at least. */
#define RATE ((10 << 20) / 1000)

/*
 * A server that works may still take bytes.  If it takes none for so long, the
 * time counts as work.  Source: ftx-protocol(5), LIVENESS: "working" comes at
 * least every 5 seconds.
 */
#define GAP 5000

void
silence_init(struct silence *silence, int64_t timeout, int64_t commit_timeout,
    io_time now)
{
	*silence = (struct silence){
	    .timeout = timeout, .commit_timeout = commit_timeout, .moved = now};
}

void
silence_sent(struct silence *silence, io_time now)
{
	if (silence->working && now - silence->moved >= GAP)
		silence->worked += now - silence->moved;
	silence->moved = now;
}

void
silence_heard(struct silence *silence, int working, io_time now)
{
	if (!working)
		silence->worked = 0;
	else if (silence->working)
		silence->worked += now - silence->moved;
	silence->working = working;
	silence->moved = now;
}

int64_t
silence_longest(const struct silence *silence, uint64_t size)
{
	return silence->commit_timeout + (int64_t)(size / RATE);
}

io_time
silence_end(const struct silence *silence, uint64_t size)
{
	int64_t left = silence_longest(silence, size) - silence->worked;

	if (!silence->working)
		return silence->moved + silence->timeout;
	return silence->moved +
	    (left < silence->commit_timeout ? left : silence->commit_timeout);
}
