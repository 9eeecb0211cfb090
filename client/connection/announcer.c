/* SPDX-License-Identifier: ISC */
/* Announce sources to the server: open the next one and queue its request. */
#include "client/connection/announcer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/settings/options.h"
#include "client/sources/directories.h"
#include "client/sources/queue.h"
#include "common/blocking.h"

/* ftx asks before it sends a file of this size or larger. */
#define PUT_SIZE (1 << 20)

/*
 * If several connections share the run, a connection that has asked for this
 * many bytes announces no more sources.  This leaves work for the others.
 */
#define SHARE_BYTES (4 << 20)

/* Standard input has no useful mode: use that of a new file. */
#define INPUT_MODE 0666

void
announcer_init(struct announcer *announcer, struct run *run, struct conn *conn,
    struct window *window, unsigned number)
{
	*announcer = (struct announcer){.run = run,
	    .conn = conn,
	    .window = window,
	    .connection = UINT64_C(1) << number};
	directories_forget(&run->directories, announcer->connection);
}

/* Report a source that never becomes a request. */
static void
report_unrequested(struct run *run, const struct source *source,
    enum source_kind kind, const struct outcome *outcome)
{
	const struct request request = {
	    .source = *source, .kind = WIRE_KIND_FILE};

	report_unsent(&run->report, &request, kind, outcome);
}

/*
 * Nonzero if the protocol allows the name.  Otherwise report it and do not send
 * it: the server would end the connection with all its requests.
 */
static int
check_name(struct run *run, const struct source *source, int is_directory)
{
	struct wire_bytes name = remote_path(&run->remote, source);
	const char *reason = wire_check_path(name.bytes, name.length);
	struct request request = {.source = *source, .state = REQUEST_NEW};
	struct outcome outcome;

	if (reason == NULL)
		return 1;
	outcome_set(&outcome, STATUS_REFUSED, "%s%s", reason,
	    is_directory ? ", nor is what lies in it sent" : "");
	report_failure(&run->report, &request, &outcome);
	return 0;
}

/*
 * Add a request to the window.  The request takes over the caller's reference
 * to the directory.  If there is no memory, report that and return NULL.
 */
static struct request *
add_request(struct announcer *announcer, const struct source *source,
    enum wire_kind kind, struct directory *directory)
{
	struct run *run = announcer->run;
	struct request *request = request_new(
	    source, kind, directory, remote_path(&run->remote, source).length);
	struct outcome outcome;

	if (request != NULL) {
		window_add(announcer->window, request);
		return request;
	}
	outcome_set(&outcome, STATUS_SOURCE, "%s", strerror(errno));
	report_unrequested(run, source, SOURCE_FAILED, &outcome);
	return NULL;
}

static struct wire_request
wire_of(const struct announcer *announcer, const struct request *request)
{
	const struct run *run = announcer->run;

	return request_wire(request, run->options, &run->remote);
}

static void
queue_frame(struct announcer *announcer, enum wire_type type,
    const struct request *request, const struct wire_request *wire)
{
	uint8_t *payload = conn_reserve(announcer->conn, ANNOUNCER_ROOM);

	conn_queue(announcer->conn, type, request->number,
	    wire_write_request(payload, wire));
}

int
announcer_queue(struct announcer *announcer, struct request *request)
{
	const struct wire_request wire = wire_of(announcer, request);
	int asks = wire.wishes != 0 || wire.size >= PUT_SIZE || request->input;

	request->wishes = wire.wishes;
	queue_frame(announcer, asks ? WIRE_ASK : WIRE_PUT, request, &wire);
	if (asks)
		window_mark(announcer->window, request, REQUEST_ASKED);
	return asks;
}

static void
queue_directory(struct announcer *announcer, struct request *request)
{
	const struct wire_request wire = wire_of(announcer, request);

	if (!request->final && request->directory != NULL)
		request->directory->requested |= announcer->connection;
	queue_frame(announcer, WIRE_DIRECTORY, request, &wire);
	window_mark(announcer->window, request, REQUEST_ENDED);
}

/*
 * Announce a directory.  A final request sets its mode and time; any other
 * creates it.  The request takes over the caller's reference to directory.
 */
