/* SPDX-License-Identifier: ISC */
/* What the server says: to the client as a frame in its queue, and to the log.
 */
#ifndef SERVER_SESSION_REPLY_H
#define SERVER_SESSION_REPLY_H

#include <stdint.h>

#include "common/conn.h"
#include "common/status.h"

/*
 * Each returns 0, or -1 if there is no room, which a caller that stops at
 * WIRE_RESULTS_MAX unsent bytes never sees.
 */
int reply_features(struct conn *conn);
int reply_based(struct conn *conn, const struct wire_based *based);
int reply_go(struct conn *conn, uint32_t request, const struct wire_go *go);
int reply_working(struct conn *conn);
int reply_fatal(struct conn *conn, const struct outcome *outcome);

/*
 * The result of a request, which is also logged.  path is where the file went
 * or would have gone, and peer the client's printable address.  A stored file
 * always has a line; other results have one only if reply_may_log permits it.
 */
struct reply_subject {
	const char *peer;
	uint32_t request;
	const char *path;
	size_t length;
};

int reply_failed(struct conn *conn, const struct reply_subject *subject,
    const struct outcome *outcome);
int reply_stored(struct conn *conn, const struct reply_subject *subject,
    const struct wire_end *stored, int durable);

/*
 * Returns nonzero if one more line may be logged that a client caused without
 * storing a file; otherwise counts it as left out.  reply_sum_up logs how many
 * were left out, and is to be called when the connection ends.
 */
int reply_may_log(const char *peer);
void reply_sum_up(const char *peer);

/* The first words of a connection. */
void reply_greeting(
    struct conn *conn, enum wire_greeting_state state, uint64_t max_size);

#endif
