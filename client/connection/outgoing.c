/* SPDX-License-Identifier: ISC */
/* The sending half of a session: requests, and the content of files. */
#include "client/connection/outgoing.h"

#include <string.h>

#include "common/blocking.h"
#include "common/digest.h"
#include "common/status.h"

/*
 * The most bytes to send before the greeting.  A server that refuses us reads
 * as many before it closes, so that its reason reaches us.  Source:
 * ftx-protocol(5), ENDING.
 */
#define EARLY_BYTES (256 * 1024)

void
outgoing_init(struct outgoing *outgoing, struct run *run, struct conn *conn,
    unsigned number)
{
	memset(outgoing, 0, sizeof(*outgoing));
	outgoing->run = run;
	outgoing->conn = conn;
	outgoing->fd = -1;
	outgoing->held = run->options->require_sync;
	outgoing->largest = CONN_DATA;
	/*
	 * Send nothing early on a further connection: the others may do all the
	 * work.  Send nothing early to a command: it may be a shell.
	 */
	if (run->options->command == NULL &&
	    (!run_is_shared(run) || !remote_is_resolved(&run->remote)))
		outgoing->early = EARLY_BYTES;
	window_init(&outgoing->window);
	announcer_init(
	    &outgoing->announcer, run, conn, &outgoing->window, number);
	checksum_init(&outgoing->checksum);
}

void
outgoing_release(struct outgoing *outgoing, int lost)
{
	if (outgoing->fd != -1)
		(void)blocking_close(outgoing->fd);
	outgoing->fd = -1;
	checksum_stop(&outgoing->checksum);
	window_release(&outgoing->window, lost, &outgoing->run->again);
}

void
outgoing_begin(struct outgoing *outgoing)
{
	const struct wire_hello hello = {WIRE_LOWEST, WIRE_HIGHEST};
	const struct wire_base base = remote_base(&outgoing->run->remote);
	uint8_t preamble[WIRE_HELLO];
	uint8_t *payload;

	wire_write_hello(preamble, &hello);
	conn_queue_raw(outgoing->conn, preamble, sizeof(preamble));
	/* The queue was empty: there is room. */
	payload = conn_reserve(outgoing->conn, WIRE_CONTROL_MAX);
	conn_queue(
	    outgoing->conn, WIRE_BASE, 0, wire_write_base(payload, &base));
}

void
outgoing_greet(struct outgoing *outgoing)
{
	struct window *window = &outgoing->window;
	io_time now = io_now();

	outgoing->greeted = 1;
	for (uint32_t i = window->first; i != window->next; i++) {
		struct request *request = window_find(window, i);

		if (request != NULL)
			request->begun = now;
	}
}

/*
 * Queue "waiting" for this request, if it is due.  Returns 0, or -1 if there is
 * no room.
 */
static int
send_waiting(struct outgoing *outgoing, uint32_t request)
{
	io_time now = io_now();

	if (now < outgoing->next_waiting)
		return 0;
	if (conn_reserve(outgoing->conn, 0) == NULL)
		return -1;
	conn_queue(outgoing->conn, WIRE_WAITING, request, 0);
	outgoing->next_waiting = now + OUTGOING_WAITING;
	return 0;
}

/* Report that the source of a request failed. */
static void
fail_source(struct outgoing *outgoing, struct request *request,
    struct outcome *outcome, enum request_state state)
{
	if (outcome->status == STATUS_FAILED)
		outcome->status = STATUS_SOURCE;
	report_failure(&outgoing->run->report, request, outcome);
	window_mark(&outgoing->window, request, state);
}

static void
begin_content(struct outgoing *outgoing, const struct announcer_source *source)
{
	struct send_file *file = &outgoing->file;
	struct request *request = source->request;

	window_mark(&outgoing->window, request, REQUEST_SENDING);
	request->sent = 0;
	request->begun = io_now();
	outgoing->fd = source->fd;
	outgoing->request = request;
	outgoing->kept.offset = 0;
	outgoing->next_waiting = 0;
	if (request->input)
		send_file_begin_stream(
		    file, source->fd, request->number, request->size);
	else if (outgoing->run->options->growing)
		send_file_begin_growing(file, source->fd, request->number,
		    &source->found, request->size);
	else
		send_file_begin(
		    file, source->fd, request->number, &source->found);
	file->is_known = request->digested;
	file->known = request->digest;
}

