/* SPDX-License-Identifier: ISC */
/* Limit the bytes per second with a token bucket. */
#ifndef CLIENT_RUN_RATE_H
#define CLIENT_RUN_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"

/* The largest limit, in bytes a second. */
#define RATE_MAX (UINT64_C(1) << 47)

/* All connections of a run share one limit.  The caller passes the time. */
struct rate {
	uint64_t limit;	 /* bytes a second; 0: none */
	uint64_t tokens; /* thousandths of bytes that may be sent */
	io_time filled;	 /* when tokens were last added */
	uint64_t spent;	 /* bytes sent in all, limited or not */
};

void rate_init(struct rate *rate, uint64_t limit, io_time now);

/* How many bytes may be sent now; UINT64_MAX without a limit. */
uint64_t rate_allows(struct rate *rate, io_time now);

/* Count bytes that were sent: at most as many as rate_allows returned. */
void rate_spend(struct rate *rate, uint64_t bytes);

/*
 * How many bytes to queue at once.  A small piece does not delay the frames
 * after it for long.  Without a limit, returns most.
 */
size_t rate_piece(const struct rate *rate, size_t most);

/* When the limit allows enough bytes for a write.  This may be in the past. */
io_time rate_due(const struct rate *rate);

#endif
