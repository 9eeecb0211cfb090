/* SPDX-License-Identifier: ISC */
/* Whether to connect again, and when. */
#ifndef CLIENT_RUN_RETRY_H
#define CLIENT_RUN_RETRY_H

#include <stdint.h>

#include "common/io.h"
#include "common/status.h"

struct retry {
	int64_t queue_timeout; /* milliseconds */
	int64_t limit;	       /* how long without progress; milliseconds */
	io_time since;	       /* since when a worker is waited for */
	int connected;	       /* a connection was made in this run, */
	int greeted;	       /* and a worker greeted us */
	unsigned tries;	       /* in a row, without progress */
	io_time lost;	       /* when the first of them became necessary */
	enum status cause;     /* why it did */
	int64_t delay;	       /* the longest of the next quick try */
	int slow; /* the pause is one after a loss, not for a worker */
	uint32_t chance;
};

/* How one connection went. */
struct attempt {
	enum status status; /* what ended it */
	int connected;
	int greeted;	/* by a server that was ready */
	int progressed; /* something was answered for good, or more is kept */
};

/*
 * Once a worker has greeted, a connection that is lost or stalls is made again,
 * until there was no progress for limit milliseconds.  With 0 it is not.
 */
void retry_init(struct retry *retry, int64_t queue_timeout, int64_t limit,
    uint32_t seed, io_time now);

/* Milliseconds until the next try, or -1 to give up. */
int64_t retry_after(
    struct retry *retry, const struct attempt *attempt, io_time now);

/* The status of a run that gives up after such an end. */
enum status retry_final_status(const struct retry *retry, enum status status);

#endif