static void
end_content(struct outgoing *outgoing)
{
	outgoing->conn->also = -1;
	(void)blocking_close(outgoing->fd);
	outgoing->fd = -1;
	outgoing->request = NULL;
}

static enum outgoing_step
cancel_content(struct outgoing *outgoing)
{
	struct outcome outcome = {STATUS_CANCELLED, ""};

	if (send_file_abort(outgoing->conn, outgoing->file.request, &outcome) ==
	    -1)
		return OUTGOING_FULL;
	end_content(outgoing);
	return OUTGOING_MORE;
}

/* The part on the server differs from the source: send the whole source. */
static int
restart_content(struct outgoing *outgoing, struct outcome *outcome)
{
	/* The caller has reserved room, and queued nothing since. */
	conn_queue(outgoing->conn, WIRE_RESTART, outgoing->file.request, 0);
	outgoing->kept.offset = 0;
	return send_file_rewind(&outgoing->file, outcome);
}

/*
 * Hash the next piece of the source, up to the size of the server's part.
 * After the last piece, compare the digests.
 */
static enum outgoing_step
compare_kept(struct outgoing *outgoing)
{
	struct send_file *file = &outgoing->file;
	struct request *request = outgoing->request;
	struct outcome outcome;
	int result;

	if (conn_reserve(outgoing->conn, STATUS_TEXT) == NULL)
		return OUTGOING_FULL;
	result = send_file_skip(file, outgoing->kept.offset, &outcome);
	if (result == 0 && file->sent == outgoing->kept.offset) {
		if (digest_value(&file->digest) == outgoing->kept.digest)
			outgoing->kept.offset = 0;
		else
			result = restart_content(outgoing, &outcome);
	} else if (result == 0)
		(void)send_waiting(outgoing, file->request);
	if (result == -1) {
		(void)send_file_abort(outgoing->conn, file->request, &outcome);
		end_content(outgoing);
		fail_source(outgoing, request, &outcome, REQUEST_ABORTED);
	}
	/* The other streams have their turn between two pieces. */
	return OUTGOING_FULL;
}

/* Note how much of the content was sent. */
static void
note_sent(struct outgoing *outgoing)
{
	struct request *request = outgoing->request;

	outgoing->next_waiting = 0;
	request->sent = outgoing->file.sent;
	if (request->input && request->sent > 0)
		outgoing->run->spent = 1;
}

/* The last frame of the content was queued: its end, or an abort. */
static void
finish_content(struct outgoing *outgoing, enum send_file_event event,
    struct outcome *outcome)
{
	struct request *request = outgoing->request;

	end_content(outgoing);
	if (event != SEND_FILE_ENDED) {
		fail_source(outgoing, request, outcome, REQUEST_ABORTED);
		return;
	}
	request->digest = digest_value(&outgoing->file.digest);
	request->digested = !request->input;
	window_mark(&outgoing->window, request, REQUEST_ENDED);
}

static enum outgoing_step
send_content(struct outgoing *outgoing, size_t room)
{
	struct send_file *file = &outgoing->file;
	struct outcome outcome;
	enum send_file_event event;

	outgoing->conn->also = -1;
	if (outgoing->request == NULL)
		return cancel_content(outgoing);
	blocking_about(outgoing->request->source.path);
	if (outgoing->kept.offset > 0)
		return compare_kept(outgoing);
	file->largest = room < outgoing->largest ? room : outgoing->largest;
	event = send_file_step(file, outgoing->conn, &outcome);
	switch (event) {
	case SEND_FILE_FULL:
		return OUTGOING_FULL;
	case SEND_FILE_EMPTY:
		outgoing->conn->also = file->fd;
		return send_waiting(outgoing, file->request) == 0
		    ? OUTGOING_IDLE
		    : OUTGOING_FULL;
	case SEND_FILE_MORE:
		note_sent(outgoing);
		break;
	case SEND_FILE_ENDED:
	case SEND_FILE_FAILED:
		note_sent(outgoing);
		finish_content(outgoing, event, &outcome);
		break;
	}
	return OUTGOING_MORE;
}

