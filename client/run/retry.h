/* SPDX-License-Identifier: ISC */
/* Decide whether to connect again, and when. */
#ifndef CLIENT_RUN_RETRY_H
#define CLIENT_RUN_RETRY_H

#include <stdint.h>

#include "common/io.h"
#include "common/status.h"

struct retry {
	int64_t queue_timeout; /* milliseconds */
	int64_t limit;	       /* without progress; milliseconds */
	io_time since;	       /* when waiting for a worker began */
	int connected;	       /* a connection was made in this run */
	int greeted;	       /* a worker sent its greeting */
	unsigned tries;	       /* in a row, without progress */
	io_time lost;	       /* when the connection before them was lost */
	enum status cause;     /* of that loss */
	int64_t delay;	       /* most before the next quick try */
	int slow;	       /* the pause follows a loss */
	uint32_t chance;       /* state of the random numbers */
};

/* The result of one connection. */
struct attempt {
	enum status status; /* what ended it */
	int connected;
	int greeted;	/* by a worker that was ready */
	int progressed; /* a request has its result, or the server kept more */
};

/*
 * Until a worker has sent its greeting, tries are quick and end after
 * queue_timeout.  Later, a lost or stalled connection is made again until there
 * was no progress for limit milliseconds; 0: never.
 */
void retry_init(struct retry *retry, int64_t queue_timeout, int64_t limit,
    uint32_t seed, io_time now);

/* Milliseconds until the next try, or -1 to give up. */
int64_t retry_after(
    struct retry *retry, const struct attempt *attempt, io_time now);

/* The status of the run, if it gives up after a connection with this status. */
enum status retry_final_status(const struct retry *retry, enum status status);

#endif
