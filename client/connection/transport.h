/* SPDX-License-Identifier: ISC */
/* Connect to the server: by TCP, or over a command. */
#ifndef CLIENT_CONNECTION_TRANSPORT_H
#define CLIENT_CONNECTION_TRANSPORT_H

#include <stdint.h>

#include "client/connection/command.h"
#include "client/connection/lookup.h"
#include "client/settings/command_words.h"
#include "client/settings/options.h"
#include "common/io.h"
#include "common/status.h"

/* Names are looked up once a run, so all streams reach the same host. */
struct transport {
	struct command_words command; /* owned; empty: TCP */
	struct lookup remote, local;  /* local may be empty */
	const char *from;	      /* the setting bind; not owned */
	int64_t connect_timeout;
	int64_t spent; /* milliseconds that the look-up took */
};

/*
 * Look up the names.  For the first connection, connect_timeout includes the
 * look-up.  Returns 0, or -1 with outcome, also if a signal ends the run.
 */
int transport_open(struct transport *transport, const char *host,
    const struct options *options, struct outcome *outcome);
void transport_close(struct transport *transport);

/* One connection.  Its two descriptors do not block, and may be the same. */
struct transport_link {
	int in, out;
	pid_t pid;			     /* of the command, or 0 */
	const struct lookup_address *remote; /* the address being tried */
	io_time due;			     /* when that attempt times out */
	int64_t spent; /* milliseconds to subtract from the next attempt */
	struct outcome outcome; /* of earlier attempts */
};

/* Prepare a connection; transport_connect makes it. */
void transport_begin(struct transport *transport, struct transport_link *link);

enum transport_event {
	TRANSPORT_CONNECTED,
	TRANSPORT_CONNECTING, /* call again when out is writable, or at due */
	TRANSPORT_FAILED      /* see link->outcome */
};

/*
 * Start the command, or try one address after the other, without waiting.  If
 * only the local address was unsuitable, the outcome is STATUS_UNTRIED.  Unless
 * this fails, call transport_disconnect in the end.
 */
enum transport_event transport_connect(
    const struct transport *transport, struct transport_link *link);

/*
 * Close the connection.  If the server has not greeted, reset the connection.
 * Otherwise a worker that accepts it later could store what was sent early.
 *
 * If outcome is STATUS_LOST and a command was used, replace its text by how the
 * command exited.  If the server has not greeted, assume that the command could
 * not connect: outcome becomes STATUS_UNREACHABLE.
 */
void transport_disconnect(const struct transport *transport,
    struct transport_link *link, int greeted, struct outcome *outcome);

#endif
