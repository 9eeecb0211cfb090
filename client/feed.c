/* SPDX-License-Identifier: ISC */
/* What goes out on one connection: requests and the content of files. */
#include "client/feed.h"

#include <string.h>
#include <unistd.h>

#include "client/report.h"

/* Files below this size are sent without asking first. */
#define PUT_SIZE (1 << 20)

/*
 * The most that is sent before the greeting.  A server that sends us away reads
 * as much before it closes, so that its words are not lost.  Source:
 * ftx-protocol(5), ENDING.
 */
#define EARLY_BYTES (256 * 1024)

/* Room for any frame that is queued here but data. */
#define ROOM (WIRE_REQUEST + WIRE_PATH_MAX)

void
feed_init(struct feed *feed, struct transfer *transfer, struct conn *conn)
{
	memset(feed, 0, sizeof(*feed));
	feed->transfer = transfer;
	feed->conn = conn;
	feed->cursor = transfer->window.first;
	feed->fd = -1;
	feed->most = CONN_DATA;
}

void
feed_release(struct feed *feed)
{
	if (feed->fd != -1)
		close(feed->fd);
	feed->fd = -1;
}

void
feed_begin(struct feed *feed)
{
	const struct wire_hello hello = {WIRE_VERSION, WIRE_VERSION};
	const struct wire_base base = transfer_base(feed->transfer);
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
	struct window *window = &feed->transfer->window;
	io_time now = io_now();

	feed->greeted = 1;
	for (uint32_t i = window->first; i != window->next; i++) {
		struct request *request = window_find(window, i);

		if (request != NULL)
			request->begun = now;
	}
}

/* Begin with the content of a request whose source is open. */
static void
begin_content(struct feed *feed, struct request *request, int fd,
    const struct stat *found)
{
	window_mark(&feed->transfer->window, request, REQUEST_SENDING);
	request->sent = 0;
	request->begun = io_now();
	feed->fd = fd;
	feed->cancelled = 0;
	send_file_begin(&feed->file, fd, request->number, found);
}

static void
end_content(struct feed *feed)
{
	close(feed->fd);
	feed->fd = -1;
}

static struct wire_request
describe(const struct transfer *transfer, const char *source,
    const struct stat *found)
{
	const struct options *options = transfer->options;

	return (struct wire_request){
	    .kind = WIRE_FILE,
	    .attributes = options->preserve ? WIRE_EXACT_MODE | WIRE_TIME : 0,
	    .wishes = (options->no_clobber ? WIRE_NO_CLOBBER : 0) |
		(options->dry_run ? WIRE_DRY_RUN : 0),
	    .mode = options_mode(options, found->st_mode),
	    .seconds = found->st_mtim.tv_sec,
	    .nanoseconds = (uint32_t)found->st_mtim.tv_nsec,
	    .size = (uint64_t)found->st_size,
	    .allocated = (uint64_t)found->st_size,
	    .path = transfer_path(transfer, source),
	};
}

/* Send the request; its content at once where nothing is to be asked. */
static void
announce(struct feed *feed, struct request *request, int fd,
    const struct stat *found)
{
	const struct wire_request wire =
	    describe(feed->transfer, request->source, found);
	int asks = wire.wishes != 0 || wire.size >= PUT_SIZE;
	uint8_t *payload = conn_reserve(feed->conn, ROOM);

	request->identity = source_identify(found);
	conn_queue(feed->conn, asks ? WIRE_ASK : WIRE_PUT, request->number,
	    wire_write_request(payload, &wire));
	if (!asks) {
		begin_content(feed, request, fd, found);
		return;
	}
	close(fd);
	window_mark(&feed->transfer->window, request, REQUEST_ASKED);
}

/* Give up what was never sent. */
static void
drop(struct feed *feed, struct request *request, enum source_kind kind,
    const struct outcome *outcome)
{
	report_source(feed->transfer, request, kind, outcome);
	window_mark(&feed->transfer->window, request, REQUEST_DONE);
}

/* A name that no server takes would end the connection for all. */
static int
check_name(struct feed *feed, struct request *request)
{
	struct wire_bytes name = transfer_path(feed->transfer, request->source);
	const char *reason = wire_check_path(name.bytes, name.length);
	struct outcome outcome;

	if (reason == NULL)
		return 0;
	outcome_set(&outcome, STATUS_REFUSED, "%s", reason);
	report_failure(feed->transfer, request, &outcome);
	window_mark(&feed->transfer->window, request, REQUEST_DONE);
	return -1;
}

