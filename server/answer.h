/* SPDX-License-Identifier: ISC */
/* What the server says: to the client as a frame in its queue, and to the log.
 */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

#include <stdint.h>

#include "common/conn.h"
#include "common/status.h"

/*
 * Each returns 0, or -1 if there is no room, which a caller that stops at
 * WIRE_ANSWERS_MAX unsent bytes never sees.
 */
int answer_features(struct conn *conn);
int answer_based(struct conn *conn, const struct wire_based *based);
int answer_go(struct conn *conn, uint32_t request, const struct wire_go *go);
int answer_working(struct conn *conn);
int answer_fatal(struct conn *conn, const struct outcome *outcome);

/*
 * The result of a request, which the log tells too: path is where it went or
 * would have gone, peer the client's printable address.  What stores no file
 * has a line only as answer_may_log says.
 */
struct answer_subject {
	const char *peer;
	uint32_t request;
	const char *path;
	size_t length;
};

int answer_failed(struct conn *conn, const struct answer_subject *subject,
    const struct outcome *outcome);
int answer_stored(struct conn *conn, const struct answer_subject *subject,
    const struct wire_end *stored, int durable);

/*
 * Nonzero if a line may be logged that a client has brought about without
 * storing a file; if not, it is counted.  answer_sum_up logs how many were, and
 * is to be called when the connection ends.
 */
int answer_may_log(const char *peer);
void answer_sum_up(const char *peer);

/* The first words of a connection. */
void answer_greeting(
    struct conn *conn, enum wire_greeting_state state, uint64_t max_size);

#endif
