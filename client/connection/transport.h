/* SPDX-License-Identifier: ISC */
/* The way to the server: its addresses or a command, and connections. */
#ifndef CLIENT_CONNECTION_TRANSPORT_H
#define CLIENT_CONNECTION_TRANSPORT_H

#include <stdint.h>

#include "client/connection/command.h"
#include "client/connection/lookup.h"
#include "client/settings/command_words.h"
#include "client/settings/options.h"
#include "common/io.h"
#include "common/status.h"

/* Names are looked up once a run, so all its connections go to one host. */
struct transport {
	struct command_words
	    command; /* owned; empty: connections are made by TCP */
	struct lookup remote, local; /* local may be empty */
	const char *from;	     /* local as it was given; not owned */
	int64_t connect_timeout;
	int64_t spent; /* on the look-up; counts for the first connection */
};

/*
 * Look up the names, within connect_timeout.  The time that it took counts for
 * the first connection.  Returns 0, or -1 with outcome, also if a signal ended
 * the run.
 */
int transport_open(struct transport *transport, const char *host,
    const struct options *options, struct outcome *outcome);
void transport_close(struct transport *transport);

/* One connection: descriptors that do not block, and may be one. */
struct transport_link {
	int in, out;
	pid_t pid;			     /* of the command, or 0 */
	const struct lookup_address *remote; /* the address being tried */
	io_time due;			     /* when that try ends */
	int64_t spent;			     /* of the next try's time */
	struct outcome outcome;		     /* of what was tried before */
};

/* Nothing is tried before the first transport_connect. */
void transport_begin(struct transport *transport, struct transport_link *link);

enum transport_event {
	TRANSPORT_CONNECTED,
	TRANSPORT_CONNECTING, /* again when out can be written to, or when due
			       */
	TRANSPORT_FAILED      /* see the outcome of the link */
};

/*
 * Go on to connect to the first address that accepts, without waiting, or start
 * the command.  The outcome is STATUS_UNTRIED where the local address is all
 * that is in the way.  Unless it has failed, transport_disconnect is to be
 * called in the end.
 */
enum transport_event transport_connect(
    const struct transport *transport, struct transport_link *link);

/*
 * Close it.  Before the server has greeted, the connection is reset: a worker
 * that accepts it later stores nothing that was sent early.  A command that
 * ended before the server had greeted is as a connection that could not be
 * made; outcome, where it is STATUS_LOST, says so then, and how the command
 * ended in any case.
 */
void transport_disconnect(const struct transport *transport,
    struct transport_link *link, int greeted, struct outcome *outcome);

#endif
