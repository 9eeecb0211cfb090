/* SPDX-License-Identifier: ISC */
/* One connection: greeting, requests and replies, over any two descriptors. */
#include "server/session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/conn.h"
#include "common/log.h"
#include "common/status.h"
#include "common/text.h"
#include "server/session/frames.h"
#include "server/session/liveness.h"
#include "server/session/reply.h"
#include "server/settings/options.h"
#include "server/shared/scoreboard.h"

/* The most to read after the last frame: milliseconds and bytes. */
#define LINGER_TIME 5000
#define LINGER_BYTES (16 * 1024 * 1024)
#define STOP_TIME 1000 /* LINGER_TIME when the process must stop now */

/* Milliseconds between two "working" frames. */
#define WORKING_EVERY 1000

/* Milliseconds between two checks for a client that disconnected. */
#define CHECK_EVERY 50

/* Milliseconds of one wait: the worker must notice the end of its master. */
#define LONGEST_WAIT 1000

struct session {
	const struct session_config *config;
	const char *peer;
	struct conn conn;
	struct receive receive;
	int introduced; /* the client's preamble was read */
	int over;	/* nothing more to send or receive */
	io_time hello_deadline;
	enum session_stop stop;
	io_time drain_deadline; /* IO_NEVER until the process is to stop */
	struct liveness liveness;
	uint64_t received;   /* bytes, when must_yield was last called */
	io_time received_at; /* when that number last changed */
	io_time working_at, checked_at;
	int gone; /* errno if the client left during long work, or 0 */
	enum session_end end;
};

static void
ask_stop(struct session *session)
{
	const struct session_config *config = session->config;

	session->stop = config->stop(config->argument);
	if (session->stop != SESSION_RUN && session->drain_deadline == IO_NEVER)
		session->drain_deadline = io_now() + config->drain_timeout;
}

/*
 * Set gone if the connection is closed in both directions.  If only the
 * client's direction is closed, the client may still read its results.  poll(2)
 * reports a reset at once.  If the client closed its socket, its system resets
 * the connection when it receives the next frame.
 */
static void
check_client(struct session *session)
{
	struct pollfd polled = {.fd = session->conn.out};

	if (io_poll(&polled, 1, 0) > 0)
		session->gone = ECONNRESET;
}

/* See keepalive.h. */
static int
keep_alive(void *argument)
{
	struct session *session = argument;
	io_time now = io_now();

	if (now - session->checked_at >= CHECK_EVERY) {
		session->checked_at = now;
		check_client(session);
	}
	if (session->gone != 0)
		return 1;
	if (now - session->working_at < WORKING_EVERY)
		return 0;
	session->working_at = now;
	if (reply_working(&session->conn) == 0 &&
	    conn_flush(&session->conn) == -1)
		session->gone = errno;
	ask_stop(session);
	return session->gone != 0 || session->stop == SESSION_CUT ||
	    now >= session->drain_deadline;
}

static io_time
earlier(io_time a, io_time b)
{
	return a < b ? a : b;
}

/* Returns when to stop lingering.  A stop leaves at least STOP_TIME. */
static io_time
linger_deadline(const struct session *session)
{
	io_time now = io_now(), least = now + STOP_TIME;

	if (session->stop == SESSION_CUT || session->drain_deadline < least)
		return least;
	return earlier(now + LINGER_TIME, session->drain_deadline);
}

/* Read and discard input until the client has received the last frame. */
static void
linger(struct session *session)
{
	struct conn *conn = &session->conn;
	io_time end = linger_deadline(session);
	uint64_t last = conn->received + LINGER_BYTES;

	do {
		conn_linger(conn, earlier(LONGEST_WAIT, end - io_now()),
		    last - conn->received);
		ask_stop(session);
		end = earlier(end, linger_deadline(session));
	} while (!conn->ended && conn->received < last && io_now() < end);
	session->over = 1;
}

/* Commit, and end the connection with a "fatal" frame. */
static void
end_with(struct session *session, const struct outcome *why)
{
	char text[LOG_LINE];

	if (reply_may_log(session->peer))
		log_warn("%s ended: %s: %s", session->peer,
		    status_text(why->status),
		    text_escape(text, sizeof(text), why->text,
			strlen(why->text), TEXT_UTF8));
	(void)frames_abandon(&session->receive, why);
	(void)frames_close(&session->receive);
	if (reply_fatal(&session->conn, why) == 0)
		linger(session);
	session->over = 1;
}

static void
end_because(struct session *session, enum status status, const char *text)
{
	struct outcome why;

	outcome_set(&why, status, "%s", text);
	end_with(session, &why);
}

/* The client sends no more: commit, and reply to the complete requests. */
static void
end_input(struct session *session, const char *text)
{
	struct outcome why;

	outcome_set(&why, STATUS_LOST, "%s", text);
	if (!frames_abandon(&session->receive, &why) &&
	    session->receive.state != RECEIVE_CLOSED)
		log_debug("%s ended: %s", session->peer, text);
	(void)frames_close(&session->receive);
}

