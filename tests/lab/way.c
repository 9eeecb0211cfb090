/* SPDX-License-Identifier: ISC */
/* One direction of a connection through the proxy, with its queue. */
#include "tests/lab/way.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes that were read at once, and become due at once. */
struct way_piece {
	struct way_piece *next;
	io_time due;
	size_t start, end;
	uint8_t bytes[];
};

void
way_init(struct way *way, const struct proxy_way *plan, int fault)
{
	memset(way, 0, sizeof(*way));
	way->plan = plan;
	way->fault = fault;
	way->last = &way->first;
}

void
way_release(struct way *way)
{
	while (way->first != NULL) {
		struct way_piece *piece = way->first;

		way->first = piece->next;
		free(piece);
	}
	way->last = &way->first;
	way->queued = 0;
}

static int
way_has_fault(const struct way *way, enum proxy_fault fault)
{
	return way->fault && way->plan->fault == fault;
}

static int
way_is_silent(const struct way *way)
{
	return way_has_fault(way, PROXY_SILENT) && way->passed >= way->plan->at;
}

/* Read once from the sender.  Returns 0, or -1 on an error. */
static int
way_read(struct way *way, int from, io_time open)
{
	struct way_piece *piece = malloc(sizeof(*piece) + WAY_PIECE);
	io_time now = io_now();
	ssize_t count;

	if (piece == NULL)
		return -1;
	count = io_read(from, piece->bytes, WAY_PIECE);
	if (count <= 0) {
		int error = errno;

		free(piece);
		if (count == 0)
			way->ended = 1;
		return count == 0 || error == EAGAIN ? 0 : -1;
	}
	piece->next = NULL;
	piece->due = (now > open ? now : open) + way->plan->delay;
	piece->start = 0;
	piece->end = (size_t)count;
	way->queued += (size_t)count;
	*way->last = piece;
	way->last = &piece->next;
	return 0;
}

/* The number of bytes that the rate, split and the fault allow now. */
static size_t
way_allowance(const struct way *way, size_t wanted, io_time now)
{
	const struct proxy_way *plan = way->plan;

	if (plan->rate != 0) {
		uint64_t earned =
		    (uint64_t)(now - way->since + WAY_TICK) * plan->rate / 1000;
		uint64_t left = earned > way->passed ? earned - way->passed : 0;

		wanted = left < wanted ? (size_t)left : wanted;
	}
	if (plan->split && wanted > 1)
		wanted = 1;
	if (way->fault && plan->fault != PROXY_NONE && way->passed < plan->at &&
	    plan->at - way->passed < wanted)
		wanted = (size_t)(plan->at - way->passed);
	return wanted;
}

static void
way_drop(struct way *way, size_t count)
{
	struct way_piece *piece = way->first;

	way->passed += count;
	way->queued -= count;
	piece->start += count;
	if (piece->start < piece->end)
		return;
	way->first = piece->next;
	if (way->first == NULL)
		way->last = &way->first;
	free(piece);
}

/* Write once to the receiver.  Returns 0, or -1 on an error. */
static int
way_write(struct way *way, int to, io_time now)
{
	struct way_piece *piece = way->first;
	size_t allowed;
	ssize_t count;

	if (way->since == 0)
		way->since = now;
	allowed = way_allowance(way, piece->end - piece->start, now);
	if (allowed == 0)
		return 0;
	if (way_has_fault(way, PROXY_FLIP) && way->passed == way->plan->at) {
		piece->bytes[piece->start] ^= 1;
		way->fault = 0;
	}
	count = io_write(to, piece->bytes + piece->start, allowed);
	if (count < 0)
		return errno == EAGAIN ? 0 : -1;
	way_drop(way, (size_t)count);
	return 0;
}

int
way_wants_write(const struct way *way, io_time now)
{
	return way->first != NULL && way->first->due <= now &&
	    !way_is_silent(way);
}

/* Nonzero if the rate allows no bytes now. */
static int
way_must_pause(const struct way *way, io_time now)
{
	return way->plan->rate != 0 && way->since != 0 &&
	    way_allowance(way, WAY_PIECE, now) == 0;
}

int
way_move(struct way *way, int from, short read_events, int to,
    short write_events, io_time open)
{
	io_time now = io_now();

	if (read_events != 0 && !way->ended && way->queued < WAY_QUEUE &&
	    way_read(way, from, open) != 0)
		return -1;
	if (to >= 0 && write_events != 0 && way_wants_write(way, now) &&
	    way_write(way, to, now) != 0)
		return -1;
	if (way->ended && !way->shut && way->first == NULL && to >= 0 &&
	    !way_is_silent(way)) {
		way->shut = 1;
		(void)shutdown(to, SHUT_WR);
	}
	return 0;
}

int
way_end(const struct way *way)
{
	if (!way->fault || way->passed < way->plan->at)
		return 0;
	if (way->plan->fault == PROXY_CUT)
		return 1;
	return way->plan->fault == PROXY_RESET ? 2 : 0;
}

io_time
way_due(const struct way *way, io_time now)
{
	if (way->first != NULL && way->first->due > now)
		return way->first->due;
	return way_must_pause(way, now) ? now + WAY_TICK : IO_NEVER;
}

short
way_events(const struct way *in, const struct way *out, io_time now)
{
	short events = 0;

	if (!in->ended && in->queued < WAY_QUEUE)
		events |= POLLIN;
	if (way_wants_write(out, now) && !way_must_pause(out, now))
		events |= POLLOUT;
	return events;
}
