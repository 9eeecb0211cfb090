/* SPDX-License-Identifier: ISC */
/* One connection, from hello to bye: both directions, and their time limits. */
#include "client/stream.h"

#include <errno.h>
#include <string.h>

#include "client/interrupt.h"
#include "common/text.h"

/* Milliseconds before it is said that a worker is waited for. */
#define PATIENCE 1000

/* The same for a command, which may have to log in first. */
#define COMMAND_PATIENCE 5000

/* How long sources are read before what came of it is sent. */
#define TURN 100

/* How often is read before anything else gets its turn. */
#define READS 16

/* How long last words are waited for after a write has failed. */
#define LAST_WORDS 5000

/*
 * Until it has greeted, a command may be anything, even a shell.  So nothing is
 * sent to it before.
 */
static int
is_command(const struct stream *stream)
{
	return stream->transfer->options->command != NULL;
}

static int
fail(struct stream *stream, enum status status, const char *text)
{
	outcome_set(stream->outcome, status, "%s", text);
	return -1;
}

static int
fail_lost(struct stream *stream, int error)
{
	if (stream->write_error != 0)
		error = stream->write_error;
	outcome_set(stream->outcome, STATUS_LOST, "%s%s",
	    error != 0 ? strerror(error) : "the server ended it",
	    stream->feed.greeted ? "" : ", before its greeting");
	return -1;
}

static int
judge_greeting(struct stream *stream)
{
	struct wire_greeting greeting;

	if (wire_read_greeting(stream->greeting.bytes, &greeting) == -1 ||
	    greeting.state > WIRE_REFUSING)
		return fail(stream, STATUS_PROTOCOL, "bad greeting");
	stream->answers.version =
	    wire_common_version(greeting.lowest, greeting.highest);
	if (stream->answers.version == 0) {
		outcome_set(stream->outcome, STATUS_VERSION,
		    "the server speaks versions %u to %u, ftx speaks %d to %d",
		    greeting.lowest, greeting.highest, WIRE_LOWEST,
		    WIRE_HIGHEST);
		return -1;
	}
	stream->answers.refusing = greeting.state == WIRE_REFUSING;
	if (stream->answers.version < 2 && !stream->answers.refusing &&
	    answers_check_features(&stream->answers, 0, stream->outcome) == -1)
		return -1;
	stream->feed.stopped = stream->answers.refusing;
	if (is_command(stream) && !stream->answers.refusing)
		feed_begin(&stream->feed);
	feed_greet(&stream->feed);
	silence_heard(&stream->silence, 0, io_now());
	return 0;
}

/* The peer is not ftxd; show the first line that it sent. */
static int
fail_foreign(struct stream *stream)
{
	char said[GREETING_SHOWN];

	outcome_set(stream->outcome, STATUS_FOREIGN,
	    "%sanswered, but not as ftxd: \"%s\"",
	    is_command(stream) ? "the command " : "",
	    greeting_show(&stream->greeting, said,
		stream->transfer->progress.terminal.set));
	return -1;
}

/* Take what has come of the greeting.  Returns 0, or -1 with outcome. */
static int
take_greeting(struct stream *stream)
{
	switch (greeting_take(&stream->greeting, &stream->conn, io_now())) {
	case GREETING_WHOLE:
		return judge_greeting(stream);
	case GREETING_FOREIGN:
		return fail_foreign(stream);
	default:
		return 0;
	}
}

/* Take everything that is buffered. */
static int
take_input(struct stream *stream)
{
	io_time now = io_now();
	struct conn_frame frame;
	enum conn_event event;

	if (!stream->feed.greeted && take_greeting(stream) == -1)
		return -1;
	if (!stream->feed.greeted)
		return 0;
	for (;;) {
		event = conn_next(&stream->conn, &frame);
		if (event == CONN_NOTHING)
			return 0;
		if (event == CONN_MALFORMED)
			return fail(stream, STATUS_PROTOCOL, frame.reason);
		silence_heard(
		    &stream->silence, frame.type == WIRE_WORKING, now);
		if (answers_take(&stream->answers, &frame, stream->outcome) ==
		    -1)
			return -1;
	}
}

