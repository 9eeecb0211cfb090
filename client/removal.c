/* SPDX-License-Identifier: ISC */
/* Sources that are removed, since what they held is stored. */
#include "client/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client/aside.h"
#include "client/report.h"
#include "common/blocking.h"

/* What openat says of a symbolic link that is not to be followed. */
static int
means_link(int error)
{
	return error == ELOOP || error == ENOTDIR || error == EMLINK;
}

/*
 * Returns 0; or, with outcome, -1 if it could not be removed, and 1 if it is
 * left because it was reached by following a symbolic link.
 */
static int
remove_source(struct transfer *transfer, const struct request *request,
    struct outcome *outcome)
{
	const char *last;
	int directory = source_directory(&request->source, &last), result;

	if (directory == -1 && transfer->options->follow && means_link(errno)) {
		outcome_set(outcome, STATUS_SOURCE,
		    "a symbolic link is on the way to it");
		return 1;
	}
	if (directory == -1) {
		outcome_set(outcome, STATUS_SOURCE, "%s", strerror(errno));
		return -1;
	}
	result = aside_remove(
	    directory, last, &request->identity, &transfer->removals, outcome);
	close(directory);
	return result;
}

void
removal_follow(
    struct transfer *transfer, const struct request *request, int durable)
{
	const struct options *options = transfer->options;
	struct outcome outcome;
	int result;

	/* A source that is not synced stays; report_success has said so. */
	if (!options->remove_source || request->kind != WIRE_FILE || !durable)
		return;
	blocking_enter(request->source.path);
	result = remove_source(transfer, request, &outcome);
	blocking_leave();
	if (result != 0)
		report_unremoved(transfer, request, result == -1, &outcome);
}

/* The directory that is being looked through. */
struct place {
	struct transfer *transfer;
	const char *path;
};

static void
tell(void *context, const char *name, const char *old_name,
    const struct outcome *outcome)
{
	const struct place *place = context;

	report_restored(place->transfer, place->path,
	    outcome == NULL ? old_name : name, outcome);
}

static int
restores(const struct transfer *transfer)
{
	return transfer->options->remove_source && !transfer->options->dry_run;
}

/* Look through the directory whose path is the first so many bytes. */
static void
restore_beside(struct transfer *transfer, char *path, size_t length)
{
	char behind = path[length];
	struct place place = {transfer, path};
	int directory;

	path[length] = '\0';
	blocking_about(path);
	blocking_enter(path);
	directory = open(length > 0 ? path : ".",
	    O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	blocking_leave();
	if (directory != -1)
		aside_restore(directory, tell, &place);
	blocking_about("");
	path[length] = behind;
}

void
removal_restore_named(struct transfer *transfer)
{
	const struct queue *queue = &transfer->queue;
	const char *last = NULL;
	size_t last_length = 0;

	if (!restores(transfer))
		return;
	/* Sources of one directory mostly follow each other. */
	for (size_t i = 0; i < queue->count; i++) {
		char *path = queue->paths[i];
		size_t length = (size_t)(source_name(path).bytes - path);

		if (last == NULL || length != last_length ||
		    memcmp(path, last, length) != 0)
			restore_beside(transfer, path, length);
		last = path;
		last_length = length;
	}
}

void
removal_restore_in(struct transfer *transfer, const struct source *directory)
{
	struct place place = {transfer, directory->path};
	struct outcome ignored;
	struct stat found;
	int fd;

	if (!restores(transfer))
		return;
	switch (source_open(
	    directory, transfer->options->follow, &fd, &found, &ignored)) {
	case SOURCE_FOLDER:
		aside_restore(fd, tell, &place);
		break;
	case SOURCE_FILE:
		(void)blocking_close(fd);
		break;
	default:
		break;
	}
}
