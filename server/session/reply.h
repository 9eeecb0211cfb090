/* SPDX-License-Identifier: ISC */
/* Replies: queue a frame for the client, and log the result of a request. */
#ifndef SERVER_SESSION_REPLY_H
#define SERVER_SESSION_REPLY_H

#include <stdint.h>

#include "common/conn.h"
#include "common/status.h"
#include "server/store/commit.h"

/*
 * Each returns 0, or -1 if the queue has no room.  To keep room, the session
 * handles no frames while more than WIRE_RESULTS_MAX bytes are unsent.
 */
int reply_features(struct conn *conn);
int reply_based(struct conn *conn, const struct wire_based *based);
int reply_go(struct conn *conn, uint32_t request, const struct wire_go *go);
int reply_working(struct conn *conn);
int reply_fatal(struct conn *conn, const struct outcome *outcome);

/*
 * The request that a result belongs to.  Each result of a stored file is also
 * logged; other results are logged only if reply_may_log permits it.
 */
struct reply_subject {
	const char *peer; /* the client's printable address */
	uint32_t request;
	const char *path; /* the destination, without a NUL */
	size_t length;
};

int reply_failed(struct conn *conn, const struct reply_subject *subject,
    const struct outcome *outcome);

/*
 * Queue the results of all files of the group, after commit_run.  Returns 0, or
 * -1 if the queue had no room for one of them.
 */
int reply_committed(
    struct conn *conn, const char *peer, const struct commit *commit);

/*
 * Limit the lines that a client causes without storing a file.  reply_may_log
 * returns nonzero if one more may be logged, and otherwise counts it as left
 * out.  At the end of the connection, reply_log_left_out logs that count.
 */
int reply_may_log(const char *peer);
void reply_log_left_out(const char *peer);

/* Queue the server's preamble. */
void reply_greeting(
    struct conn *conn, enum wire_greeting_state state, uint64_t max_size);

#endif
