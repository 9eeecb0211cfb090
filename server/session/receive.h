/* SPDX-License-Identifier: ISC */
/* The state of one connection's requests, and how they are answered. */
#ifndef SERVER_SESSION_RECEIVE_H
#define SERVER_SESSION_RECEIVE_H

#include <stdint.h>

#include "common/conn.h"
#include "server/session/granted.h"
#include "server/store/commit.h"
#include "server/store/destination.h"
#include "server/store/directory.h"
#include "server/store/staged.h"

/* See ftx-protocol(5), STATES. */
enum receive_state {
	RECEIVE_HELLO,
	RECEIVE_READY,
	RECEIVE_CONTENT,
	RECEIVE_DISCARD,
	RECEIVE_CLOSED
};

struct receive {
	struct policy policy;
	struct space_account account;	 /* of what this connection writes */
	struct conn *conn;		 /* not owned */
	const char *peer;		 /* printable; not owned */
	const struct comparer *comparer; /* not owned */
	int compares;	  /* peers may compare with what is there */
	unsigned version; /* of the protocol, on this connection */
	struct partial_finder finder;
	enum receive_state state;
	uint32_t last; /* highest number of a request */
	struct base base;
	struct directories directories;
	struct granted asks;
	struct commit commit;
	struct staged content;
	struct outcome fatal; /* why the connection must end */
	int sick;	      /* this process is to be replaced */
	int staging_gone;     /* the staging folder is to be made again */
};

/*
 * Begin in the state RECEIVE_HELLO and version 1, in zeroed memory.  The caller
 * then sets compares, and the finder's shows_foreign.
 */
void receive_init(struct receive *receive, const struct policy *policy,
    struct conn *conn, const char *peer, const struct comparer *comparer);

/*
 * Functions that return 0 return -1 with fatal set if the connection must end
 * with these words.
 */

/* Commit what is finished, and answer. */
int receive_commit(struct receive *receive);

/*
 * Returns nonzero if errno shows that descriptors ran out and the call is worth
 * a retry.  The caller then releases the request's descriptors, calls
 * receive_free_descriptors, and retries once.  If EMFILE persisted after the
 * retry, reports the worker as leaking descriptors.
 */
int receive_lacks_descriptors(struct receive *receive, int retried);

/* Close the descriptors that no request needs: commit, forget directories. */
int receive_free_descriptors(struct receive *receive);

/*
 * Give up the content under way, if there is any, for this reason.  Returns
 * nonzero if there was any.
 */
int receive_abandon(struct receive *receive, const struct outcome *why);

/*
 * Nonzero if another connection waits for a partial that this one holds, as the
 * finder's scoreboard says.
 */
int receive_is_wanted(const struct receive *receive);

void receive_release(struct receive *receive);

/*
 * The staging folder is gone, so this process can stage nothing more.  End the
 * connection; the client has to connect again, to another process.  Returns -1.
 */
int receive_lose_staging(struct receive *receive);

/* The peer broke the protocol: what becomes fatal.  Returns -1. */
int receive_fail(struct receive *receive, const char *what);

/* Turn what answer_result and its like return into that of a frame. */
int receive_answered(struct receive *receive, int queued);

/* Answer a request that was not stored. */
int receive_answer(struct receive *receive, uint32_t number, const char *path,
    size_t length, const struct outcome *outcome);

/* The reason in an abort. */
int receive_read_abort(struct receive *receive, const struct conn_frame *frame,
    struct outcome *outcome);

#endif
