/* SPDX-License-Identifier: ISC */
/* The sending half of a session: requests, and the content of files. */
#ifndef CLIENT_CONNECTION_OUTGOING_H
#define CLIENT_CONNECTION_OUTGOING_H

#include <stddef.h>
#include <stdint.h>

#include "client/connection/announcer.h"
#include "client/connection/checksum.h"
#include "client/connection/window.h"
#include "client/display/meter.h"
#include "client/run/request.h"
#include "client/run/run.h"
#include "common/conn.h"
#include "common/io.h"
#include "common/send_file.h"
#include "common/wire.h"

/*
 * Milliseconds between two "waiting" frames.  Source: ftx-protocol(5),
 * LIVENESS: at least every 5 seconds.
 */
#define OUTGOING_WAITING 4000

struct outgoing {
	struct run *run; /* neither is owned */
	struct conn *conn;
	struct window window;
	struct announcer announcer;
	struct checksum checksum;
	size_t early;	/* bytes that may be sent before the greeting */
	size_t largest; /* most bytes of one data frame */
	int greeted;
	int held;      /* no request is sent before the server's features */
	int stopped;   /* no further request is sent */
	int postponed; /* some requests wait for the next connection */
	int is_idle;   /* nothing is left to send but postponed requests */
	/* The file whose content is being sent. */
	int fd;			 /* or -1: none */
	struct request *request; /* NULL: it has its result already */
	struct send_file file;
	struct wire_go kept; /* the server's part, to compare; offset 0: none */
	io_time next_waiting; /* when to send the next "waiting"; 0: at once */
};

enum outgoing_step {
	OUTGOING_MORE, /* call again */
	OUTGOING_FULL, /* flush first */
	OUTGOING_IDLE  /* wait for the server or a source */
};

/* number is the index of the stream in the run, below 64. */
void outgoing_init(struct outgoing *outgoing, struct run *run,
    struct conn *conn, unsigned number);

/*
 * Return requests without a result to the run.  If lost, mark those that were
 * sent whole as uncertain: the server may have stored them.
 */
void outgoing_release(struct outgoing *outgoing, int lost);

/* Queue the hello and the base; for a command, only after its greeting. */
void outgoing_begin(struct outgoing *outgoing);

/* A worker has greeted: count the time of all files from now. */
void outgoing_greet(struct outgoing *outgoing);

/* Queue the next frame. */
enum outgoing_step outgoing_step(struct outgoing *outgoing);

/* The request has its result: send no more of its content. */
void outgoing_cancel(struct outgoing *outgoing, const struct request *request);

/* The server is too busy for this ask: leave it to the next connection. */
void outgoing_postpone(struct outgoing *outgoing, struct request *request);

/* The number of the request being sent or hashed, or else of the next one. */
uint32_t outgoing_current(const struct outgoing *outgoing);

/* What to show of the file being sent, hashed or committed. */
struct meter outgoing_meter(const struct outgoing *outgoing);

/* Nonzero if every request has its result, and no further one is to be sent. */
int outgoing_is_done(const struct outgoing *outgoing);

#endif