static void
announce_directory(struct announcer *announcer, const struct source *source,
    const struct stat *found, int final, struct directory *directory)
{
	struct request *request =
	    add_request(announcer, source, WIRE_KIND_DIRECTORY, directory);

	if (request == NULL)
		return;
	request_stamp(request, -1, found);
	request->final = final;
	queue_directory(announcer, request);
}

/*
 * Find the highest directory, from this one upwards, that this connection has
 * not requested.  Request it here, too.  Returns 0 if there is none.
 */
static int
repeat_directory(struct announcer *announcer, struct directory *directory)
{
	struct request *request;

	directory = directory_unrequested(directory, announcer->connection);
	if (directory == NULL)
		return 0;
	/* If there is no memory, do not try it again. */
	directory->requested |= announcer->connection;
	request = add_request(announcer, &directory->source,
	    WIRE_KIND_DIRECTORY, directory_hold(directory));
	if (request == NULL)
		return 1;
	request_stamp(request, -1, &directory->found);
	request->repeats = 1;
	queue_directory(announcer, request);
	return 1;
}

/* The directory that this connection must request before this request. */
static struct directory *
directory_before(const struct request *request)
{
	if (request->kind == WIRE_KIND_FILE || request->final ||
	    request->directory == NULL)
		return request->directory;
	return request->directory->parent;
}

/* Nonzero if directories get mode and time after their contents. */
static int
sets_attributes(const struct run *run)
{
	return run->options->preserve && !run->options->dry_run;
}

/* Nonzero if the source goes to the server's own directory, which exists. */
static int
is_server_root(const struct run *run, const struct source *source)
{
	return remote_path(&run->remote, source).length == 0 &&
	    run->remote.target->path[0] == '\0';
}

/*
 * Nonzero if the run must remember the directory.  The run sets the directory's
 * attributes after its contents, or announces it on other connections.
 */
static int
is_remembered(const struct run *run, const struct source *source)
{
	return (sets_attributes(run) || run_is_shared(run)) &&
	    !is_server_root(run, source);
}

/* The walk enters a directory: announce it before its contents. */
static void
enter_directory(struct announcer *announcer, const struct queue_item *item)
{
	struct run *run = announcer->run;
	const struct source *source = &item->source;
	struct outcome outcome;

	if (!check_name(run, source, 1)) {
		queue_prune(&run->queue);
		return;
	}
	removal_restore_in(&run->removal, source);
	if (is_remembered(run, source) &&
	    directories_enter(&run->directories, source, &item->found) == -1) {
		outcome_set(&outcome, STATUS_SOURCE, "%s", strerror(errno));
		report_unrequested(run, source, SOURCE_FAILED, &outcome);
		queue_prune(&run->queue);
		return;
	}
	if (!is_server_root(run, source))
		announce_directory(announcer, source, &item->found, 0,
		    directory_hold(run->directories.current));
}

static void
leave_directory(struct run *run, const struct source *source)
{
	if (is_remembered(run, source))
		directories_leave(&run->directories);
}

/* All contents have their results: set mode and time, and free it. */
static void
finish_directory(struct announcer *announcer, struct directory *directory)
{
	if (sets_attributes(announcer->run))
		announce_directory(announcer, &directory->source,
		    &directory->found, 1, directory->parent);
	else
		directory_release(directory->parent);
	free(directory);
}

enum source_kind
announcer_open(const struct announcer *announcer, struct request *request,
    struct announcer_source *source, struct outcome *outcome)
{
	enum source_kind kind = SOURCE_FILE;

	*source = (struct announcer_source){.request = request, .fd = -1};
	if (!request->input)
		kind = source_open(&request->source,
		    announcer->run->options->follow, &source->fd,
		    &source->found, outcome);
	else if ((source->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) == -1) {
		outcome_set_errno(outcome, errno, "standard input");
		kind = SOURCE_FAILED;
	}
	if (kind != SOURCE_DIRECTORY)
		return kind;
	(void)blocking_close(source->fd);
	outcome_set(outcome, STATUS_SOURCE, "is a directory");
	return SOURCE_FAILED;
}

/* Announce a request that an earlier connection left without a result. */
static enum announcer_event
announce_again(struct announcer *announcer, struct request *request,
    struct announcer_source *source)
{
	struct outcome outcome;
	enum source_kind kind;

