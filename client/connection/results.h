/* SPDX-License-Identifier: ISC */
/* What comes in on one connection, and what it means for the requests. */
#ifndef CLIENT_CONNECTION_RESULTS_H
#define CLIENT_CONNECTION_RESULTS_H

#include "client/connection/outgoing.h"
#include "client/run/run.h"
#include "common/conn.h"
#include "common/status.h"

struct results {
	struct run *run; /* neither is owned */
	struct outgoing *outgoing;
	unsigned version; /* of the protocol, on this connection */
	int featured;	  /* the server's features have come */
	int refusing;	  /* the greeting said so */
	int based;	  /* the base was answered */
	int fatal;	  /* the server's last words were heard */
};

/*
 * Check that a server with these features can do what the user asked for.
 * Returns 0, or -1 with outcome.
 */
int results_check_features(
    const struct results *results, uint64_t features, struct outcome *outcome);

/*
 * Take one frame.  Returns 0, or -1 with outcome if the connection has come to
 * its end with it.
 */
int results_take(struct results *results, const struct conn_frame *frame,
    struct outcome *outcome);

#endif
