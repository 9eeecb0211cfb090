/* SPDX-License-Identifier: ISC */
/* A limit on the bytes a second: a bucket of tokens that time fills. */
#ifndef CLIENT_RUN_RATE_H
#define CLIENT_RUN_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"

/* The largest limit, in bytes a second. */
#define RATE_MAX (UINT64_C(1) << 47)

/* One for all connections of a run.  Pure: whoever calls has the clock. */
struct rate {
	uint64_t limit;	 /* bytes a second; 0: none */
	uint64_t tokens; /* thousandths of bytes that may go */
	io_time filled;	 /* when they were counted */
	uint64_t spent;	 /* bytes sent in all, limited or not */
};

void rate_init(struct rate *rate, uint64_t limit, io_time now);

/* How many bytes may go now; UINT64_MAX where there is no limit. */
uint64_t rate_allows(struct rate *rate, io_time now);

/* So many went, at most as many as were allowed. */
void rate_spend(struct rate *rate, uint64_t bytes);

/*
 * How much should be queued at once: so little that what is queued behind it
 * goes soon.  most where there is no limit.
 */
size_t rate_piece(const struct rate *rate, size_t most);

/* When it is worth to go on after the last take; now or before: at once. */
io_time rate_due(const struct rate *rate);

#endif
