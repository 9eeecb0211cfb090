/* SPDX-License-Identifier: ISC */
/* Requests for directories: on the way down, once more, and in the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/feed.h"
#include "client/removal.h"
#include "client/report.h"

void
feed_announce_folder(struct feed *feed, struct request *request)
{
	const struct wire_request wire =
	    transfer_request(feed->transfer, request);
	uint8_t *payload = conn_reserve(feed->conn, FEED_ROOM);

	if (!request->settles && request->folder != NULL)
		request->folder->known |= feed->line;
	conn_queue(feed->conn, WIRE_DIRECTORY, request->number,
	    wire_write_request(payload, &wire));
	window_mark(&feed->window, request, REQUEST_ENDED);
}

/* Nonzero if the path names what the server made for itself. */
static int
is_receiving_directory(const struct transfer *transfer, size_t length)
{
	return length == 0 && transfer->target->path[0] == '\0';
}

/* On the way down it is only made, and with settles it gets what is its own. */
static void
send_folder(struct feed *feed, const struct source *source,
    const struct stat *found, int settles, struct folder *folder)
{
	struct request *request = feed_add(feed, source, WIRE_FOLDER, folder);

	if (request == NULL)
		return;
	request_identify(request, -1, found);
	request->settles = settles;
	feed_announce_folder(feed, request);
}

int
feed_folder_above(struct feed *feed, struct folder *folder)
{
	struct request *request;

	folder = folder_unknown(folder, feed->line);
	if (folder == NULL)
		return 0;
	/* Not again, if there is no memory for this. */
	folder->known |= feed->line;
	request =
	    feed_add(feed, &folder->source, WIRE_FOLDER, folder_hold(folder));
	if (request == NULL)
		return 1;
	request_identify(request, -1, &folder->found);
	request->repeats = 1;
	feed_announce_folder(feed, request);
	return 1;
}

/* Nonzero if a directory's mode and time come when all that lies below is. */
static int
settles_folders(const struct transfer *transfer)
{
	return transfer->options->preserve && !transfer->options->dry_run;
}

/* Nonzero if something depends on what lies in the directory, or it on that. */
static int
is_followed(const struct transfer *transfer, const struct source *source)
{
	return (settles_folders(transfer) || transfer_is_shared(transfer)) &&
	    !is_receiving_directory(
		transfer, transfer_path(transfer, source).length);
}

void
feed_enter_folder(struct feed *feed, const struct queue_item *item)
{
	struct transfer *transfer = feed->transfer;
	const struct source *source = &item->source;
	struct outcome outcome;

	if (!feed_check_name(feed, source, 1)) {
		queue_prune(&transfer->queue);
		return;
	}
	removal_restore_in(transfer, source);
	if (is_followed(transfer, source) &&
	    folders_enter(&transfer->folders, source, &item->found) == -1) {
		outcome_set(&outcome, STATUS_SOURCE, "%s", strerror(errno));
		feed_report_unsent(transfer, source, SOURCE_FAILED, &outcome);
		queue_prune(&transfer->queue);
		return;
	}
	if (!is_receiving_directory(
		transfer, transfer_path(transfer, source).length))
		send_folder(feed, source, &item->found, 0,
		    folder_hold(transfer->folders.current));
}

void
feed_leave_folder(struct feed *feed, const struct queue_item *item)
{
	struct transfer *transfer = feed->transfer;

	if (is_followed(transfer, &item->source))
		folders_leave(&transfer->folders);
}

void
feed_settle_folder(struct feed *feed, struct folder *folder)
{
	if (settles_folders(feed->transfer))
		send_folder(
		    feed, &folder->source, &folder->found, 1, folder->parent);
	else
		folder_drop(folder->parent);
	free(folder);
}

struct folder *
feed_above(const struct request *request)
{
	if (request->kind == WIRE_FILE || request->settles ||
	    request->folder == NULL)
		return request->folder;
	return request->folder->parent;
}
