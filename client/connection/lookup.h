/* SPDX-License-Identifier: ISC */
/* Look up the addresses of a host, within a time limit. */
#ifndef CLIENT_CONNECTION_LOOKUP_H
#define CLIENT_CONNECTION_LOOKUP_H

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/io.h"

/* The most addresses of a host; lookup ignores further ones. */
#define LOOKUP_MOST 16

struct lookup_address {
	socklen_t length;
	struct sockaddr_storage address;
};

struct lookup {
	size_t count;
	struct lookup_address addresses[LOOKUP_MOST];
	int error;  /* of getaddrinfo(3), or 0 */
	int system; /* errno with EAI_SYSTEM */
};

enum lookup_event {
	LOOKUP_FOUND,
	LOOKUP_FAILED,	   /* *reason is valid until the next call */
	LOOKUP_TIMEOUT,	   /* no reply came before the deadline */
	LOOKUP_INTERRUPTED /* a signal ends the run */
};

/*
 * Find the addresses of a host.  hints are for getaddrinfo(3).  Because it has
 * no time limit, a child process looks up names.  The child has ended when
 * lookup returns.
 */
enum lookup_event lookup(struct lookup *found, const char *host,
    const char *port, const struct addrinfo *hints, io_time deadline,
    const char **reason);

#endif
