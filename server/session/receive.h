/* SPDX-License-Identifier: ISC */
/* The state of one connection's requests, and the replies to them. */
#ifndef SERVER_SESSION_RECEIVE_H
#define SERVER_SESSION_RECEIVE_H

#include <stdint.h>

#include "common/conn.h"
#include "common/recv_file.h"
#include "server/session/granted.h"
#include "server/store/commit.h"
#include "server/store/destination.h"
#include "server/store/directory.h"
#include "server/store/policy.h"
#include "server/store/staged.h"

/* See ftx-protocol(5), STATES.  After receive_init only frames.c changes it. */
enum receive_state {
	RECEIVE_HELLO,
	RECEIVE_READY,
	RECEIVE_CONTENT,
	RECEIVE_DISCARD,
	RECEIVE_CLOSED,
	RECEIVE_STATES /* the number of states */
};

struct receive {
	struct policy policy;
	struct space_account account;	 /* of what this connection writes */
	struct conn *conn;		 /* not owned */
	const char *peer;		 /* printable; not owned */
	const struct comparer *comparer; /* not owned */
	int compares;	  /* asks may compare with stored files */
	unsigned version; /* of the protocol, on this connection */
	struct partial_finder finder;
	enum receive_state state;
	uint32_t last; /* the highest request number so far */
	struct base base;
	struct directories directories;
	struct granted asks;
	struct commit commit;
	/* The current file, in the states CONTENT and DISCARD: */
	uint32_t number; /* of its request */
	struct staged staged;
	struct recv_file content;
	struct outcome fatal; /* why the connection must end */
	int sick;	      /* the master must replace this process */
	int staging_gone;     /* the staging directory was removed */
};

/*
 * Begin in the state HELLO and version 1.  *receive must be zeroed.  The caller
 * then sets compares, and the finder's shows_foreign.
 */
void receive_init(struct receive *receive, const struct policy *policy,
    struct conn *conn, const char *peer, const struct comparer *comparer);
void receive_release(struct receive *receive);

/*
 * Unless noted, the functions below return 0, or -1 with fatal set if the
 * connection must end.
 */

/* Commit the files of the group, and reply to their requests. */
int receive_commit(struct receive *receive);

/* The same, if the group is due. */
int receive_commit_due(struct receive *receive);

/*
 * Returns nonzero if errno shows that descriptors ran out and retried is 0.
 * The caller then releases the request's descriptors, calls
 * receive_free_descriptors, and retries once.  If the retry fails with EMFILE
 * while few directories are open, this process leaks descriptors: sets sick.
 */
int receive_lacks_descriptors(struct receive *receive, int retried);

/* Commit, and close the directories that no request needs. */
int receive_free_descriptors(struct receive *receive);

/*
 * Returns nonzero if another connection waits for a partial that this one
 * holds, according to the scoreboard.
 */
int receive_is_wanted(const struct receive *receive);

/* Reply to a request that was not stored; path is its destination. */
int receive_reply(struct receive *receive, uint32_t number, const char *path,
    size_t length, const struct outcome *outcome);

/* queued is the result of a reply function.  If it is -1, set fatal. */
int receive_check_queued(struct receive *receive, int queued);

/* The client broke the protocol.  Sets fatal, and returns -1. */
int receive_protocol_error(struct receive *receive, const char *what);

/*
 * The staging directory was removed: this process can store nothing more.  The
 * client must connect again, to another process.  Sets fatal, and returns -1.
 */
int receive_staging_gone(struct receive *receive);

#endif