/* The connection is lost, so results cannot be sent. */
static void
end_lost(struct session *session, const char *text)
{
	end_input(session, text);
	session->over = 1;
}

/* Nonzero after the client has sent its preamble and its base. */
static int
is_greeted(const struct session *session)
{
	return session->receive.state != RECEIVE_HELLO;
}

/*
 * Nonzero if another connection waits for a partial that this one holds, and
 * this client has been silent for PARTIAL_SILENCE.  Both connections may be the
 * same client's.
 */
static int
must_yield(struct session *session)
{
	io_time now = io_now();

	if (session->conn.received != session->received) {
		session->received = session->conn.received;
		session->received_at = now;
	}
	return now - session->received_at >= PARTIAL_SILENCE &&
	    receive_is_wanted(&session->receive);
}

/*
 * Nonzero if another worker is idle.  Without a scoreboard, each client gets a
 * process of its own, so that none has to wait.
 */
static int
another_is_idle(const struct session *session)
{
	const struct scoreboard *board = session->config->board;

	return board == NULL || scoreboard_has_idle(board);
}

/* Wait until the connection can be read or written; then check timeouts. */
static void
wait_for_client(struct session *session, int reading)
{
	io_time begun = io_now();
	io_time deadline = earlier(begun + LONGEST_WAIT,
	    earlier(session->drain_deadline,
		is_greeted(session) ? IO_NEVER : session->hello_deadline));
	const char *stalled;

	if (conn_wait(&session->conn, reading, deadline) == -1) {
		end_lost(session, strerror(errno));
		return;
	}
	/* The hello has a deadline of its own. */
	if (!is_greeted(session))
		return;
	stalled = liveness_count(&session->liveness, io_now() - begun,
	    session->conn.received + session->conn.sent,
	    another_is_idle(session));
	if (stalled != NULL)
		end_because(session, STATUS_STALLED, stalled);
}

/* From version 2 on, send features first.  The queue has room for them. */
static void
set_version(struct session *session, const struct wire_hello *hello)
{
	struct receive *receive = &session->receive;

	receive->version = wire_common_version(hello->lowest, hello->highest);
	if (receive->version >= 2)
		(void)reply_features(&session->conn);
}

/* Read the client's preamble once it is complete. */
static void
read_hello(struct session *session)
{
	const uint8_t *preamble = conn_take(&session->conn, WIRE_HELLO);
	struct wire_hello hello;
	struct outcome why;

	if (preamble == NULL)
		return;
	session->introduced = 1;
	if (wire_read_hello(preamble, &hello) == -1)
		outcome_set(&why, STATUS_PROTOCOL, "this is no ftx client");
	else if (wire_common_version(hello.lowest, hello.highest) == 0)
		outcome_set(&why, STATUS_VERSION,
		    "the server speaks versions %d to %d, the client %u to %u",
		    WIRE_LOWEST, WIRE_HIGHEST, hello.lowest, hello.highest);
	else {
		set_version(session, &hello);
		return;
	}
	end_with(session, &why);
}

/* See ftx-protocol(5), LIVENESS. */
static enum liveness_state
liveness_of(const struct session *session, const struct conn_frame *frame)
{
	const struct receive *receive = &session->receive;

	if (frame->type != WIRE_WAITING)
		return LIVENESS_ACTIVE;
	if (receive->state == RECEIVE_CONTENT || receive->asks.count > 0)
		return LIVENESS_WAITING;
	return frame->request > receive->last ? LIVENESS_ANNOUNCING
					      : LIVENESS_ACTIVE;
}

static void
handle_frame(struct session *session, const struct conn_frame *frame)
{
	struct outcome why;

	liveness_set_state(&session->liveness, liveness_of(session, frame));
	if (frame->type == WIRE_ASK || frame->type == WIRE_END ||
	    frame->type == WIRE_ABORT)
		liveness_next_file(&session->liveness);
	if (frames_handle(&session->receive, frame) == 0)
		return;
	why = session->receive.fatal;
	end_with(session, &why);
}

/* Nonzero if a drain leaves time for the current file, or for results. */
static int
may_finish(const struct session *session)
{
	enum receive_state state = session->receive.state;

	return session->stop == SESSION_DRAIN &&
	    (state == RECEIVE_CONTENT || state == RECEIVE_CLOSED) &&
	    io_now() < session->drain_deadline;
}

/* If the process must stop, end the session, unless it may finish. */
static void
obey_stop(struct session *session)
{
	if (session->stop == SESSION_RUN || may_finish(session))
		return;
	if (session->receive.state == RECEIVE_CONTENT)
		session->end = SESSION_WAS_CUT;
	end_because(session, STATUS_DRAINING, "the server is going down");
}

