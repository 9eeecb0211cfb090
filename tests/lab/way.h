/* SPDX-License-Identifier: ISC */
/* One direction of a connection through the proxy: what is under way in it. */
#ifndef TESTS_LAB_WAY_H
#define TESTS_LAB_WAY_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "tests/lab/proxy.h"

#define WAY_PIECE (64 * 1024) /* bytes read at once */
#define WAY_QUEUE (8 << 20)   /* bytes under way at most */
#define WAY_TICK 10 /* milliseconds between bursts of a limited rate */

struct way_piece;

struct way {
	const struct proxy_way *plan;
	int fault; /* it still has one */
	int ended; /* the sender has */
	int shut;  /* and the receiver was told */
	size_t queued;
	uint64_t passed;
	io_time since; /* when the first byte was passed on */
	struct way_piece *first, **last;
};

void way_init(struct way *way, const struct proxy_way *plan, int fault);
void way_release(struct way *way);

/* Whether bytes of it could go now. */
int way_wants_write(const struct way *way, io_time now);

/* When it next has something to do of itself, or IO_NEVER. */
io_time way_due(const struct way *way, io_time now);

/* What to poll for where it comes from `in` and `out` goes there. */
short way_events(const struct way *in, const struct way *out, io_time now);

/*
 * Do what poll says is possible; open is when the sender's handshake is over,
 * and to may be -1: not yet.  Returns -1 where a side is gone.
 */
int way_move(struct way *way, int from, short read_events, int to,
    short write_events, io_time open);

/* A fault that ends the connection now: 0 none, 1 close, 2 reset. */
int way_end(const struct way *way);

#endif
