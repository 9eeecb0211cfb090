/* SPDX-License-Identifier: ISC */
/* The way to the server: its addresses, and connections to them. */
#ifndef CLIENT_TRANSPORT_H
#define CLIENT_TRANSPORT_H

#include <netdb.h>
#include <stdint.h>

#include "client/options.h"
#include "common/status.h"

/* Names are looked up once a run, so all its connections go to one host. */
struct transport {
	struct addrinfo *remote, *local; /* owned; local may be NULL */
	const char *from;		 /* local as it was given; not owned */
	int64_t connect_timeout;
};

/* Returns 0, or -1 with outcome. */
int transport_open(struct transport *transport, const char *host,
    const struct options *options, struct outcome *outcome);
void transport_close(struct transport *transport);

/*
 * Connect to the first address that accepts.  Returns a descriptor that does
 * not block, or -1 with outcome, also when a signal was caught.  The status is
 * STATUS_UNTRIED where the local address is all that is in the way.
 */
int transport_connect(
    const struct transport *transport, struct outcome *outcome);

#endif
