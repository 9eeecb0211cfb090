/* SPDX-License-Identifier: ISC */
/* One of -j streams: a connection, and the next one when it is lost. */
#include "client/connection/stream.h"

#include <string.h>

void
stream_init(struct stream *stream, struct run *run, struct transport *transport,
    unsigned number, uint32_t seed)
{
	const struct options *options = run->options;
	io_time now = io_now();

	memset(stream, 0, sizeof(*stream));
	stream->run = run;
	stream->transport = transport;
	stream->number = number;
	stream->state = STREAM_PAUSED;
	stream->since = stream->due = now;
	retry_init(
	    &stream->retry, options->queue_timeout, options->retry, seed, now);
}

/* Continue to connect; once connected, begin a session. */
static enum stream_event
connect_stream(struct stream *stream, struct outcome *outcome)
{
	const struct session_limits limits = {stream->retry.since,
	    stream->retry.since + stream->retry.queue_timeout};

	switch (transport_connect(stream->transport, &stream->link)) {
	case TRANSPORT_CONNECTED:
		break;
	case TRANSPORT_CONNECTING:
		return STREAM_WAITING;
	default:
		*outcome = stream->link.outcome;
		stream->state = STREAM_CLOSED;
		return STREAM_FAILED;
	}
	stream->state = STREAM_OPEN;
	if (session_begin(&stream->session, stream->run, stream->number,
		stream->link.in, stream->link.out, &limits, outcome) == 0)
		return STREAM_MORE;
	stream_close(stream, outcome);
	return STREAM_FAILED;
}

static enum stream_event
step_unconnected(struct stream *stream, struct outcome *outcome)
{
	io_time now = io_now();

	/* The other streams have done all the work. */
	if (run_is_exhausted(stream->run)) {
		stream_close(stream, outcome);
		return STREAM_ENDED;
	}
	if (stream->state == STREAM_CONNECTING)
		return connect_stream(stream, outcome);
	if (now < stream->due)
		return STREAM_WAITING;
	stream->state = STREAM_CONNECTING;
	stream->since = now;
	stream->attempt = (struct attempt){.status = STATUS_UNREACHABLE};
	transport_begin(stream->transport, &stream->link);
	return connect_stream(stream, outcome);
}

enum stream_event
stream_step(struct stream *stream, struct outcome *outcome)
{
	if (stream->state == STREAM_CLOSED)
		return STREAM_WAITING;
	if (stream->state != STREAM_OPEN)
		return step_unconnected(stream, outcome);
	switch (session_step(&stream->session, outcome)) {
	case SESSION_MORE:
		return STREAM_MORE;
	case SESSION_WAITING:
		return STREAM_WAITING;
	case SESSION_ENDED:
		outcome->status = STATUS_STORED;
		stream_close(stream, outcome);
		return STREAM_ENDED;
	default:
		stream_close(stream, outcome);
		return STREAM_FAILED;
	}
}

void
stream_close(struct stream *stream, struct outcome *outcome)
{
	enum stream_state state = stream->state;

	stream->state = STREAM_CLOSED;
	if (state == STREAM_CONNECTING)
		transport_disconnect(
		    stream->transport, &stream->link, 0, outcome);
	if (state != STREAM_OPEN)
		return;
	stream->attempt.greeted = session_is_greeted(&stream->session);
	stream->attempt.progressed = session_end(&stream->session) > 0;
	transport_disconnect(
	    stream->transport, &stream->link, stream->attempt.greeted, outcome);
	stream->attempt.connected = outcome->status != STATUS_UNREACHABLE;
	stream->attempt.status = outcome->status;
}

int64_t
stream_retry(struct stream *stream)
{
	io_time now = io_now();
	int64_t delay = retry_after(&stream->retry, &stream->attempt, now);

	/* Standard input cannot be read again. */
	if (delay < 0 || stream->run->spent)
		return -1;
	stream->state = STREAM_PAUSED;
	stream->since = now;
	stream->due = now + delay;
	return delay;
}

io_time
stream_await(const struct stream *stream, struct pollfd *wait)
{
	if (stream->state == STREAM_OPEN)
		return session_await(&stream->session, wait);
	for (int i = 0; i < CONN_POLLS; i++)
		wait[i] = (struct pollfd){.fd = -1};
	if (stream->state == STREAM_CONNECTING) {
		wait[0] =
		    (struct pollfd){.fd = stream->link.out, .events = POLLOUT};
		return stream->link.due;
	}
	return stream->state == STREAM_PAUSED ? stream->due : IO_NEVER;
}
