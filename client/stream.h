/* SPDX-License-Identifier: ISC */
/* One connection, from hello to bye: both directions, and their time limits. */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include "client/answers.h"
#include "client/feed.h"
#include "client/greeting.h"
#include "client/silence.h"
#include "client/transfer.h"
#include "common/conn.h"
#include "common/io.h"
#include "common/status.h"

/* How long a worker is waited for. */
struct stream_limits {
	io_time since;	   /* when waiting for a worker began */
	io_time queue_end; /* and when it has to end */
};

struct stream {
	struct transfer *transfer; /* not owned */
	struct stream_limits limits;
	struct conn conn;
	struct feed feed;
	struct answers answers;
	struct greeting greeting;
	size_t most; /* bytes that are queued before they are written */
	io_time begun;
	struct silence silence;
	uint64_t sent;	  /* bytes that had gone when it was last looked at */
	int write_error;  /* errno of the write that failed, or 0 */
	int has_read;	  /* something came in the last step */
	io_time relieved; /* when stream_relieve last said "waiting" */
	struct outcome *outcome;
};

/*
 * Begin over connected descriptors, which do not block and are not owned.
 * line is its number in the run.  Returns 0, or -1 with outcome; either way
 * stream_end is to be called.
 */
int stream_begin(struct stream *stream, struct transfer *transfer,
    unsigned line, int in, int out, const struct stream_limits *limits,
    struct outcome *outcome);

enum stream_event {
	STREAM_MORE,	/* there is more to do at once */
	STREAM_WAITING, /* nothing until the descriptors or the time say so */
	STREAM_ENDED,	/* every request has its result, and none is left */
	STREAM_FAILED	/* outcome says why */
};

/* Read and write what can be now, of what the transfer has to send. */
enum stream_event stream_step(struct stream *stream, struct outcome *outcome);

/* What to wait for, and no longer than until this.  Fills CONN_POLLS. */
io_time stream_await(const struct stream *stream, struct pollfd *wait);

/* Show how it stands. */
void stream_show(const struct stream *stream, io_time now);

/*
 * For the second thread, while a source has blocked the first since that time:
 * write what is queued, and tell the server that the source gives nothing.
 */
void stream_relieve(struct stream *stream, io_time since, io_time now);

/*
 * For a process that ends while a source blocks: give what has no result back
 * to the transfer, and touch nothing else.
 */
void stream_abandon(struct stream *stream);

/* Nonzero if the content of a file is under way. */
int stream_is_sending(const struct stream *stream);

/* Nonzero if a worker greeted us, and was ready. */
int stream_is_greeted(const struct stream *stream);

/*
 * What has no result goes back to the transfer.  Returns how often it came
 * forward, see window.
 */
uint64_t stream_end(struct stream *stream);

#endif
