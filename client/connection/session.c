/* SPDX-License-Identifier: ISC */
/* One connection, from hello to bye: both directions, and their time limits. */
#include "client/connection/session.h"

#include <errno.h>
#include <string.h>

#include "client/shared/interrupt.h"
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
is_command(const struct session *session)
{
	return session->run->options->command != NULL;
}

static int
fail(struct session *session, enum status status, const char *text)
{
	outcome_set(session->outcome, status, "%s", text);
	return -1;
}

static int
fail_lost(struct session *session, int error)
{
	if (session->write_error != 0)
		error = session->write_error;
	outcome_set(session->outcome, STATUS_LOST, "%s%s",
	    error != 0 ? strerror(error) : "the server ended it",
	    session->outgoing.greeted ? "" : ", before its greeting");
	return -1;
}

static int
judge_greeting(struct session *session)
{
	struct wire_greeting greeting;

	if (wire_read_greeting(session->greeting.bytes, &greeting) == -1 ||
	    greeting.state > WIRE_REFUSING)
		return fail(session, STATUS_PROTOCOL, "bad greeting");
	session->results.version =
	    wire_common_version(greeting.lowest, greeting.highest);
	if (session->results.version == 0) {
		outcome_set(session->outcome, STATUS_VERSION,
		    "the server speaks versions %u to %u, ftx speaks %d to %d",
		    greeting.lowest, greeting.highest, WIRE_LOWEST,
		    WIRE_HIGHEST);
		return -1;
	}
	session->results.refusing = greeting.state == WIRE_REFUSING;
	if (session->results.version < 2 && !session->results.refusing &&
	    results_check_features(&session->results, 0, session->outcome) ==
		-1)
		return -1;
	session->outgoing.stopped = session->results.refusing;
	if (is_command(session) && !session->results.refusing)
		outgoing_begin(&session->outgoing);
	outgoing_greet(&session->outgoing);
	silence_heard(&session->silence, 0, io_now());
	return 0;
}

/* The peer is not ftxd; show the first line that it sent. */
static int
fail_foreign(struct session *session)
{
	char said[GREETING_SHOWN];

	outcome_set(session->outcome, STATUS_FOREIGN,
	    "%sanswered, but not as ftxd: \"%s\"",
	    is_command(session) ? "the command " : "",
	    greeting_show(
		&session->greeting, said, session->run->progress.terminal.set));
	return -1;
}

/* Take what has come of the greeting.  Returns 0, or -1 with outcome. */
static int
take_greeting(struct session *session)
{
	switch (greeting_take(&session->greeting, &session->conn, io_now())) {
	case GREETING_WHOLE:
		return judge_greeting(session);
	case GREETING_FOREIGN:
		return fail_foreign(session);
	default:
		return 0;
	}
}

/* Take everything that is buffered. */
static int
take_input(struct session *session)
{
	io_time now = io_now();
	struct conn_frame frame;
	enum conn_event event;

	if (!session->outgoing.greeted && take_greeting(session) == -1)
		return -1;
	if (!session->outgoing.greeted)
		return 0;
	for (;;) {
		event = conn_next(&session->conn, &frame);
		if (event == CONN_NOTHING)
			return 0;
		if (event == CONN_MALFORMED)
			return fail(session, STATUS_PROTOCOL, frame.reason);
		silence_heard(
		    &session->silence, frame.type == WIRE_WORKING, now);
		if (results_take(&session->results, &frame, session->outcome) ==
		    -1)
			return -1;
	}
}

