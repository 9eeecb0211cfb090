/* SPDX-License-Identifier: ISC */
/* One session with the server, from hello to bye, and its time limits. */
#include "client/connection/session.h"

#include <errno.h>
#include <string.h>

#include "client/shared/interrupt.h"
#include "common/text.h"

/* Milliseconds to wait for a worker before the wait is shown. */
#define SHOW_AFTER 1000

/* The same for a command, which may have to log in first. */
#define SHOW_COMMAND_AFTER 5000

/* Milliseconds for which frames are queued before they are written. */
#define TURN 100

/* The most reads in a row, so that the other streams have their turn. */
#define READS 16

/* Milliseconds to wait for the server's reason after a write has failed. */
#define REASON_WAIT 5000

/*
 * Nonzero if the peer is a command.  It may be a shell, so nothing is sent to
 * it before it has sent ftxd's greeting.
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
check_greeting(struct session *session)
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
	session->results.is_refused = greeting.state == WIRE_REFUSING;
	if (session->results.version < 2 && !session->results.is_refused &&
	    results_check_features(&session->results, 0, session->outcome) ==
		-1)
		return -1;
	session->outgoing.stopped = session->results.is_refused;
	if (is_command(session) && !session->results.is_refused)
		outgoing_begin(&session->outgoing);
	outgoing_greet(&session->outgoing);
	liveness_received(&session->liveness, 0, io_now());
	return 0;
}

/* The peer is not ftxd; show the first line that it sent. */
static int
fail_foreign(struct session *session)
{
	char line[GREETING_SHOWN];

	outcome_set(session->outcome, STATUS_FOREIGN,
	    "%sanswered, but not as ftxd: \"%s\"",
	    is_command(session) ? "the command " : "",
	    greeting_show(&session->greeting, line,
		session->run->report.progress.terminal.set));
	return -1;
}

/* Returns 0, or -1 with outcome. */
static int
read_greeting(struct session *session)
{
	switch (greeting_read(&session->greeting, &session->conn, io_now())) {
	case GREETING_WHOLE:
		return check_greeting(session);
	case GREETING_FOREIGN:
		return fail_foreign(session);
	default:
		return 0;
	}
}

/* Handle all buffered frames.  Returns 0, or -1 with outcome. */
static int
handle_input(struct session *session)
{
	io_time now = io_now();
	struct conn_frame frame;
	enum conn_event event;

	if (!session->outgoing.greeted && read_greeting(session) == -1)
		return -1;
	if (!session->outgoing.greeted)
		return 0;
	for (;;) {
		event = conn_next(&session->conn, &frame);
		if (event == CONN_NOTHING)
			return 0;
		if (event == CONN_MALFORMED)
			return fail(session, STATUS_PROTOCOL, frame.reason);
		liveness_received(
		    &session->liveness, frame.type == WIRE_WORKING, now);
		if (results_handle(
			&session->results, &frame, session->outcome) == -1)
			return -1;
	}
}

/* Receive and handle frames.  Returns 0, or -1 with outcome. */
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
		if (handle_input(session) == -1)
			return -1;
	}
	return 0;
}

/* Nonzero if the server still reads what we send. */
static int
can_send(const struct session *session)
{
	return session->write_error == 0 && !session->results.is_refused;
}

/* Write as much as the rate limit allows.  Returns 0, or -1 with errno. */
static int
flush(struct session *session)
{
	struct rate *rate = &session->run->rate;
	struct conn *conn = &session->conn;
	uint64_t sent = conn->sent, allowed = rate_allows(rate, io_now());
	int result;

	conn->send_until = allowed == UINT64_MAX ? allowed : sent + allowed;
	result = conn_flush(conn);
	rate_spend(rate, conn->sent - sent);
	return result;
}

/* Queue and write frames.  Returns nonzero if there are more at once. */
static int
write_output(struct session *session)
{
	io_time end = io_now() + TURN;
	enum outgoing_step step;

	if (!can_send(session)) {
		session->conn.send_until = session->conn.sent;
		session->conn.also = -1;
		return 0;
	}
	do {
		step = outgoing_step(&session->outgoing);
	} while (step == OUTGOING_MORE &&
	    conn_unsent(&session->conn) < session->write_size &&
	    io_now() < end && !interrupt_caught());
	/*
	 * The signal may also have ended the program that writes to standard
	 * input.  Do not send an end frame for incomplete input.
	 */
	if (interrupt_caught())
		return 1;
	if (flush(session) == -1)
		session->write_error = errno;
	return step != OUTGOING_IDLE && conn_unsent(&session->conn) == 0;
}

/* If anything was sent, note it for the timeouts. */
static void
note_sent(struct session *session, io_time now)
{
	if (session->conn.sent != session->sent)
		liveness_sent(&session->liveness, now);
	session->sent = session->conn.sent;
}

