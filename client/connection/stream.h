/* SPDX-License-Identifier: ISC */
/* One line to the server: a connection, and the next when that is lost. */
#ifndef CLIENT_CONNECTION_STREAM_H
#define CLIENT_CONNECTION_STREAM_H

#include "client/connection/session.h"
#include "client/connection/transport.h"
#include "client/run/retry.h"

/* In the order of what they have to say. */
enum stream_state {
	STREAM_CLOSED, /* for good, unless it is opened again */
	STREAM_PAUSED, /* to be connected when it is due */
	STREAM_CONNECTING,
	STREAM_OPEN
};

struct stream {
	struct run *run; /* neither is owned */
	struct transport *transport;
	unsigned number; /* among those of the run */
	enum stream_state state;
	struct transport_link link;
	struct session session;
	struct retry retry;
	struct attempt attempt; /* how the last connection went */
	io_time since, due;	/* it is paused; or since when it connects */
};

/* It is paused, and due at once. */
void stream_init(struct stream *stream, struct run *run,
    struct transport *transport, unsigned number, uint32_t seed);

enum stream_event {
	STREAM_MORE,	/* there is more to do at once */
	STREAM_WAITING, /* nothing until stream_await says so */
	STREAM_ENDED,	/* nothing was left to do: it is closed */
	STREAM_FAILED	/* its connection failed: it is closed, see outcome */
};

/* Do what can be done now, which may be to connect. */
enum stream_event stream_step(struct stream *stream, struct outcome *outcome);

/*
 * After STREAM_FAILED: pause, and return how long, in milliseconds, if another
 * connection may go better; otherwise -1.
 */
int64_t stream_retry(struct stream *stream);

/* What to wait for, and no longer than until this.  Fills CONN_POLLS. */
io_time stream_await(const struct stream *stream, struct pollfd *wait);

/* Close it, whatever is under way; that goes back to the transfer. */
void stream_close(struct stream *stream, struct outcome *outcome);

#endif
