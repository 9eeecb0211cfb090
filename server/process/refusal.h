/* SPDX-License-Identifier: ISC */
/* Refused clients: send the reason at once, close the socket later. */
#ifndef SERVER_PROCESS_REFUSAL_H
#define SERVER_PROCESS_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/status.h"
#include "server/shared/log_limit.h"

/* The most sockets kept open; the next refusal closes the oldest one. */
#define REFUSAL_MAX 16

/*
 * A refused socket stays open for REFUSAL_TIME.  Then ftxd reads and discards
 * up to REFUSAL_BYTES, and closes it.  A close with unread bytes would reset
 * the connection, and the client could lose the reason; see ftx-protocol(5),
 * ENDING.
 */
#define REFUSAL_TIME 250 /* milliseconds */
#define REFUSAL_BYTES (256 * 1024)

/* Refused sockets, the oldest first.  Zeroed memory is empty. */
struct refusals {
	struct {
		int fd; /* owned */
		io_time until;
	} waiting[REFUSAL_MAX];
	size_t count;
	struct log_limit lines;
};

/*
 * Send the greeting and the reason without waiting.  Takes ownership of fd, a
 * nonblocking socket.
 */
void refusal_add(struct refusals *refusals, int fd, const char *peer,
    uint64_t max_size, const struct outcome *why);

/*
 * Close the sockets whose time has passed, and log how many refusals the log
 * limit left out.  IO_NEVER closes all.
 */
void refusal_expire(struct refusals *refusals, io_time now);

#endif