static io_time
deadline_of(const struct session *session)
{
	if (!greeting_is_possible(&session->greeting))
		return session->greeting.line_end;
	if (session->write_error != 0)
		return session->liveness.moved + REASON_WAIT;
	if (!session->outgoing.greeted)
		return session->limits.queue_end;
	return liveness_deadline(&session->liveness,
	    session->liveness.working
		? window_largest(&session->outgoing.window)
		: 0);
}

static int
fail_timeout(struct session *session, io_time now)
{
	const struct liveness *liveness = &session->liveness;
	char time[TEXT_NUMBER];
	int64_t idle;

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
	idle = now - liveness->moved;
	if (liveness->worked > 0)
		outcome_set(session->outcome, STATUS_STALLED,
		    "the server reported work for %s, but no result",
		    text_duration(time, liveness->worked + idle));
	else
		outcome_set(session->outcome, STATUS_STALLED,
		    "nothing moved for %s", text_duration(time, idle));
	return -1;
}

/*
 * If the rate limit delays queued bytes, return the time when it allows more.
 * Otherwise return IO_NEVER.
 */
static io_time
allowed_from(const struct session *session)
{
	const struct conn *conn = &session->conn;

	return can_send(session) && conn_unsent(conn) > 0 &&
		conn->sent == conn->send_until
	    ? rate_due(&session->run->rate)
	    : IO_NEVER;
}

/* Nonzero if the server may end the connection now: all results have come. */
static int
may_end(const struct session *session)
{
	const struct outgoing *outgoing = &session->outgoing;

	return !outgoing->stopped && !outgoing->postponed &&
	    outgoing_is_done(outgoing) &&
	    session->outcome->status != STATUS_PROTOCOL;
}

/* All requests of this session have their results: send bye. */
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
	/* If bye does not arrive, nothing is lost. */
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
		return may_end(session) ? SESSION_ENDED : SESSION_FAILED;
	if (!session->results.is_refused &&
	    outgoing_is_done(&session->outgoing))
		return finish(session);
	now = io_now();
	note_sent(session, now);
	/* Do this even if bytes arrive: they may never complete a frame. */
	if (now >= deadline_of(session)) {
		(void)fail_timeout(session, now);
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
	struct meter meter;

	if (!session->outgoing.greeted) {
		meter = run_meter_waiting(run,
		    is_command(session)
			? "waiting for ftxd's greeting from the command"
			: "connected, waiting for a free worker",
		    session->limits.since);
		meter.brief = now - session->begun <
		    (is_command(session) ? SHOW_COMMAND_AFTER : SHOW_AFTER);
		meter.notice = METER_NOTICE_SERVER;
		/* The command may be asking for a password on the terminal. */
		meter.once = is_command(session);
	} else {
		meter = outgoing_meter(&session->outgoing);
	}
	progress_show(&run->report.progress, &meter, now);
}

int
session_is_sending(const struct session *session)
{
	return session->outgoing.fd != -1;
}

int
session_is_greeted(const struct session *session)
{
	return session->outgoing.greeted && !session->results.is_refused;
}

int
session_begin(struct session *session, struct run *run, unsigned number, int in,
    int out, const struct session_limits *limits, struct outcome *outcome)
{
	io_time now = io_now();

	*session = (struct session){.run = run,
	    .limits = *limits,
	    .begun = now,
	    .write_size = rate_piece(&run->rate, CONN_DATA),
	    .results = {.run = run, .outgoing = &session->outgoing}};
	liveness_init(&session->liveness, run->options->timeout,
	    run->options->commit_timeout, now);
	outgoing_init(&session->outgoing, run, &session->conn, number);
	if (conn_init(&session->conn, in, out, WIRE_FROM_SERVER) == -1) {
		outcome_set(outcome, STATUS_MEMORY, "%s", "");
		return -1;
	}
	session->outgoing.largest = session->write_size;
	if (!is_command(session))
		outgoing_begin(&session->outgoing);
	return 0;
}

/* Nonzero if the server may have stored files without sending a result. */
static int
is_lost(const struct session *session)
{
	/* Before the greeting no worker has read anything. */
	return session->greeting.length > 0 &&
	    greeting_is_possible(&session->greeting) &&
	    !session->results.is_refused && !session->results.is_fatal;
}

void
session_keep_alive(struct session *session, io_time since, io_time now)
{
	struct conn *conn = &session->conn;
	io_time last =
	    since > session->waiting_sent ? since : session->waiting_sent;

	/* We do not read meanwhile: this time does not count as idle. */
	session->liveness.moved = now;
	if (!can_send(session))
		return;
	/* The hello must go first. */
	if (conn->sent > 0 && now - last >= OUTGOING_WAITING &&
	    conn_insert(
		conn, WIRE_WAITING, outgoing_current(&session->outgoing)) == 0)
		session->waiting_sent = now;
	if (flush(session) == -1)
		session->write_error = errno;
}

void
session_abandon(struct session *session)
{
	/* A worker may have sent a greeting that ftx has not read. */
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
