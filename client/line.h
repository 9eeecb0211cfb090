/* SPDX-License-Identifier: ISC */
/* One line to the server: a connection, and the next when that is lost. */
#ifndef CLIENT_LINE_H
#define CLIENT_LINE_H

#include "client/retry.h"
#include "client/stream.h"
#include "client/transport.h"

/* In the order of what they have to say. */
enum line_state {
	LINE_CLOSED, /* for good, unless it is opened again */
	LINE_PAUSED, /* to be connected when it is due */
	LINE_CONNECTING,
	LINE_OPEN
};

struct line {
	struct transfer *transfer; /* neither is owned */
	struct transport *transport;
	unsigned number; /* among those of the run */
	enum line_state state;
	struct transport_link link;
	struct stream stream;
	struct retry retry;
	struct attempt attempt; /* how the last connection went */
	io_time since, due;	/* it is paused; or since when it connects */
};

/* It is paused, and due at once. */
void line_init(struct line *line, struct transfer *transfer,
    struct transport *transport, unsigned number, uint32_t seed);

enum line_event {
	LINE_MORE,    /* there is more to do at once */
	LINE_WAITING, /* nothing until line_await says so */
	LINE_ENDED,   /* nothing was left to do: it is closed */
	LINE_FAILED   /* its connection failed: it is closed, see outcome */
};

/* Do what can be done now, which may be to connect. */
enum line_event line_step(struct line *line, struct outcome *outcome);

/*
 * After LINE_FAILED: pause, and return how long, in milliseconds, if another
 * connection may go better; otherwise -1.
 */
int64_t line_retry(struct line *line);

/* What to wait for, and no longer than until this.  Fills CONN_POLLS. */
io_time line_await(const struct line *line, struct pollfd *wait);

/* Close it, whatever is under way; that goes back to the transfer. */
void line_close(struct line *line, struct outcome *outcome);

#endif
