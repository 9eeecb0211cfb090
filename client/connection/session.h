/* SPDX-License-Identifier: ISC */
/* One session with the server, from hello to bye, and its time limits. */
#ifndef CLIENT_CONNECTION_SESSION_H
#define CLIENT_CONNECTION_SESSION_H

#include "client/connection/greeting.h"
#include "client/connection/liveness.h"
#include "client/connection/outgoing.h"
#include "client/connection/results.h"
#include "client/run/run.h"
#include "common/conn.h"
#include "common/io.h"
#include "common/status.h"

/* How long to wait for a worker. */
struct session_limits {
	io_time since;	   /* when the wait began, maybe before this session */
	io_time queue_end; /* when to give up */
};

struct session {
	struct run *run; /* not owned */
	struct session_limits limits;
	struct conn conn;
	struct outgoing outgoing;
	struct results results;
	struct greeting greeting;
	size_t write_size; /* bytes to queue before they are written */
	io_time begun;
	struct liveness liveness;
	uint64_t sent;	      /* conn.sent when liveness was last updated */
	int write_error;      /* errno of a failed write, or 0 */
	int has_read;	      /* the last step has received something */
	io_time waiting_sent; /* when session_keep_alive last sent "waiting" */
	struct outcome *outcome;
};

/*
 * Begin a session over connected descriptors, which do not block and are not
 * owned.  number is the index of the stream in the run.  Returns 0, or -1 with
 * outcome; call session_end in both cases.
 */
int session_begin(struct session *session, struct run *run, unsigned number,
    int in, int out, const struct session_limits *limits,
    struct outcome *outcome);

enum session_event {
	SESSION_MORE,	 /* call again at once */
	SESSION_WAITING, /* call session_await, and wait */
	SESSION_ENDED,	 /* all requests of the run have their results */
	SESSION_FAILED	 /* see outcome */
};

/* Send and receive without waiting. */
enum session_event session_step(
    struct session *session, struct outcome *outcome);

/* Fill in CONN_POLLS descriptors to wait for.  Returns the deadline. */
io_time session_await(const struct session *session, struct pollfd *wait);

/* Show the progress of the session. */
void session_show(const struct session *session, io_time now);

/*
 * Called by the second thread while a source blocks the first one.  Write
 * queued bytes, and send "waiting" when it is due.  since is when the source
 * began to block.
 */
void session_keep_alive(struct session *session, io_time since, io_time now);

/*
 * Called before the process exits while a source blocks the first thread.  Move
 * requests without a result back to the run, and change nothing else.
 */
void session_abandon(struct session *session);

/* Nonzero if the content of a file is being sent. */
int session_is_sending(const struct session *session);

/* Nonzero if a worker has greeted and accepted us. */
int session_is_greeted(const struct session *session);

/*
 * Move requests without a result back to the run.  Returns how many steps of
 * progress the session made; see struct window.
 */
uint64_t session_end(struct session *session);

#endif