/* Read and take all that has come. */
static int
read_input(struct stream *stream)
{
	ssize_t got;

	for (int i = 0; i < READS; i++) {
		got = conn_fill(&stream->conn);
		if (got == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (got <= 0 && !greeting_is_possible(&stream->greeting))
			return fail_foreign(stream);
		if (got <= 0)
			return fail_lost(stream, got == -1 ? errno : 0);
		stream->has_read = 1;
		if (take_input(stream) == -1)
			return -1;
	}
	return 0;
}

/* Nothing that is said here would be heard. */
static int
is_silent(const struct stream *stream)
{
	return stream->write_error != 0 || stream->answers.refusing;
}

/* Write as much as the limit on the rate allows.  Returns 0, or -1, errno. */
static int
flush(struct stream *stream)
{
	struct rate *rate = &stream->transfer->rate;
	struct conn *conn = &stream->conn;
	uint64_t sent = conn->sent, allowed = rate_allows(rate, io_now());
	int result;

	conn->send_until = allowed == UINT64_MAX ? allowed : sent + allowed;
	result = conn_flush(conn);
	rate_take(rate, conn->sent - sent);
	return result;
}

/* Queue and write what can be.  Returns nonzero if there is more at once. */
static int
write_output(struct stream *stream)
{
	io_time end = io_now() + TURN;
	enum feed_step step;

	if (is_silent(stream)) {
		stream->conn.send_until = stream->conn.sent;
		stream->conn.also = -1;
		return 0;
	}
	do {
		step = feed_step(&stream->feed);
	} while (step == FEED_MORE &&
	    conn_unsent(&stream->conn) < stream->most && io_now() < end &&
	    !interrupt_caught());
	/* What has just been queued may be the end of an input that was cut. */
	if (interrupt_caught())
		return 1;
	if (flush(stream) == -1)
		stream->write_error = errno;
	return step != FEED_IDLE && conn_unsent(&stream->conn) == 0;
}

/* Note whether anything went. */
static void
watch(struct stream *stream, io_time now)
{
	if (stream->conn.sent != stream->sent)
		silence_sent(&stream->silence, now);
	stream->sent = stream->conn.sent;
}

static io_time
deadline_of(const struct stream *stream)
{
	if (!greeting_is_possible(&stream->greeting))
		return stream->greeting.line_end;
	if (stream->write_error != 0)
		return stream->silence.moved + LAST_WORDS;
	if (!stream->feed.greeted)
		return stream->limits.queue_end;
	return silence_end(&stream->silence,
	    stream->silence.working ? window_largest(&stream->feed.window) : 0);
}

static int
fail_late(struct stream *stream, io_time now)
{
	const struct silence *silence = &stream->silence;
	char time[TEXT_NUMBER];
	int64_t late;

	if (!greeting_is_possible(&stream->greeting))
		return fail_foreign(stream);
	if (stream->write_error != 0)
		return fail_lost(stream, 0);
	if (!stream->feed.greeted) {
		outcome_set(stream->outcome, STATUS_BUSY, "%s in %s",
		    is_command(stream) ? "the command sent no greeting"
				       : "no worker became free",
		    text_duration(time, now - stream->limits.since));
		return -1;
	}
	late = now - silence->moved;
	if (silence->worked > 0)
		outcome_set(stream->outcome, STATUS_STALLED,
		    "the server reported work for %s, but no result",
		    text_duration(time, silence->worked + late));
	else
		outcome_set(stream->outcome, STATUS_STALLED,
		    "nothing moved for %s", text_duration(time, late));
	return -1;
}

/* When the limit on the rate lets more go, if that is what is waited for. */
static io_time
allowed_from(const struct stream *stream)
{
	const struct conn *conn = &stream->conn;

	return !is_silent(stream) && conn_unsent(conn) > 0 &&
		conn->sent == conn->send_until
	    ? rate_due(&stream->transfer->rate)
	    : IO_NEVER;
}

static int
is_complete(const struct stream *stream)
{
	return !stream->feed.stopped && !stream->feed.postponed &&
	    feed_is_done(&stream->feed);
}

/* An end that comes after the last result takes none back. */
static int
is_harmless(const struct stream *stream)
{
	return is_complete(stream) &&
	    stream->outcome->status != STATUS_PROTOCOL;
}

/* Everything that can be said to this server has its result. */
static enum stream_event
finish(struct stream *stream)
{
	if (stream->feed.stopped) {
		(void)fail(stream, STATUS_DRAINING, "the server is going down");
		return STREAM_FAILED;
	}
	if (stream->feed.postponed) {
		(void)fail(
		    stream, STATUS_BUSY, "the server compares for others now");
		return STREAM_FAILED;
	}
	/* Nothing depends on it any more. */
	if (conn_reserve(&stream->conn, 0) != NULL)
		conn_queue(&stream->conn, WIRE_BYE, 0, 0);
	stream->conn.send_until = UINT64_MAX;
	(void)conn_flush(&stream->conn);
	return STREAM_ENDED;
}

enum stream_event
stream_step(struct stream *stream, struct outcome *outcome)
{
	io_time now;
	int more;

	stream->outcome = outcome;
	more = write_output(stream);
	stream->has_read = 0;
	if (read_input(stream) == -1)
		return is_harmless(stream) ? STREAM_ENDED : STREAM_FAILED;
	if (!stream->answers.refusing && feed_is_done(&stream->feed))
		return finish(stream);
	now = io_now();
	watch(stream, now);
	/* Also if bytes keep coming that complete no frame. */
	if (now >= deadline_of(stream)) {
		(void)fail_late(stream, now);
		return STREAM_FAILED;
	}
	return more || stream->has_read ? STREAM_MORE : STREAM_WAITING;
}

io_time
stream_await(const struct stream *stream, struct pollfd *wait)
{
	io_time deadline = deadline_of(stream), allowed = allowed_from(stream);

	conn_polls(&stream->conn, 1, wait);
	return allowed < deadline ? allowed : deadline;
}

/* The one that is sent or compared, or the oldest; NULL if there is none. */
static const struct request *
request_under_way(const struct stream *stream)
{
	const struct feed *feed = &stream->feed;
	const struct window *window = &feed->window;

	if (feed->fd != -1)
		return window_find(window, feed->file.request);
	return window_find(window,
	    feed->hash.fd != -1 ? feed->hash.file.request : window->first);
}

/* What is being done with it. */
static enum view_state
state_of(const struct stream *stream, const struct request *request)
{
	const struct feed *feed = &stream->feed;

	if (feed->fd != -1 && feed->kept.offset == 0)
		return stream->conn.also == -1 ? VIEW_SENDING : VIEW_READING;
	if (feed->fd != -1 || feed->hash.fd != -1)
		return VIEW_COMPARING;
	/* Before the last file is found, others follow it. */
	return request != NULL && request->state == REQUEST_ENDED &&
		stream->transfer->queue.ended
	    ? VIEW_COMMITTING
	    : VIEW_SENDING;
}

void
stream_show(const struct stream *stream, io_time now)
{
	struct transfer *transfer = stream->transfer;
	const struct request *request = request_under_way(stream);
	struct view view;

	if (!stream->feed.greeted) {
		view_waiting(&view, transfer,
		    is_command(stream)
			? "waiting for ftxd's greeting from the command"
			: "connected, waiting for a free worker",
		    stream->limits.since);
		view.brief = now - stream->begun <
		    (is_command(stream) ? COMMAND_PATIENCE : PATIENCE);
		view.notice = VIEW_NOTICE_SERVER;
		/* It may be asking for a password there. */
		view.once = is_command(stream);
	} else {
		view_of(&view, transfer, request, state_of(stream, request));
		/* It is noted as sent when that has been done. */
		if (view.state == VIEW_COMPARING)
			view.sent +=
			    (stream->feed.fd != -1 ? &stream->feed.file
						   : &stream->feed.hash.file)
				->sent;
	}
	progress_show(&transfer->progress, &view, now);
}

int
stream_is_sending(const struct stream *stream)
{
	return stream->feed.fd != -1;
}

int
stream_is_greeted(const struct stream *stream)
{
	return stream->feed.greeted && !stream->answers.refusing;
}

int
stream_begin(struct stream *stream, struct transfer *transfer, unsigned line,
    int in, int out, const struct stream_limits *limits,
    struct outcome *outcome)
{
	io_time now = io_now();

	*stream = (struct stream){.transfer = transfer,
	    .limits = *limits,
	    .begun = now,
	    .most = rate_piece(&transfer->rate, CONN_DATA),
	    .answers = {.transfer = transfer, .feed = &stream->feed}};
	silence_init(&stream->silence, transfer->options->timeout,
	    transfer->options->commit_timeout, now);
	feed_init(&stream->feed, transfer, &stream->conn, line);
	if (conn_init(&stream->conn, in, out, WIRE_FROM_SERVER) == -1) {
		outcome_set(outcome, STATUS_MEMORY, "%s", "");
		return -1;
	}
	stream->feed.most = stream->most;
	if (!is_command(stream))
		feed_begin(&stream->feed);
	return 0;
}

/* Nonzero if what was sent whole may be stored without a result. */
static int
is_lost(const struct stream *stream)
{
	/* Without a greeting no worker has seen it. */
	return stream->greeting.length > 0 &&
	    greeting_is_possible(&stream->greeting) &&
	    !stream->answers.refusing && !stream->answers.fatal;
}

void
stream_relieve(struct stream *stream, io_time since, io_time now)
{
	struct conn *conn = &stream->conn;
	io_time last = since > stream->relieved ? since : stream->relieved;

	/* We do not read meanwhile, so this is not the server's silence. */
	stream->silence.moved = now;
	if (is_silent(stream))
		return;
	/* Before it has the hello it would not understand. */
	if (conn->sent > 0 && now - last >= FEED_WAITING &&
	    conn_insert(conn, WIRE_WAITING, feed_current(&stream->feed)) == 0)
		stream->relieved = now;
	if (flush(stream) == -1)
		stream->write_error = errno;
}

void
stream_abandon(struct stream *stream)
{
	/* A greeting may have come that was not read. */
	int lost =
	    is_lost(stream) || (stream->conn.sent > 0 && !stream->feed.greeted);

	window_release(&stream->feed.window, lost, &stream->transfer->again);
}

uint64_t
stream_end(struct stream *stream)
{
	uint64_t steps = stream->feed.window.steps;

	feed_release(&stream->feed, is_lost(stream));
	conn_release(&stream->conn);
	return steps;
}
