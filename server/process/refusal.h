/* SPDX-License-Identifier: ISC */
/* Clients that are sent away: told why at once, closed a little later. */
#ifndef SERVER_PROCESS_REFUSAL_H
#define SERVER_PROCESS_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/status.h"
#include "server/shared/log_limit.h"

/* So many wait to be closed; beyond that the oldest is closed at once. */
#define REFUSAL_MAX 16

/* What a client has sent meanwhile is read, so that no reset destroys the
 * words before they are read; see ftx-protocol(5), ENDING. */
#define REFUSAL_TIME 250 /* milliseconds */
#define REFUSAL_BYTES (256 * 1024)

/* The oldest first.  Zeroed memory has none. */
struct refusals {
	struct {
		int fd; /* owned */
		io_time until;
	} waiting[REFUSAL_MAX];
	size_t count;
	struct log_limit lines;
};

/*
 * Greet a client on a socket that does not block, which is owned from now on,
 * only to send it away: busy, or not admitted.  Never waits.
 */
void refusal_add(struct refusals *refusals, int fd, const char *peer,
    uint64_t max_size, const struct outcome *why);

/* Close those whose time is over by now, and tell of the others in the log;
 * IO_NEVER: all. */
void refusal_expire(struct refusals *refusals, io_time now);

#endif
