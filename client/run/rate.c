/* SPDX-License-Identifier: ISC */
/* Limit the bytes per second with a token bucket. */
#include "client/run/rate.h"

/*
 * Milliseconds for which unused tokens are kept.  A process that was not
 * scheduled can catch up, but the rate in any second stays close to the limit.
 */
#define DEPTH 250

/* rate_due waits for the bytes that this time allows.  Milliseconds. */
#define STEP 20

/* Prevents overflow with the largest limit.  Milliseconds. */
#define ELAPSED_MOST 60000

/* The smallest piece that is worth a frame.  Bytes. */
#define PIECE_LEAST 1024

/* Tokens per byte: then a millisecond adds a whole number of tokens. */
#define BYTE 1000

void
rate_init(struct rate *rate, uint64_t limit, io_time now)
{
	*rate = (struct rate){.limit = limit, .filled = now};
}

/* The fewest tokens for a write: at least one byte. */
static uint64_t
step_of(const struct rate *rate)
{
	uint64_t step = rate->limit * STEP;

	return step < BYTE ? BYTE : step;
}

uint64_t
rate_allows(struct rate *rate, io_time now)
{
	io_time elapsed = now - rate->filled;
	uint64_t most = rate->limit * DEPTH + BYTE;

	if (rate->limit == 0)
		return UINT64_MAX;
	if (elapsed > 0) {
		if (elapsed > ELAPSED_MOST)
			elapsed = ELAPSED_MOST;
		rate->tokens += rate->limit * (uint64_t)elapsed;
		rate->filled = now;
	}
	if (rate->tokens > most)
		rate->tokens = most;
	return rate->tokens / BYTE;
}

void
rate_spend(struct rate *rate, uint64_t bytes)
{
	rate->spent += bytes;
	if (rate->limit != 0)
		rate->tokens -= bytes * BYTE;
}

size_t
rate_piece(const struct rate *rate, size_t most)
{
	uint64_t piece = rate->limit * DEPTH / 1000;

	if (piece < PIECE_LEAST)
		piece = PIECE_LEAST;
	return rate->limit == 0 || piece > most ? most : (size_t)piece;
}

io_time
rate_due(const struct rate *rate)
{
	uint64_t step = step_of(rate);
	uint64_t missing = step > rate->tokens ? step - rate->tokens : 0;

	if (rate->limit == 0)
		return rate->filled;
	return rate->filled +
	    (io_time)((missing + rate->limit - 1) / rate->limit);
}
