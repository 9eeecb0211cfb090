/* SPDX-License-Identifier: ISC */
/* One of -j streams: a connection, and the next one when it is lost. */
#ifndef CLIENT_CONNECTION_STREAM_H
#define CLIENT_CONNECTION_STREAM_H

#include "client/connection/session.h"
#include "client/connection/transport.h"
#include "client/run/retry.h"

/* In ascending order: the highest state is shown. */
enum stream_state {
	STREAM_CLOSED, /* permanently, unless stream_retry follows */
	STREAM_PAUSED, /* connects when due is reached */
	STREAM_CONNECTING,
	STREAM_OPEN
};

struct stream {
	struct run *run; /* neither is owned */
	struct transport *transport;
	unsigned number; /* among the streams of the run */
	enum stream_state state;
	struct transport_link link;
	struct session session;
	struct retry retry;
	struct attempt attempt; /* the result of the last connection */
	io_time since; /* when the pause or the attempt to connect began */
	io_time due;   /* when the pause ends */
};

/* The stream begins paused, and is due at once. */
void stream_init(struct stream *stream, struct run *run,
    struct transport *transport, unsigned number, uint32_t seed);

enum stream_event {
	STREAM_MORE,	/* call again at once */
	STREAM_WAITING, /* call stream_await, and wait */
	STREAM_ENDED,	/* nothing is left to do; the stream is closed */
	STREAM_FAILED	/* see outcome; the stream is closed */
};

/* Connect, send and receive without waiting. */
enum stream_event stream_step(struct stream *stream, struct outcome *outcome);

/*
 * After STREAM_FAILED: pause before the next connection.  Returns the
 * milliseconds of the pause, or -1 if the stream stays closed.
 */
int64_t stream_retry(struct stream *stream);

/* Fill in CONN_POLLS descriptors to wait for.  Returns the deadline. */
io_time stream_await(const struct stream *stream, struct pollfd *wait);

/* Close the stream; requests without a result go back to the run. */
void stream_close(struct stream *stream, struct outcome *outcome);

#endif
