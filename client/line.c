/* SPDX-License-Identifier: ISC */
/* One line to the server: a connection, and the next when that is lost. */
#include "client/line.h"

#include <string.h>

void
line_init(struct line *line, struct transfer *transfer,
    struct transport *transport, unsigned number, uint32_t seed)
{
	const struct options *options = transfer->options;
	io_time now = io_now();

	memset(line, 0, sizeof(*line));
	line->transfer = transfer;
	line->transport = transport;
	line->number = number;
	line->state = LINE_PAUSED;
	line->since = line->due = now;
	retry_init(
	    &line->retry, options->queue_timeout, options->retry, seed, now);
}

/* Go on connecting; then begin. */
static enum line_event
connect_line(struct line *line, struct outcome *outcome)
{
	const struct stream_limits limits = {
	    line->retry.since, line->retry.since + line->retry.queue_timeout};

	switch (transport_connect(line->transport, &line->link)) {
	case TRANSPORT_CONNECTED:
		break;
	case TRANSPORT_CONNECTING:
		return LINE_WAITING;
	default:
		*outcome = line->link.outcome;
		line->state = LINE_CLOSED;
		return LINE_FAILED;
	}
	line->state = LINE_OPEN;
	if (stream_begin(&line->stream, line->transfer, line->number,
		line->link.in, line->link.out, &limits, outcome) == 0)
		return LINE_MORE;
	line_close(line, outcome);
	return LINE_FAILED;
}

/* One that is not open. */
static enum line_event
step_closed(struct line *line, struct outcome *outcome)
{
	io_time now = io_now();

	/* Others have done its work. */
	if (transfer_is_exhausted(line->transfer)) {
		line_close(line, outcome);
		return LINE_ENDED;
	}
	if (line->state == LINE_CONNECTING)
		return connect_line(line, outcome);
	if (now < line->due)
		return LINE_WAITING;
	line->state = LINE_CONNECTING;
	line->since = now;
	line->attempt = (struct attempt){.status = STATUS_UNREACHABLE};
	transport_begin(line->transport, &line->link);
	return connect_line(line, outcome);
}

enum line_event
line_step(struct line *line, struct outcome *outcome)
{
	if (line->state == LINE_CLOSED)
		return LINE_WAITING;
	if (line->state != LINE_OPEN)
		return step_closed(line, outcome);
	switch (stream_step(&line->stream, outcome)) {
	case STREAM_MORE:
		return LINE_MORE;
	case STREAM_WAITING:
		return LINE_WAITING;
	case STREAM_ENDED:
		outcome->status = STATUS_STORED;
		line_close(line, outcome);
		return LINE_ENDED;
	default:
		line_close(line, outcome);
		return LINE_FAILED;
	}
}

void
line_close(struct line *line, struct outcome *outcome)
{
	enum line_state state = line->state;

	line->state = LINE_CLOSED;
	if (state == LINE_CONNECTING)
		transport_disconnect(line->transport, &line->link, 0, outcome);
	if (state != LINE_OPEN)
		return;
	line->attempt.greeted = stream_is_greeted(&line->stream);
	line->attempt.progressed = stream_end(&line->stream) > 0;
	transport_disconnect(
	    line->transport, &line->link, line->attempt.greeted, outcome);
	line->attempt.connected = outcome->status != STATUS_UNREACHABLE;
	line->attempt.status = outcome->status;
}

int64_t
line_retry(struct line *line)
{
	io_time now = io_now();
	int64_t delay = retry_after(&line->retry, &line->attempt, now);

	/* What was read of standard input does not come again. */
	if (delay < 0 || line->transfer->spent)
		return -1;
	line->state = LINE_PAUSED;
	line->since = now;
	line->due = now + delay;
	return delay;
}

io_time
line_await(const struct line *line, struct pollfd *wait)
{
	if (line->state == LINE_OPEN)
		return stream_await(&line->stream, wait);
	for (int i = 0; i < CONN_POLLS; i++)
		wait[i] = (struct pollfd){.fd = -1};
	if (line->state == LINE_CONNECTING) {
		wait[0] =
		    (struct pollfd){.fd = line->link.out, .events = POLLOUT};
		return line->link.due;
	}
	return line->state == LINE_PAUSED ? line->due : IO_NEVER;
}