/* Read and take all that has come. */
static int
read_input(struct session *session)
{
	ssize_t got;

	for (int i = 0; i < READS; i++) {
		got = conn_fill(&session->conn);
		if (got == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (got <= 0 && !greeting_is_possible(&session->greeting))
			return fail_foreign(session);
		if (got <= 0)
			return fail_lost(session, got == -1 ? errno : 0);
		session->has_read = 1;
		if (take_input(session) == -1)
			return -1;
	}
	return 0;
}

/* Nothing that is said here would be heard. */
static int
is_silent(const struct session *session)
{
	return session->write_error != 0 || session->results.refusing;
}

/* Write as much as the limit on the rate allows.  Returns 0, or -1, errno. */
static int
flush(struct session *session)
{
	struct rate *rate = &session->run->rate;
	struct conn *conn = &session->conn;
	uint64_t sent = conn->sent, allowed = rate_allows(rate, io_now());
	int result;

	conn->send_until = allowed == UINT64_MAX ? allowed : sent + allowed;
	result = conn_flush(conn);
	rate_take(rate, conn->sent - sent);
	return result;
}

/* Queue and write what can be.  Returns nonzero if there is more at once. */
static int
write_output(struct session *session)
{
	io_time end = io_now() + TURN;
	enum outgoing_step step;

	if (is_silent(session)) {
		session->conn.send_until = session->conn.sent;
		session->conn.also = -1;
		return 0;
	}
	do {
		step = outgoing_step(&session->outgoing);
	} while (step == OUTGOING_MORE &&
	    conn_unsent(&session->conn) < session->most && io_now() < end &&
	    !interrupt_caught());
	/* What has just been queued may be the end of an input that was cut. */
	if (interrupt_caught())
		return 1;
	if (flush(session) == -1)
		session->write_error = errno;
	return step != OUTGOING_IDLE && conn_unsent(&session->conn) == 0;
}

/* Note whether anything went. */
static void
watch(struct session *session, io_time now)
{
	if (session->conn.sent != session->sent)
		silence_sent(&session->silence, now);
	session->sent = session->conn.sent;
}

static io_time
deadline_of(const struct session *session)
{
	if (!greeting_is_possible(&session->greeting))
		return session->greeting.line_end;
	if (session->write_error != 0)
		return session->silence.moved + LAST_WORDS;
	if (!session->outgoing.greeted)
		return session->limits.queue_end;
	return silence_end(&session->silence,
	    session->silence.working ? window_largest(&session->outgoing.window)
				     : 0);
}

static int
fail_late(struct session *session, io_time now)
{
	const struct silence *silence = &session->silence;
	char time[TEXT_NUMBER];
	int64_t late;

	if (!greeting_is_possible(&session->greeting))
		return fail_foreign(session);
	if (session->write_error != 0)
		return fail_lost(session, 0);
	if (!session->outgoing.greeted) {
		outcome_set(session->outcome, STATUS_BUSY, "%s in %s",
		    is_command(session) ? "the command sent no greeting"
					: "no worker became free",
		    text_duration(time, now - session->limits.since));
		return -1;
	}
	late = now - silence->moved;
	if (silence->worked > 0)
		outcome_set(session->outcome, STATUS_STALLED,
		    "the server reported work for %s, but no result",
		    text_duration(time, silence->worked + late));
	else
		outcome_set(session->outcome, STATUS_STALLED,
		    "nothing moved for %s", text_duration(time, late));
	return -1;
}

/* When the limit on the rate lets more go, if that is what is waited for. */
static io_time
allowed_from(const struct session *session)
{
	const struct conn *conn = &session->conn;

	return !is_silent(session) && conn_unsent(conn) > 0 &&
		conn->sent == conn->send_until
	    ? rate_due(&session->run->rate)
	    : IO_NEVER;
}

static int
is_complete(const struct session *session)
{
	return !session->outgoing.stopped && !session->outgoing.postponed &&
	    outgoing_is_done(&session->outgoing);
}

/* An end that comes after the last result takes none back. */
static int
is_harmless(const struct session *session)
{
	return is_complete(session) &&
	    session->outcome->status != STATUS_PROTOCOL;
}

/* Everything that can be said to this server has its result. */
static enum session_event
finish(struct session *session)
{
	if (session->outgoing.stopped) {
		(void)fail(
		    session, STATUS_DRAINING, "the server is going down");
		return SESSION_FAILED;
	}
	if (session->outgoing.postponed) {
		(void)fail(
		    session, STATUS_BUSY, "the server compares for others now");
		return SESSION_FAILED;
	}
	/* Nothing depends on it any more. */
	if (conn_reserve(&session->conn, 0) != NULL)
		conn_queue(&session->conn, WIRE_BYE, 0, 0);
	session->conn.send_until = UINT64_MAX;
	(void)conn_flush(&session->conn);
	return SESSION_ENDED;
}

enum session_event
session_step(struct session *session, struct outcome *outcome)
{
	io_time now;
	int more;

	session->outcome = outcome;
	more = write_output(session);
	session->has_read = 0;
	if (read_input(session) == -1)
		return is_harmless(session) ? SESSION_ENDED : SESSION_FAILED;
	if (!session->results.refusing && outgoing_is_done(&session->outgoing))
		return finish(session);
	now = io_now();
	watch(session, now);
	/* Also if bytes keep coming that complete no frame. */
	if (now >= deadline_of(session)) {
		(void)fail_late(session, now);
		return SESSION_FAILED;
	}
	return more || session->has_read ? SESSION_MORE : SESSION_WAITING;
}

io_time
session_await(const struct session *session, struct pollfd *wait)
{
	io_time deadline = deadline_of(session),
		allowed = allowed_from(session);

	conn_polls(&session->conn, 1, wait);
	return allowed < deadline ? allowed : deadline;
}

void
session_show(const struct session *session, io_time now)
{
	struct run *run = session->run;
	struct view view;

	if (!session->outgoing.greeted) {
		view_waiting(&view, run,
		    is_command(session)
			? "waiting for ftxd's greeting from the command"
			: "connected, waiting for a free worker",
		    session->limits.since);
		view.brief = now - session->begun <
		    (is_command(session) ? COMMAND_PATIENCE : PATIENCE);
		view.notice = VIEW_NOTICE_SERVER;
		/* It may be asking for a password there. */
		view.once = is_command(session);
	} else {
		outgoing_view(&session->outgoing, &view);
	}
	progress_show(&run->progress, &view, now);
}

int
session_is_sending(const struct session *session)
{
	return session->outgoing.fd != -1;
}

int
session_is_greeted(const struct session *session)
{
	return session->outgoing.greeted && !session->results.refusing;
}

int
session_begin(struct session *session, struct run *run, unsigned line, int in,
    int out, const struct session_limits *limits, struct outcome *outcome)
{
	io_time now = io_now();

	*session = (struct session){.run = run,
	    .limits = *limits,
	    .begun = now,
	    .most = rate_piece(&run->rate, CONN_DATA),
	    .results = {.run = run, .outgoing = &session->outgoing}};
	silence_init(&session->silence, run->options->timeout,
	    run->options->commit_timeout, now);
	outgoing_init(&session->outgoing, run, &session->conn, line);
	if (conn_init(&session->conn, in, out, WIRE_FROM_SERVER) == -1) {
		outcome_set(outcome, STATUS_MEMORY, "%s", "");
		return -1;
	}
	session->outgoing.largest = session->most;
	if (!is_command(session))
		outgoing_begin(&session->outgoing);
	return 0;
}

/* Nonzero if what was sent whole may be stored without a result. */
static int
is_lost(const struct session *session)
{
	/* Without a greeting no worker has seen it. */
	return session->greeting.length > 0 &&
	    greeting_is_possible(&session->greeting) &&
	    !session->results.refusing && !session->results.fatal;
}

void
session_relieve(struct session *session, io_time since, io_time now)
{
	struct conn *conn = &session->conn;
	io_time last = since > session->relieved ? since : session->relieved;

	/* We do not read meanwhile, so this is not the server's silence. */
	session->silence.moved = now;
	if (is_silent(session))
		return;
	/* Before it has the hello it would not understand. */
	if (conn->sent > 0 && now - last >= OUTGOING_WAITING &&
	    conn_insert(
		conn, WIRE_WAITING, outgoing_current(&session->outgoing)) == 0)
		session->relieved = now;
	if (flush(session) == -1)
		session->write_error = errno;
}

void
session_abandon(struct session *session)
{
	/* A greeting may have come that was not read. */
	int lost = is_lost(session) ||
	    (session->conn.sent > 0 && !session->outgoing.greeted);

	window_release(&session->outgoing.window, lost, &session->run->again);
}

uint64_t
session_end(struct session *session)
{
	uint64_t steps = session->outgoing.window.steps;

	outgoing_release(&session->outgoing, is_lost(session));
	conn_release(&session->conn);
	return steps;
}
