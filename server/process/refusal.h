/* SPDX-License-Identifier: ISC */
/* Refused clients: send the reason at once, close the socket later. */
#ifndef SERVER_PROCESS_REFUSAL_H
#define SERVER_PROCESS_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/status.h"
#include "server/shared/log_limit.h"

/* The most sockets that wait to be closed; one more closes the oldest. */
#define REFUSAL_MAX 16

/*
 * The socket stays open for REFUSAL_TIME.  Then up to REFUSAL_BYTES that the
 * client has sent are read, because a close with unread bytes resets the
 * connection, and the client may lose the reason; see ftx-protocol(5), ENDING.
 */
#define REFUSAL_TIME 250 /* milliseconds */
#define REFUSAL_BYTES (256 * 1024)

/* The oldest first.  Zeroed memory is empty. */
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
