/* SPDX-License-Identifier: ISC */
/* Announce sources to the server: open the next one and queue its request. */
#ifndef CLIENT_CONNECTION_ANNOUNCER_H
#define CLIENT_CONNECTION_ANNOUNCER_H

#include <stdint.h>
#include <sys/stat.h>

#include "client/connection/window.h"
#include "client/run/request.h"
#include "client/run/run.h"
#include "client/sources/source.h"
#include "common/conn.h"
#include "common/status.h"
#include "common/wire.h"

/* The payload of the longest request. */
#define ANNOUNCER_ROOM (WIRE_REQUEST_SIZE + WIRE_PATH_MAX)

struct announcer {
	struct run *run; /* none of the three is owned */
	struct conn *conn;
	struct window *window;
	uint64_t connection; /* the bit 1 << number */
};

/* An open source; nothing of it was read yet. */
struct announcer_source {
	struct request *request; /* in the window */
	int fd;			 /* the caller closes it; -1: standard input */
	struct stat found;	 /* unless it is standard input */
};

/* number is the index of the stream in the run, below 64. */
void announcer_init(struct announcer *announcer, struct run *run,
    struct conn *conn, struct window *window, unsigned number);

enum announcer_event {
	ANNOUNCER_IDLE,	 /* nothing is left for this connection now */
	ANNOUNCER_MORE,	 /* a request was queued or reported: call again */
	ANNOUNCER_SOURCE /* a file is open, and its request is to be queued */
};

/*
 * Announce the next request: one left by an earlier connection, or one for the
 * next source in the queue.  A directory's request is queued here; a file is
 * opened and returned in source.  The caller has reserved ANNOUNCER_ROOM.
 */
enum announcer_event announcer_next(
    struct announcer *announcer, struct announcer_source *source);

/*
 * Queue the request for a file.  The caller has reserved ANNOUNCER_ROOM.
 * Returns nonzero if the request is an ask.  Otherwise the caller sends the
 * content at once.
 */
int announcer_queue(struct announcer *announcer, struct request *request);

/*
 * Open the source of a request once more.  Returns SOURCE_FILE with source,
 * or another kind with outcome.
 */
enum source_kind announcer_open(const struct announcer *announcer,
    struct request *request, struct announcer_source *source,
    struct outcome *outcome);

#endif
