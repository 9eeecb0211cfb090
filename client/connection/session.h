/* SPDX-License-Identifier: ISC */
/* One connection, from hello to bye: both directions, and their time limits. */
#ifndef CLIENT_CONNECTION_SESSION_H
#define CLIENT_CONNECTION_SESSION_H

#include "client/connection/greeting.h"
#include "client/connection/outgoing.h"
#include "client/connection/results.h"
#include "client/connection/liveness.h"
#include "client/run/run.h"
#include "common/conn.h"
#include "common/io.h"
#include "common/status.h"

/* How long a worker is waited for. */
struct session_limits {
	io_time since;	   /* when waiting for a worker began */
	io_time queue_end; /* and when it has to end */
};

struct session {
	struct run *run; /* not owned */
	struct session_limits limits;
	struct conn conn;
	struct outgoing outgoing;
	struct results results;
	struct greeting greeting;
	size_t most; /* bytes that are queued before they are written */
	io_time begun;
	struct silence silence;
	uint64_t sent;	  /* bytes that had gone when it was last looked at */
	int write_error;  /* errno of the write that failed, or 0 */
	int has_read;	  /* something came in the last step */
	io_time relieved; /* when session_relieve last said "waiting" */
	struct outcome *outcome;
};

/*
 * Begin over connected descriptors, which do not block and are not owned.
 * line is its number in the run.  Returns 0, or -1 with outcome; either way
 * session_end is to be called.
 */
int session_begin(struct session *session, struct run *run, unsigned line,
    int in, int out, const struct session_limits *limits,
    struct outcome *outcome);

enum session_event {
	SESSION_MORE,	 /* there is more to do at once */
	SESSION_WAITING, /* nothing until the descriptors or the time say so */
	SESSION_ENDED,	 /* every request has its result, and none is left */
	SESSION_FAILED	 /* outcome says why */
};

/* Read and write what can be now, of what the transfer has to send. */
enum session_event session_step(
    struct session *session, struct outcome *outcome);

/* What to wait for, and no longer than until this.  Fills CONN_POLLS. */
io_time session_await(const struct session *session, struct pollfd *wait);

/* Show how it stands. */
void session_show(const struct session *session, io_time now);

/*
 * For the second thread, while a source has blocked the first since that time:
 * write what is queued, and tell the server that the source gives nothing.
 */
void session_relieve(struct session *session, io_time since, io_time now);

/*
 * For a process that ends while a source blocks: give what has no result back
 * to the transfer, and touch nothing else.
 */
void session_abandon(struct session *session);

/* Nonzero if the content of a file is under way. */
int session_is_sending(const struct session *session);

/* Nonzero if a worker greeted us, and was ready. */
int session_is_greeted(const struct session *session);

/*
 * What has no result goes back to the transfer.  Returns how often it came
 * forward, see window.
 */
uint64_t session_end(struct session *session);

#endif
