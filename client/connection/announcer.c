/* SPDX-License-Identifier: ISC */
/* Requests: the next one, once more or for the first time, and its source. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/connection/outgoing.h"
#include "client/run/report.h"
#include "common/blocking.h"

/* Files below this size are sent without asking first. */
#define PUT_SIZE (1 << 20)

/*
 * Bytes of content that one of several connections has asked for and not begun
 * to send, at most, so that something is left for the others.
 */
#define SHARE_BYTES (4 << 20)

/* Standard input has no mode that says anything: that of a new file. */
#define INPUT_MODE 0666

void
feed_announce(struct feed *feed, struct request *request, int fd,
    const struct stat *found)
{
	const struct wire_request wire = run_request(feed->run, request);
	int asks = wire.wishes != 0 || wire.size >= PUT_SIZE || request->input;
	uint8_t *payload = conn_reserve(feed->conn, FEED_ROOM);

	request->wishes = wire.wishes;
	conn_queue(feed->conn, asks ? WIRE_ASK : WIRE_PUT, request->number,
	    wire_write_request(payload, &wire));
	if (!asks) {
		feed_content(feed, request, fd, found);
		return;
	}
	if (fd != -1)
		(void)blocking_close(fd);
	window_mark(&feed->window, request, REQUEST_ASKED);
}

/* The same, after its digest has been found where that is asked with. */
static void
announce(struct feed *feed, struct request *request, int fd,
    const struct stat *found)
{
	if (feed_hashes(feed, request))
		feed_hash_begin(feed, request, fd, found);
	else
		feed_announce(feed, request, fd, found);
}

/* Open a source that was opened before, perhaps. */
static enum source_kind
open_source(const struct feed *feed, const struct request *request, int *fd,
    struct stat *found, struct outcome *outcome)
{
	enum source_kind kind = SOURCE_FILE;

	if (!request->input)
		kind = source_open(&request->source, feed->run->options->follow,
		    fd, found, outcome);
	else if ((*fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) == -1) {
		outcome_set_errno(outcome, errno, "standard input");
		kind = SOURCE_FAILED;
	}
	if (kind != SOURCE_FOLDER)
		return kind;
	(void)blocking_close(*fd);
	outcome_set(outcome, STATUS_SOURCE, "is a directory");
	return SOURCE_FAILED;
}

/* Send a request that was sent on a connection before this. */
static void
send_again(struct feed *feed, struct request *request)
{
	struct outcome outcome;
	struct stat found;
	enum source_kind kind;
	int fd = -1;

	if (request->kind == WIRE_FOLDER) {
		feed_announce_folder(feed, request);
		return;
	}
	if (!request->input) {
		kind = open_source(feed, request, &fd, &found, &outcome);
		if (kind != SOURCE_FILE) {
			report_source(feed->run, request, kind, &outcome);
			window_mark(&feed->window, request, REQUEST_DONE);
			return;
		}
		blocking_about(request->source.path);
		request_identify(request, fd, &found);
	}
	announce(feed, request, fd, &found);
}

void
feed_report_unsent(struct run *run, const struct source *source,
    enum source_kind kind, const struct outcome *outcome)
{
	const struct request request = {.source = *source, .kind = WIRE_FILE};

	report_source(run, &request, kind, outcome);
}

int
feed_check_name(struct feed *feed, const struct source *source, int directory)
{
	struct run *run = feed->run;
	struct wire_bytes name = run_path(run, source);
	const char *reason = wire_check_path(name.bytes, name.length);
	struct request request = {.source = *source, .state = REQUEST_NEW};
	struct outcome outcome;

	if (reason == NULL)
		return 1;
	outcome_set(&outcome, STATUS_REFUSED, "%s%s", reason,
	    directory ? ", nor is what lies in it sent" : "");
	report_failure(run, &request, &outcome);
	return 0;
}

struct request *
feed_add(struct feed *feed, const struct source *source, enum wire_kind kind,
    struct directory *directory)
{
	struct run *run = feed->run;
	struct request *request =
	    request_new(source, kind, directory, run_path(run, source).length);
	struct outcome outcome;

