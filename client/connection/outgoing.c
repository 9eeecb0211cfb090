/* SPDX-License-Identifier: ISC */
/* What goes out on one connection: requests and the content of files. */
#include "client/connection/outgoing.h"

#include <string.h>
#include <unistd.h>

#include "client/run/report.h"
#include "common/blocking.h"

/*
 * The most that is sent before the greeting.  A server that sends us away reads
 * as much before it closes, so that its words are not lost.  Source:
 * ftx-protocol(5), ENDING.
 */
#define EARLY_BYTES (256 * 1024)

void
feed_init(struct feed *feed, struct run *run, struct conn *conn, unsigned line)
{
	memset(feed, 0, sizeof(*feed));
	feed->run = run;
	feed->conn = conn;
	feed->fd = -1;
	feed->hash.fd = -1;
	feed->held = run->options->require_sync;
	feed->most = CONN_DATA;
	feed->line = UINT64_C(1) << line;
	directories_forget(&run->directories, feed->line);
	/*
	 * Send nothing early on a further connection: the others may do all
	 * the work.  Nor to a command, which may be a shell.
	 */
	if (run->options->command == NULL &&
	    (!run_is_shared(run) || run->directory == NULL))
		feed->early = EARLY_BYTES;
	window_init(&feed->window);
}

void
feed_release(struct feed *feed, int lost)
{
	if (feed->fd != -1)
		(void)blocking_close(feed->fd);
	feed->fd = -1;
	feed_hash_stop(feed);
	window_release(&feed->window, lost, &feed->run->again);
}

void
feed_begin(struct feed *feed)
{
	const struct wire_hello hello = {WIRE_LOWEST, WIRE_HIGHEST};
	const struct wire_base base = run_base(feed->run);
	uint8_t preamble[WIRE_HELLO];
	uint8_t *payload;

	wire_write_hello(preamble, &hello);
	conn_queue_raw(feed->conn, preamble, sizeof(preamble));
	/* The queue was empty: there is room. */
	payload = conn_reserve(feed->conn, WIRE_CONTROL_MAX);
	conn_queue(feed->conn, WIRE_BASE, 0, wire_write_base(payload, &base));
}

void
feed_greet(struct feed *feed)
{
	struct window *window = &feed->window;
	io_time now = io_now();

	feed->greeted = 1;
	for (uint32_t i = window->first; i != window->next; i++) {
		struct request *request = window_find(window, i);

		if (request != NULL)
			request->begun = now;
	}
}

void
feed_content(struct feed *feed, struct request *request, int fd,
    const struct stat *found)
{
	struct send_file *file = &feed->file;

	window_mark(&feed->window, request, REQUEST_SENDING);
	request->sent = 0;
	request->begun = io_now();
	feed->fd = fd;
	feed->path = request->source.path;
	feed->cancelled = 0;
	feed->kept.offset = 0;
	feed->next_waiting = 0;
	if (request->input)
		send_file_begin_stream(
		    file, fd, request->number, request->size);
	else if (feed->run->options->growing)
		send_file_begin_growing(
		    file, fd, request->number, found, request->size);
	else
		send_file_begin(file, fd, request->number, found);
	file->is_known = request->digested;
	file->known = request->digest;
}

static void
end_content(struct feed *feed)
{
	feed->conn->also = -1;
	(void)blocking_close(feed->fd);
	feed->fd = -1;
}

/* The content under way was given up on this side. */
static void
fail_content(
    struct feed *feed, struct request *request, struct outcome *outcome)
{
	if (outcome->status == STATUS_FAILED)
		outcome->status = STATUS_SOURCE;
	report_failure(feed->run, request, outcome);
	window_mark(&feed->window, request, REQUEST_ABORTED);
}

static enum feed_step
cancel_content(struct feed *feed)
{
	struct outcome outcome = {STATUS_CANCELLED, ""};

	if (send_file_abort(feed->conn, feed->file.request, &outcome) == -1)
		return FEED_FULL;
	end_content(feed);
	return FEED_MORE;
}

int
feed_say_waiting(struct feed *feed, uint32_t request)
{
	io_time now = io_now();

	if (now < feed->next_waiting)
		return 0;
	if (conn_reserve(feed->conn, 0) == NULL)
		return -1;
	conn_queue(feed->conn, WIRE_WAITING, request, 0);
	feed->next_waiting = now + FEED_WAITING;
	return 0;
}

static enum feed_step
await_source(struct feed *feed)
{
	feed->conn->also = feed->file.fd;
	return feed_say_waiting(feed, feed->file.request) == 0 ? FEED_IDLE
							       : FEED_FULL;
}

/* Note how far the content under way has come. */
static struct request *
note_sent(struct feed *feed)
{
	struct run *run = feed->run;
	struct request *request =
	    window_find(&feed->window, feed->file.request);

	request->sent = feed->file.sent;
	if (request->input && request->sent > 0)
		run->spent = 1;
	return request;
}