static void
commit(struct session *session)
{
	struct outcome why;

	if (receive_commit(&session->receive) == 0)
		return;
	why = session->receive.fatal;
	end_with(session, &why);
}

/* Write what is queued, without waiting. */
static void
flush(struct session *session)
{
	if (!session->over && conn_unsent(&session->conn) > 0 &&
	    conn_flush(&session->conn) == -1)
		end_lost(session, strerror(errno));
}

/* There is no input now: commit before waiting. */
static void
catch_up(struct session *session)
{
	commit(session);
	flush(session);
	if (!session->over && must_yield(session))
		end_because(session, STATUS_STALLED,
		    "silent, and another connection resumes its file");
	else if (!session->over)
		wait_for_client(session, 1);
}

static void
fill(struct session *session)
{
	ssize_t got = conn_fill(&session->conn);

	if (got == 0)
		end_input(session, "the client has left");
	else if (got == -1 && errno == EAGAIN)
		catch_up(session);
	else if (got == -1)
		end_lost(session, strerror(errno));
	else if (commit_is_due(&session->receive.commit))
		commit(session);
	/* Handle the input first; a later flush reports the error. */
	if (!session->over)
		(void)conn_flush(&session->conn);
}

static void
read_more(struct session *session)
{
	if (!is_greeted(session) && io_now() >= session->hello_deadline) {
		end_because(session, STATUS_STALLED, "no hello in time");
		return;
	}
	ask_stop(session);
	obey_stop(session);
	if (!session->over)
		fill(session);
}

static void
next_frame(struct session *session)
{
	struct conn_frame frame;

	switch (conn_next(&session->conn, &frame)) {
	case CONN_NOTHING:
		read_more(session);
		break;
	case CONN_FRAME:
		handle_frame(session, &frame);
		break;
	case CONN_MALFORMED:
		end_because(session, STATUS_PROTOCOL, frame.reason);
		break;
	}
}

/* Send results before reading more requests. */
static void
send_results(struct session *session)
{
	flush(session);
	if (session->over || conn_unsent(&session->conn) == 0)
		return;
	ask_stop(session);
	obey_stop(session);
	if (!session->over)
		wait_for_client(session, 0);
}

static void
step(struct session *session)
{
	if (session->gone != 0)
		end_lost(session, strerror(session->gone));
	else if (session->receive.state == RECEIVE_CLOSED ||
	    conn_unsent(&session->conn) > WIRE_RESULTS_MAX)
		send_results(session);
	else if (!session->introduced) {
		read_hello(session);
		if (!session->introduced)
			read_more(session);
	} else if (session->stop != SESSION_RUN && !may_finish(session))
		obey_stop(session);
	else
		next_frame(session);
}

static void
serve(struct session *session)
{
	const struct receive *receive = &session->receive;

	reply_greeting(&session->conn, WIRE_READY, session->config->max_size);
	/* If the client has left already, the server has read no request. */
	if (conn_flush(&session->conn) == -1)
		end_lost(session, strerror(errno));
	while (!session->over &&
	    (receive->state != RECEIVE_CLOSED ||
		conn_unsent(&session->conn) > 0))
		step(session);
	if (!session->over)
		linger(session);
}

static enum session_end
end_of(const struct session *session)
{
	if (session->receive.sick)
		return SESSION_SICK;
	return session->receive.staging_gone ? SESSION_UNSTAGED : session->end;
}

enum session_end
session_run(
    const struct session_config *config, int in, int out, const char *peer)
{
	const struct policy policy = {.store = config->store,
	    .max_size = config->max_size,
	    .never_overwrite = config->never_overwrite,
	    .sender = config->sender};
	struct session *session = calloc(1, sizeof(*session));
	const struct comparer comparer = {.keepalive = {keep_alive, session},
	    .board = config->board,
	    .slot = config->slot,
	    .most = config->comparers};
	enum session_end end = SESSION_SICK;

	if (session == NULL ||
	    conn_init(&session->conn, in, out, WIRE_FROM_CLIENT) == -1) {
		log_error("%s not served: %s", peer, strerror(errno));
		goto out;
	}
	session->config = config;
	session->peer = peer;
	session->hello_deadline = io_now() + config->hello_timeout;
	session->drain_deadline = IO_NEVER;
	liveness_init(
	    &session->liveness, config->idle_timeout, config->min_rate);
	receive_init(
	    &session->receive, &policy, &session->conn, peer, &comparer);
	session->receive.compares = config->compares;
	session->receive.finder.shows_foreign = config->compares;
	session->received_at = io_now();
	config->store->keepalive = &comparer.keepalive;
	serve(session);
	reply_log_left_out(peer);
	end = end_of(session);
	config->store->keepalive = NULL;
	receive_release(&session->receive);
	conn_release(&session->conn);
out:
	free(session);
	return end;
}
