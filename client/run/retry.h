/* SPDX-License-Identifier: ISC */
/* Decide whether to connect again, and when. */
#ifndef CLIENT_RUN_RETRY_H
#define CLIENT_RUN_RETRY_H

#include <stdint.h>

#include "common/io.h"
#include "common/status.h"

struct retry {
	int64_t queue_timeout; /* milliseconds */
	int64_t limit;	       /* most milliseconds without progress */
	io_time since;	       /* when waiting for a worker began */
	int connected;	       /* a connection was made in this run */
	int greeted;	       /* a worker sent its greeting */
	unsigned tries;	       /* in a row, without progress */
	io_time lost;	       /* when the connection was lost */
	enum status cause;     /* of that loss */
	int64_t delay;	       /* most milliseconds before the next quick try */
	int slow;	       /* the pause follows a loss */
	uint32_t chance;       /* state of the random numbers */
};

/* The result of one connection. */
struct attempt {
	enum status status; /* what ended it */
	int connected;
	int greeted;	/* by a worker that was ready */
	int progressed; /* results, hashed pieces or larger kept parts */
};

/*
 * Until a worker has greeted, tries are quick and end after queue_timeout.
 * Later, connect again if a connection is lost or stalls.  Give up after limit
 * milliseconds without progress; if limit is 0, at once.
 */
void retry_init(struct retry *retry, int64_t queue_timeout, int64_t limit,
    uint32_t seed, io_time now);

/* Milliseconds until the next try, or -1 to give up. */
int64_t retry_after(
    struct retry *retry, const struct attempt *attempt, io_time now);

/* The status of a run that gives up after a connection with this status. */
enum status retry_final_status(const struct retry *retry, enum status status);

#endif