/* The server's beginning is not that of our file. */
static int
refuse_kept(struct feed *feed, struct outcome *outcome)
{
	/* There is room: nothing was queued since it was looked for. */
	conn_queue(feed->conn, WIRE_RESTART, feed->file.request, 0);
	feed->kept.offset = 0;
	return send_file_rewind(&feed->file, outcome);
}

/*
 * Compare a piece of what the server has kept.  Nothing is sent meanwhile but
 * that we are at it.
 */
static enum feed_step
compare_kept(struct feed *feed)
{
	struct send_file *file = &feed->file;
	struct outcome outcome;
	int result;

	if (conn_reserve(feed->conn, STATUS_TEXT) == NULL)
		return FEED_FULL;
	result = send_file_skip(file, feed->kept.offset, &outcome);
	if (result == 0 && file->sent == feed->kept.offset) {
		if (digest_value(&file->digest) == feed->kept.digest)
			feed->kept.offset = 0;
		else
			result = refuse_kept(feed, &outcome);
	} else if (result == 0)
		(void)await_source(feed);
	if (result == -1) {
		(void)send_file_abort(feed->conn, file->request, &outcome);
		end_content(feed);
		fail_content(
		    feed, window_find(&feed->window, file->request), &outcome);
	}
	feed->conn->also = -1;
	/* Others have their turn between two pieces. */
	return FEED_FULL;
}

static enum feed_step
send_content(struct feed *feed, size_t room)
{
	struct request *request;
	struct outcome outcome;
	enum send_file_event event;

	feed->conn->also = -1;
	if (feed->cancelled)
		return cancel_content(feed);
	if (feed->kept.offset > 0)
		return compare_kept(feed);
	feed->file.largest = room < feed->most ? room : feed->most;
	event = send_file_step(&feed->file, feed->conn, &outcome);
	if (event == SEND_FILE_FULL)
		return FEED_FULL;
	if (event == SEND_FILE_EMPTY)
		return await_source(feed);
	feed->next_waiting = 0;
	request = note_sent(feed);
	if (event == SEND_FILE_MORE)
		return FEED_MORE;
	end_content(feed);
	if (event == SEND_FILE_ENDED) {
		request->digest = digest_value(&feed->file.digest);
		request->digested = !request->input;
		window_mark(&feed->window, request, REQUEST_ENDED);
	} else {
		fail_content(feed, request, &outcome);
	}
	return FEED_MORE;
}

/* The longest payload that may be queued now. */
static size_t
room_for(const struct feed *feed)
{
	uint64_t queued = feed->conn->sent + conn_unsent(feed->conn);

	if (feed->greeted)
		return CONN_DATA;
	if (queued + WIRE_HEADER > feed->early)
		return 0;
	return (size_t)(feed->early - WIRE_HEADER - queued);
}

static enum feed_step
step(struct feed *feed)
{
	size_t room = room_for(feed);
	struct request *request;

	if (room < FEED_ROOM || feed->held)
		return FEED_IDLE;
	if (feed->fd != -1) {
		blocking_about(feed->path);
		return send_content(feed, room);
	}
	if (conn_reserve(feed->conn, FEED_ROOM) == NULL)
		return FEED_FULL;
	/* To ask takes no time, unless a source has to be read for it. */
	if (feed->hash.fd == -1 && feed_request(feed))
		return FEED_MORE;
	request = window_going(&feed->window);
	if (request == NULL && feed->hash.fd != -1)
		return feed_hash(feed);
	feed->spent = request == NULL;
	if (feed->spent)
		return FEED_IDLE;
	feed->next_waiting = 0;
	feed_follow(feed, request);
	return FEED_MORE;
}

enum feed_step
feed_step(struct feed *feed)
{
	enum feed_step result = step(feed);

	blocking_about("");
	return result;
}

uint32_t
feed_current(const struct feed *feed)
{
	if (feed->fd != -1)
		return feed->file.request;
	return feed->hash.fd != -1 ? feed->hash.file.request
				   : feed->window.next;
}

void
feed_cancel(struct feed *feed, uint32_t request)
{
	if (feed->fd != -1 && feed->file.request == request)
		feed->cancelled = 1;
}

void
feed_postpone(struct feed *feed, struct request *request)
{
	feed->postponed = 1;
	/* There may be room for others now. */
	feed->spent = 0;
	window_mark(&feed->window, request, REQUEST_NEW);
}

int
feed_is_done(const struct feed *feed)
{
	if (feed->fd != -1 || feed->window.open > 0)
		return 0;
	if (feed->stopped)
		return 1;
	return feed->hash.fd == -1 &&
	    (run_is_exhausted(feed->run) || (feed->postponed && feed->spent));
}
