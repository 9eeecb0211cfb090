/* SPDX-License-Identifier: ISC */
/* Sources that are removed, since what they held is stored. */
#include "client/run/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client/run/report.h"
#include "client/sources/aside.h"
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
remove_source(
    struct run *run, const struct request *request, struct outcome *outcome)
{
	const char *last;
	int directory = source_directory(&request->source, &last), result;

	if (directory == -1 && run->options->follow && means_link(errno)) {
		outcome_set(outcome, STATUS_SOURCE,
		    "a symbolic link is on the way to it");
		return 1;
	}
	if (directory == -1) {
		outcome_set(outcome, STATUS_SOURCE, "%s", strerror(errno));
		return -1;
	}
	result = aside_remove(
	    directory, last, &request->identity, &run->removals, outcome);
	close(directory);
	return result;
}

void
removal_follow(struct run *run, const struct request *request, int durable)
{
	const struct options *options = run->options;
	struct outcome outcome;
	int result;

	/* A source that is not synced stays; report_success has said so. */
	if (!options->remove_source || request->kind != WIRE_KIND_FILE ||
	    !durable)
		return;
	blocking_enter(request->source.path);
	result = remove_source(run, request, &outcome);
	blocking_leave();
	if (result != 0)
		report_unremoved(run, request, result == -1, &outcome);
}

/* The directory that is being looked through. */
struct place {
	struct run *run;
	const char *path;
};

static void
tell(void *context, const char *name, const char *old_name,
    const struct outcome *outcome)
{
	const struct place *place = context;

	report_restored(place->run, place->path,
	    outcome == NULL ? old_name : name, outcome);
}

static int
restores(const struct run *run)
{
	return run->options->remove_source && !run->options->dry_run;
}

/* Look through the directory whose path is the first so many bytes. */
static void
restore_beside(struct run *run, char *path, size_t length)
{
	char behind = path[length];
	struct place place = {run, path};
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
removal_restore_named(struct run *run)
{
	const struct queue *queue = &run->queue;
	const char *last = NULL;
	size_t last_length = 0;

	if (!restores(run))
		return;
	/* Sources of one directory mostly follow each other. */
	for (size_t i = 0; i < queue->count; i++) {
		char *path = queue->paths[i];
		size_t length = (size_t)(source_name(path).bytes - path);

		if (last == NULL || length != last_length ||
		    memcmp(path, last, length) != 0)
			restore_beside(run, path, length);
		last = path;
		last_length = length;
	}
}

void
removal_restore_in(struct run *run, const struct source *directory)
{
	struct place place = {run, directory->path};
	struct outcome ignored;
	struct stat found;
	int fd;

	if (!restores(run))
		return;
	switch (source_open(
	    directory, run->options->follow, &fd, &found, &ignored)) {
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