/* Queue the request for an open source; send its content or close it. */
static void
announce(struct outgoing *outgoing, const struct announcer_source *source)
{
	if (!announcer_queue(&outgoing->announcer, source->request))
		begin_content(outgoing, source);
	else if (source->fd != -1)
		(void)blocking_close(source->fd);
}

/* Nonzero if the request needs a digest before the server is asked. */
static int
needs_checksum(const struct outgoing *outgoing, const struct request *request)
{
	return outgoing->run->options->checksum && !request->digested &&
	    !request->input;
}

static enum outgoing_step
send_request(struct outgoing *outgoing)
{
	struct announcer_source source;

	switch (announcer_next(&outgoing->announcer, &source)) {
	case ANNOUNCER_IDLE:
		return OUTGOING_IDLE;
	case ANNOUNCER_MORE:
		return OUTGOING_MORE;
	case ANNOUNCER_SOURCE:
		break;
	}
	if (needs_checksum(outgoing, source.request)) {
		outgoing->next_waiting = 0;
		checksum_begin(&outgoing->checksum, source.request, source.fd,
		    &source.found);
	} else {
		announce(outgoing, &source);
	}
	return OUTGOING_MORE;
}

/* Hash the next piece of a source; announce it after the last. */
static enum outgoing_step
hash_source(struct outgoing *outgoing)
{
	struct checksum *checksum = &outgoing->checksum;
	struct announcer_source source = {.request = checksum->request};
	struct outcome outcome;

	/*
	 * Before the greeting, wait.  If stopped, the next connection
	 * continues.
	 */
	if (!outgoing->greeted || outgoing->stopped)
		return OUTGOING_IDLE;
	blocking_about(source.request->source.path);
	/* Another frame was sent, so the server restarts its limit. */
	if (outgoing->next_waiting == 0)
		checksum->since = io_now();
	switch (checksum_step(checksum, outgoing->run->options->growing,
	    &source.fd, &source.found, &outcome)) {
	case CHECKSUM_MORE:
		outgoing->window.steps++;
		(void)send_waiting(outgoing, source.request->number);
		/* The other streams have their turn between two pieces. */
		return OUTGOING_FULL;
	case CHECKSUM_ENDED:
		outgoing->window.steps += source.request->digested != 0;
		announce(outgoing, &source);
		break;
	case CHECKSUM_FAILED:
		fail_source(outgoing, source.request, &outcome, REQUEST_DONE);
		break;
	}
	return OUTGOING_MORE;
}

/* The source changed after the server was asked: abort the request. */
static void
abort_changed(
    struct outgoing *outgoing, struct request *request, const char *why)
{
	struct outcome outcome;

	outcome_set(&outcome, STATUS_CHANGED,
	    "the source changed before it was read: %s", why);
	/* The caller has reserved room. */
	(void)send_file_abort(outgoing->conn, request->number, &outcome);
	fail_source(outgoing, request, &outcome, REQUEST_ABORTED);
}

/* The server has sent go: open the source and begin its content. */
static void
follow_go(struct outgoing *outgoing, struct request *request)
{
	struct announcer_source source;
	struct outcome outcome;

	outgoing->next_waiting = 0;
	if (announcer_open(&outgoing->announcer, request, &source, &outcome) !=
	    SOURCE_FILE) {
		abort_changed(outgoing, request, outcome.text);
		return;
	}
	if (!request->input &&
	    !source_is_same(&request->stamp, &source.found,
		outgoing->run->options->growing)) {
		(void)blocking_close(source.fd);
		abort_changed(outgoing, request, "it is another one");
		return;
	}
	begin_content(outgoing, &source);
	outgoing->kept = request->kept;
}

