/* SPDX-License-Identifier: ISC */
/* Sources that are read for their digests before the server is asked. */
#include <string.h>
#include <unistd.h>

#include "client/connection/outgoing.h"
#include "client/run/report.h"
#include "common/blocking.h"

int
feed_hashes(const struct feed *feed, const struct request *request)
{
	return feed->run->options->checksum && !request->digested &&
	    !request->input;
}

void
feed_hash_begin(struct feed *feed, struct request *request, int fd,
    const struct stat *found)
{
	feed->hash.fd = fd;
	feed->next_waiting = 0;
	send_file_begin(&feed->hash.file, fd, request->number, found);
	/* If that fails, the file is read again. */
	if (request->hashed.length > 0)
		(void)send_file_recall(&feed->hash.file, &request->hashed);
}

/* The source is no longer hashed; its descriptor is the caller's. */
static struct request *
take_hashed(struct feed *feed, int *fd)
{
	*fd = feed->hash.fd;
	feed->hash.fd = -1;
	return window_find(&feed->window, feed->hash.file.request);
}

static void
fail(struct feed *feed, struct outcome *outcome)
{
	int fd;
	struct request *request = take_hashed(feed, &fd);

	(void)blocking_close(fd);
	if (outcome->status == STATUS_FAILED)
		outcome->status = STATUS_SOURCE;
	report_failure(feed->run, request, outcome);
	window_mark(&feed->window, request, REQUEST_DONE);
}

static void
ask(struct feed *feed, const struct stat *found)
{
	int fd;
	struct request *request = take_hashed(feed, &fd);

	if (request->digested)
		request->digest = digest_value(&feed->hash.file.digest);
	feed_announce(feed, request, fd, found);
}

/* Nothing more of it is read: ask, with or without the digest. */
static void
finish(struct feed *feed, int whole)
{
	struct send_file *file = &feed->hash.file;
	struct request *request = window_find(&feed->window, file->request);
	int may_grow = feed->run->options->growing;
	struct outcome outcome;
	struct stat found;
	int result;

	outcome_set(
	    &outcome, STATUS_CHANGED, "the source changed while it was read");
	request->digested = whole;
	blocking_enter(NULL);
	result = fstat(file->fd, &found);
	blocking_leave();
	if (result == -1 ||
	    !source_is_same(&request->identity, &found, may_grow) ||
	    (!whole && send_file_rewind(file, &outcome) == -1))
		fail(feed, &outcome);
	else
		ask(feed, &found);
}

enum feed_step
feed_hash(struct feed *feed)
{
	struct send_file *file = &feed->hash.file;
	struct outcome outcome;
	io_time now = io_now();
	int is_late;

	/* The next connection goes on with it. */
	if (!feed->greeted || feed->stopped)
		return FEED_IDLE;
	blocking_about(window_find(&feed->window, file->request)->source.path);
	/* What was sent in between has ended the server's wait. */
	if (feed->next_waiting == 0)
		feed->hash.since = now;
	is_late = now - feed->hash.since >= FEED_HASH_LONGEST;
	if (file->sent < file->size && !is_late &&
	    send_file_skip(file, file->size, &outcome) == -1) {
		fail(feed, &outcome);
		return FEED_MORE;
	}
	feed->window.steps += !is_late;
	if (file->sent == file->size || is_late) {
		finish(feed, file->sent == file->size);
		return FEED_MORE;
	}
	(void)feed_say_waiting(feed, file->request);
	/* Others have their turn between two pieces. */
	return FEED_FULL;
}

void
feed_hash_stop(struct feed *feed)
{
	struct request *request;
	int fd;

	if (feed->hash.fd == -1)
		return;
	request = take_hashed(feed, &fd);
	request->hashed = feed->hash.file.digest;
	(void)blocking_close(fd);
}