static void
send_request(struct feed *feed, struct request *request)
{
	struct outcome outcome;
	struct stat found;
	int fd;
	enum source_kind kind =
	    source_open(request->source, &fd, &found, &outcome);

	if (kind != SOURCE_FILE) {
		drop(feed, request, kind, &outcome);
		return;
	}
	if (check_name(feed, request) == -1) {
		close(fd);
		return;
	}
	announce(feed, request, fd, &found);
}

/* The next one to be sent: from the last connection, or a new one. */
static struct request *
next_request(struct feed *feed)
{
	struct transfer *transfer = feed->transfer;
	struct window *window = &transfer->window;
	const char *path;

	if (feed->stopped)
		return NULL;
	while (feed->cursor != window->next) {
		struct request *request = window_find(window, feed->cursor++);

		if (request != NULL)
			return request;
	}
	if (window_is_full(window))
		return NULL;
	path = source_next(&transfer->sources);
	if (path == NULL)
		return NULL;
	feed->cursor++;
	return window_add(window, path, transfer_path(transfer, path).length);
}

/* Give up a request that may go, since its source is not what it was. */
static void
give_up(struct feed *feed, struct request *request, const char *why)
{
	struct outcome outcome;

	outcome_set(&outcome, STATUS_CHANGED,
	    "the source changed before it was read: %s", why);
	/* There is room: whoever calls has seen to it. */
	(void)send_file_abort(feed->conn, request->number, &outcome);
	report_failure(feed->transfer, request, &outcome);
	window_mark(&feed->transfer->window, request, REQUEST_ABORTED);
}

static void
follow_go(struct feed *feed, struct request *request)
{
	struct outcome outcome;
	struct stat found;
	int fd;

	if (source_open(request->source, &fd, &found, &outcome) !=
	    SOURCE_FILE) {
		give_up(feed, request, outcome.text);
		return;
	}
	if (!source_is_same(&request->identity, &found)) {
		close(fd);
		give_up(feed, request, "it is another one");
		return;
	}
	if (request->refused_prefix)
		conn_queue(feed->conn, WIRE_RESTART, request->number, 0);
	begin_content(feed, request, fd, &found);
}

/* The content under way was given up on this side. */
static void
fail_content(
    struct feed *feed, struct request *request, struct outcome *outcome)
{
	if (outcome->status == STATUS_FAILED)
		outcome->status = STATUS_SOURCE;
	report_failure(feed->transfer, request, outcome);
	window_mark(&feed->transfer->window, request, REQUEST_ABORTED);
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

static enum feed_step
send_content(struct feed *feed, size_t room)
{
	struct window *window = &feed->transfer->window;
	struct request *request;
	struct outcome outcome;
	enum send_file_event event;

	if (feed->cancelled)
		return cancel_content(feed);
	feed->file.largest = room < feed->most ? room : feed->most;
	event = send_file_step(&feed->file, feed->conn, &outcome);
	if (event == SEND_FILE_FULL)
		return FEED_FULL;
	request = window_find(window, feed->file.request);
	request->sent = feed->file.sent;
	if (event == SEND_FILE_MORE)
		return FEED_MORE;
	end_content(feed);
	if (event == SEND_FILE_ENDED) {
		request->digest = digest_value(&feed->file.digest);
		window_mark(window, request, REQUEST_ENDED);
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
	if (queued + WIRE_HEADER > EARLY_BYTES)
		return 0;
	return (size_t)(EARLY_BYTES - WIRE_HEADER - queued);
}

enum feed_step
feed_step(struct feed *feed)
{
	size_t room = room_for(feed);
	struct request *request;

	if (room < ROOM)
		return FEED_IDLE;
	if (feed->fd != -1)
		return send_content(feed, room);
	if (conn_reserve(feed->conn, ROOM) == NULL)
		return FEED_FULL;
	request = next_request(feed);
	if (request != NULL) {
		send_request(feed, request);
		return FEED_MORE;
	}
	request = window_going(&feed->transfer->window);
	if (request == NULL)
		return FEED_IDLE;
	follow_go(feed, request);
	return FEED_MORE;
}

void
feed_cancel(struct feed *feed, uint32_t request)
{
	if (feed->fd != -1 && feed->file.request == request)
		feed->cancelled = 1;
}

int
feed_is_done(const struct feed *feed)
{
	const struct transfer *transfer = feed->transfer;

	if (feed->fd != -1 || transfer->window.open > 0)
		return 0;
	return feed->stopped ||
	    (feed->cursor == transfer->window.next &&
		transfer->sources.next == transfer->sources.count);
}