/* The longest payload that may be queued now. */
static size_t
room_for(const struct outgoing *outgoing)
{
	uint64_t queued = outgoing->conn->sent + conn_unsent(outgoing->conn);

	if (outgoing->greeted)
		return CONN_DATA;
	if (queued + WIRE_HEADER > outgoing->early)
		return 0;
	return (size_t)(outgoing->early - WIRE_HEADER - queued);
}

static enum outgoing_step
step(struct outgoing *outgoing)
{
	size_t room = room_for(outgoing);
	int hashing = outgoing->checksum.fd != -1;
	struct request *request;

	if (room < ANNOUNCER_ROOM || outgoing->held)
		return OUTGOING_IDLE;
	if (outgoing->fd != -1)
		return send_content(outgoing, room);
	if (conn_reserve(outgoing->conn, ANNOUNCER_ROOM) == NULL)
		return OUTGOING_FULL;
	/* Send requests first, unless a source is being hashed for one. */
	if (!hashing && !outgoing->stopped &&
	    send_request(outgoing) == OUTGOING_MORE)
		return OUTGOING_MORE;
	request = window_going(&outgoing->window);
	if (request == NULL && hashing)
		return hash_source(outgoing);
	outgoing->is_idle = request == NULL;
	if (outgoing->is_idle)
		return OUTGOING_IDLE;
	follow_go(outgoing, request);
	return OUTGOING_MORE;
}

enum outgoing_step
outgoing_step(struct outgoing *outgoing)
{
	enum outgoing_step result = step(outgoing);

	blocking_about("");
	return result;
}

uint32_t
outgoing_current(const struct outgoing *outgoing)
{
	if (outgoing->fd != -1)
		return outgoing->file.request;
	return outgoing->checksum.fd != -1 ? outgoing->checksum.request->number
					   : outgoing->window.next;
}

void
outgoing_cancel(struct outgoing *outgoing, const struct request *request)
{
	if (outgoing->request == request)
		outgoing->request = NULL;
}

void
outgoing_postpone(struct outgoing *outgoing, struct request *request)
{
	outgoing->postponed = 1;
	/* The window may have room for others now. */
	outgoing->is_idle = 0;
	window_mark(&outgoing->window, request, REQUEST_NEW);
}

int
outgoing_is_done(const struct outgoing *outgoing)
{
	if (outgoing->fd != -1 || outgoing->window.open > 0)
		return 0;
	if (outgoing->stopped)
		return 1;
	return outgoing->checksum.fd == -1 &&
	    (run_is_exhausted(outgoing->run) ||
		(outgoing->postponed && outgoing->is_idle));
}

/* The request being sent or hashed, or the oldest; NULL if there is none. */
static const struct request *
request_under_way(const struct outgoing *outgoing)
{
	const struct window *window = &outgoing->window;

	if (outgoing->fd != -1)
		return window_find(window, outgoing->file.request);
	if (outgoing->checksum.fd != -1)
		return outgoing->checksum.request;
	return window_find(window, window->first);
}

static enum meter_state
state_of(const struct outgoing *outgoing, const struct request *request)
{
	if (outgoing->fd != -1 && outgoing->kept.offset == 0)
		return outgoing->conn->also == -1 ? METER_SENDING
						  : METER_READING;
	if (outgoing->fd != -1 || outgoing->checksum.fd != -1)
		return METER_COMPARING;
	/* Until the queue has ended, other files follow. */
	return request != NULL && request->state == REQUEST_ENDED &&
		outgoing->run->queue.ended
	    ? METER_COMMITTING
	    : METER_SENDING;
}

struct meter
outgoing_meter(const struct outgoing *outgoing)
{
	const struct request *request = request_under_way(outgoing);
	struct meter meter =
	    run_meter(outgoing->run, request, state_of(outgoing, request));

	/* The request does not count bytes that were only read. */
	if (meter.state == METER_COMPARING)
		meter.sent += (outgoing->fd != -1 ? &outgoing->file
						  : &outgoing->checksum.file)
				  ->sent;
	return meter;
}
