/* SPDX-License-Identifier: ISC */
/* The receiving half of a session: the server's frames, and their effects. */
#ifndef CLIENT_CONNECTION_RESULTS_H
#define CLIENT_CONNECTION_RESULTS_H

#include <stdint.h>

#include "client/connection/outgoing.h"
#include "client/run/run.h"
#include "common/conn.h"
#include "common/status.h"

struct results {
	struct run *run; /* neither is owned */
	struct outgoing *outgoing;
	unsigned version; /* of the protocol, in this session */
	int has_features; /* the server has sent its features */
	int has_based;	  /* the server has replied to the base */
	int is_refused;	  /* the greeting refused us: a reason must follow */
	int is_fatal;	  /* the server has ended the session with a reason */
};

/*
 * Check that a server with these features can do what the user asked for.
 * Returns 0, or -1 with outcome.
 */
int results_check_features(
    const struct results *results, uint64_t features, struct outcome *outcome);

/*
 * Act on one frame.  Returns 0, or -1 with outcome if the frame ends the
 * session.
 */
int results_handle(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome);

#endif
