/* SPDX-License-Identifier: ISC */
/* One direction of a connection through the proxy, with its queue. */
#ifndef TESTS_LAB_WAY_H
#define TESTS_LAB_WAY_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "tests/lab/proxy.h"

#define WAY_PIECE (64 * 1024) /* bytes read at once */
#define WAY_QUEUE (8 << 20)   /* most bytes in the queue */
#define WAY_TICK 10 /* milliseconds between bursts of a limited rate */

struct way_piece;

struct way {
	const struct proxy_way *plan;
	int fault; /* the fault of plan may still happen */
	int ended; /* the end of input was read */
	int shut;  /* and was passed on */
	size_t queued;
	uint64_t passed;
	io_time since; /* when the first byte was passed on */
	struct way_piece *first, **last;
};

void way_init(struct way *way, const struct proxy_way *plan, int fault);
void way_release(struct way *way);

/* Nonzero if bytes may be written now. */
int way_wants_write(const struct way *way, io_time now);

/* When bytes become due, or IO_NEVER. */
io_time way_due(const struct way *way, io_time now);

/* The events to poll for on the socket that `in` reads and `out` writes. */
short way_events(const struct way *in, const struct way *out, io_time now);

/*
 * Read and write as poll(2) reported.  open is the time when the sender's
 * handshake ends.  to is -1 until the receiver is connected.  Returns 0, or -1
 * if a read or a write failed.
 */
int way_move(struct way *way, int from, short read_events, int to,
    short write_events, io_time open);

/* Returns 1 if a fault closes the connection now, 2 if it resets it, or 0. */
int way_end(const struct way *way);

#endif