	window_add(announcer->window, request);
	if (request->kind == WIRE_KIND_DIRECTORY) {
		queue_directory(announcer, request);
		return ANNOUNCER_MORE;
	}
	if (request->input) {
		*source =
		    (struct announcer_source){.request = request, .fd = -1};
		return ANNOUNCER_SOURCE;
	}
	kind = announcer_open(announcer, request, source, &outcome);
	if (kind != SOURCE_FILE) {
		report_unsent(&announcer->run->report, request, kind, &outcome);
		window_mark(announcer->window, request, REQUEST_DONE);
		return ANNOUNCER_MORE;
	}
	blocking_about(request->source.path);
	request_stamp(request, source->fd, &source->found);
	return ANNOUNCER_SOURCE;
}

static enum announcer_event
announce_file(struct announcer *announcer, const struct queue_item *item,
    struct announcer_source *source)
{
	struct run *run = announcer->run;
	struct request *request = NULL;

	if (check_name(run, &item->source, 0))
		request = add_request(announcer, &item->source, WIRE_KIND_FILE,
		    directory_hold(run->directories.current));
	if (request == NULL) {
		(void)blocking_close(item->fd);
		return ANNOUNCER_MORE;
	}
	request_stamp(request, item->fd, &item->found);
	*source = (struct announcer_source){request, item->fd, item->found};
	return ANNOUNCER_SOURCE;
}

static enum announcer_event
announce_input(struct announcer *announcer, const struct queue_item *item,
    struct announcer_source *source)
{
	struct request *request =
	    add_request(announcer, &item->source, WIRE_KIND_FILE, NULL);

	if (request == NULL)
		return ANNOUNCER_MORE;
	request->input = 1;
	request->mode = INPUT_MODE;
	request->size = options_size(announcer->run->options);
	if (request->size != WIRE_SIZE_UNKNOWN)
		request->allocated = request->size;
	*source = (struct announcer_source){.request = request, .fd = -1};
	return ANNOUNCER_SOURCE;
}

static enum announcer_event
announce_queued(struct announcer *announcer, struct announcer_source *source)
{
	struct run *run = announcer->run;
	struct queue_item item;
	enum queue_event event = queue_next(&run->queue, &item);

	blocking_about(event == QUEUE_END ? "" : item.source.path);
	switch (event) {
	case QUEUE_FILE:
		return announce_file(announcer, &item, source);
	case QUEUE_INPUT:
		return announce_input(announcer, &item, source);
	case QUEUE_ENTER:
		enter_directory(announcer, &item);
		break;
	case QUEUE_LEAVE:
		leave_directory(run, &item.source);
		break;
	case QUEUE_SKIPPED:
		report_unrequested(
		    run, &item.source, SOURCE_SKIPPED, &item.outcome);
		break;
	case QUEUE_FAILED:
		report_unrequested(
		    run, &item.source, SOURCE_FAILED, &item.outcome);
		break;
	case QUEUE_END:
		return ANNOUNCER_IDLE;
	}
	return ANNOUNCER_MORE;
}

/* Nonzero if further requests should go to the other connections of the run. */
static int
has_its_share(const struct announcer *announcer)
{
	const struct window *window = announcer->window;
	size_t streams = announcer->run->streams;

	/* All connections together have as many open requests as one alone. */
	return streams > 1 &&
	    (window->open >= WIRE_WINDOW_REQUESTS / streams ||
		window->promised >= SHARE_BYTES);
}

enum announcer_event
announcer_next(struct announcer *announcer, struct announcer_source *source)
{
	struct run *run = announcer->run;
	struct request *request = run->again.first;
	struct directory *directory;

	if (window_is_full(announcer->window) || has_its_share(announcer))
		return ANNOUNCER_IDLE;
	if (request != NULL)
		return repeat_directory(announcer, directory_before(request))
		    ? ANNOUNCER_MORE
		    : announce_again(
			  announcer, requests_pop(&run->again), source);
	directory = directories_pop(&run->directories);
	if (directory != NULL) {
		finish_directory(announcer, directory);
		return ANNOUNCER_MORE;
	}
	if (repeat_directory(announcer, run->directories.current))
		return ANNOUNCER_MORE;
	return directories_are_full(&run->directories)
	    ? ANNOUNCER_IDLE
	    : announce_queued(announcer, source);
}
