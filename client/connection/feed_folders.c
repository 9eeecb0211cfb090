/* SPDX-License-Identifier: ISC */
/* Requests for directories: on the way down, once more, and in the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/connection/outgoing.h"
#include "client/run/removal.h"
#include "client/run/report.h"

void
feed_announce_folder(struct feed *feed, struct request *request)
{
	const struct wire_request wire = run_request(feed->run, request);
	uint8_t *payload = conn_reserve(feed->conn, FEED_ROOM);

	if (!request->settles && request->directory != NULL)
		request->directory->known |= feed->line;
	conn_queue(feed->conn, WIRE_DIRECTORY, request->number,
	    wire_write_request(payload, &wire));
	window_mark(&feed->window, request, REQUEST_ENDED);
}

/* Nonzero if the path names what the server made for itself. */
static int
is_receiving_directory(const struct run *run, size_t length)
{
	return length == 0 && run->target->path[0] == '\0';
}

/* On the way down it is only made, and with settles it gets what is its own. */
static void
send_folder(struct feed *feed, const struct source *source,
    const struct stat *found, int settles, struct directory *directory)
{
	struct request *request =
	    feed_add(feed, source, WIRE_FOLDER, directory);

	if (request == NULL)
		return;
	request_identify(request, -1, found);
	request->settles = settles;
	feed_announce_folder(feed, request);
}

int
feed_folder_above(struct feed *feed, struct directory *directory)
{
	struct request *request;

	directory = directory_unknown(directory, feed->line);
	if (directory == NULL)
		return 0;
	/* Not again, if there is no memory for this. */
	directory->known |= feed->line;
	request = feed_add(
	    feed, &directory->source, WIRE_FOLDER, directory_hold(directory));
	if (request == NULL)
		return 1;
	request_identify(request, -1, &directory->found);
	request->repeats = 1;
	feed_announce_folder(feed, request);
	return 1;
}

/* Nonzero if a directory's mode and time come when all that lies below is. */
static int
settles_folders(const struct run *run)
{
	return run->options->preserve && !run->options->dry_run;
}

/* Nonzero if something depends on what lies in the directory, or it on that. */
static int
is_followed(const struct run *run, const struct source *source)
{
	return (settles_folders(run) || run_is_shared(run)) &&
	    !is_receiving_directory(run, run_path(run, source).length);
}

void
feed_enter_folder(struct feed *feed, const struct queue_item *item)
{
	struct run *run = feed->run;
	const struct source *source = &item->source;
	struct outcome outcome;

	if (!feed_check_name(feed, source, 1)) {
		queue_prune(&run->queue);
		return;
	}
	removal_restore_in(run, source);
	if (is_followed(run, source) &&
	    directories_enter(&run->directories, source, &item->found) == -1) {
		outcome_set(&outcome, STATUS_SOURCE, "%s", strerror(errno));
		feed_report_unsent(run, source, SOURCE_FAILED, &outcome);
		queue_prune(&run->queue);
		return;
	}
	if (!is_receiving_directory(run, run_path(run, source).length))
		send_folder(feed, source, &item->found, 0,
		    directory_hold(run->directories.current));
}

void
feed_leave_folder(struct feed *feed, const struct queue_item *item)
{
	struct run *run = feed->run;

	if (is_followed(run, &item->source))
		directories_leave(&run->directories);
}

void
feed_settle_folder(struct feed *feed, struct directory *directory)
{
	if (settles_folders(feed->run))
		send_folder(feed, &directory->source, &directory->found, 1,
		    directory->parent);
	else
		directory_drop(directory->parent);
	free(directory);
}

struct directory *
feed_above(const struct request *request)
{
	if (request->kind == WIRE_FILE || request->settles ||
	    request->directory == NULL)
		return request->directory;
	return request->directory->parent;
}