	if (request != NULL) {
		window_add(&feed->window, request);
		return request;
	}
	outcome_set(&outcome, STATUS_SOURCE, "%s", strerror(errno));
	feed_report_unsent(run, source, SOURCE_FAILED, &outcome);
	return NULL;
}

static void
send_file(struct feed *feed, const struct queue_item *item)
{
	struct request *request = NULL;

	if (feed_check_name(feed, &item->source, 0))
		request = feed_add(feed, &item->source, WIRE_FILE,
		    directory_hold(feed->run->directories.current));
	if (request == NULL) {
		(void)blocking_close(item->fd);
		return;
	}
	request_identify(request, item->fd, &item->found);
	announce(feed, request, item->fd, &item->found);
}

static void
send_input(struct feed *feed, const struct queue_item *item)
{
	struct request *request =
	    feed_add(feed, &item->source, WIRE_FILE, NULL);

	if (request == NULL)
		return;
	request->input = 1;
	request->mode = INPUT_MODE;
	request->size = options_size(feed->run->options);
	if (request->size != WIRE_SIZE_UNKNOWN)
		request->allocated = request->size;
	announce(feed, request, -1, NULL);
}

/* Send what comes next in the queue.  Returns 0 if there is nothing. */
static int
send_queued(struct feed *feed)
{
	struct run *run = feed->run;
	struct queue_item item;
	enum queue_event event = queue_next(&run->queue, &item);

	blocking_about(event == QUEUE_END ? "" : item.source.path);
	switch (event) {
	case QUEUE_FILE:
		send_file(feed, &item);
		break;
	case QUEUE_INPUT:
		send_input(feed, &item);
		break;
	case QUEUE_FOLDER:
		feed_enter_folder(feed, &item);
		break;
	case QUEUE_LEFT:
		feed_leave_folder(feed, &item);
		break;
	case QUEUE_SKIPPED:
		feed_report_unsent(
		    run, &item.source, SOURCE_SKIPPED, &item.outcome);
		break;
	case QUEUE_FAILED:
		feed_report_unsent(
		    run, &item.source, SOURCE_FAILED, &item.outcome);
		break;
	case QUEUE_END:
		return 0;
	}
	return 1;
}

/* Nonzero if further requests are for the other connections of the run. */
static int
has_enough(const struct feed *feed)
{
	size_t streams = feed->run->streams;

	/* Together they have as many requests under way as one alone has. */
	return streams > 1 &&
	    (feed->window.open >= WIRE_WINDOW_REQUESTS / streams ||
		feed->window.promised >= SHARE_BYTES);
}

int
feed_request(struct feed *feed)
{
	struct run *run = feed->run;
	struct request *request;
	struct directory *directory;

	if (feed->stopped || window_is_full(&feed->window) || has_enough(feed))
		return 0;
	request = run->again.first;
	if (request != NULL) {
		if (feed_folder_above(feed, feed_above(request)))
			return 1;
		request = requests_take(&run->again);
		window_add(&feed->window, request);
		send_again(feed, request);
		return 1;
	}
	directory = directories_take(&run->directories);
	if (directory != NULL) {
		feed_settle_folder(feed, directory);
		return 1;
	}
	if (feed_folder_above(feed, run->directories.current))
		return 1;
	return !directories_are_full(&run->directories) && send_queued(feed);
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
	report_failure(feed->run, request, &outcome);
	window_mark(&feed->window, request, REQUEST_ABORTED);
}

void
feed_follow(struct feed *feed, struct request *request)
{
	struct outcome outcome;
	struct stat found;
	int fd;

	if (open_source(feed, request, &fd, &found, &outcome) != SOURCE_FILE) {
		give_up(feed, request, outcome.text);
		return;
	}
	if (!request->input &&
	    !source_is_same(
		&request->identity, &found, feed->run->options->growing)) {
		(void)blocking_close(fd);
		give_up(feed, request, "it is another one");
		return;
	}
	feed_content(feed, request, fd, &found);
	feed->kept = request->kept;
}
