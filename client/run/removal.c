/* SPDX-License-Identifier: ISC */
/* Remove sources that were stored, and restore what a removal left behind. */
#include "client/run/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/blocking.h"

/* Nonzero for an error of openat(2) that refused to follow a symbolic link. */
static int
is_link_error(int error)
{
	return error == ELOOP || error == ENOTDIR || error == EMLINK;
}

void
removal_init(struct removal *removal, const struct options *options,
    struct report *report)
{
	*removal = (struct removal){.options = options, .report = report};
}

/*
 * Returns 0 if the source was removed, or -1 with outcome if it could not be
 * removed.  Returns 1 with outcome if it is a symbolic link, or its path has
 * one.
 */
static int
remove_source(struct removal *removal, const struct request *request,
    struct outcome *outcome)
{
	const char *last;
	int directory = source_open_parent(&request->source, &last), result;

	if (directory == -1 && removal->options->follow &&
	    is_link_error(errno)) {
		outcome_set(outcome, STATUS_SOURCE,
		    "a symbolic link is on the way to it");
		return 1;
	}
	if (directory == -1) {
		outcome_set(outcome, STATUS_SOURCE, "%s", strerror(errno));
		return -1;
	}
	result = aside_remove(
	    directory, last, &request->stamp, &removal->changes, outcome);
	close(directory);
	return result;
}

void
removal_remove(
    struct removal *removal, const struct request *request, int durable)
{
	struct outcome outcome;
	int result;

	/* report_success has warned about a file that is not synced. */
	if (!removal->options->remove_source ||
	    request->kind != WIRE_KIND_FILE || !durable)
		return;
	blocking_enter(request->source.path);
	result = remove_source(removal, request, &outcome);
	blocking_leave();
	if (result != 0)
		report_unremoved(
		    removal->report, request, result == -1, &outcome);
}

/* The directory whose files are restored. */
struct place {
	struct report *report;
	const char *path;
};

static void
report(void *context, const char *name, const char *old_name,
    const struct outcome *outcome)
{
	const struct place *place = context;

	report_restored(place->report, place->path,
	    outcome == NULL ? old_name : name, outcome);
}

static int
restores(const struct removal *removal)
{
	return removal->options->remove_source && !removal->options->dry_run;
}

/* Restore the files in a directory; "" is the current one. */
static void
restore_in(struct removal *removal, const char *path)
{
	struct place place = {removal->report, path};
	int directory;

	blocking_about(path);
	blocking_enter(path);
	directory = open(path[0] != '\0' ? path : ".",
	    O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	blocking_leave();
	if (directory != -1)
		aside_restore(directory, report, &place);
	blocking_about("");
}

/* Returns the part of a path up to its last component, or NULL. */
static char *
parent_of(const char *path)
{
	return strndup(path, (size_t)(source_name(path).bytes - path));
}

void
removal_restore_beside(
    struct removal *removal, char *const *paths, size_t count)
{
	char *last = NULL;

	if (!restores(removal))
		return;
	for (size_t i = 0; i < count; i++) {
		char *parent = parent_of(paths[i]);

		/*
		 * Sources of one directory usually follow each other.  If there
		 * is no memory, a later run restores the files.
		 */
		if (parent != NULL &&
		    (last == NULL || strcmp(parent, last) != 0))
			restore_in(removal, parent);
		free(last);
		last = parent;
	}
	free(last);
}

void
removal_restore_in(struct removal *removal, const struct source *directory)
{
	struct place place = {removal->report, directory->path};
	struct outcome ignored;
	struct stat found;
	int fd;

	if (!restores(removal))
		return;
	switch (source_open(
	    directory, removal->options->follow, &fd, &found, &ignored)) {
	case SOURCE_DIRECTORY:
		aside_restore(fd, report, &place);
		break;
	case SOURCE_FILE:
		(void)blocking_close(fd);
		break;
	default:
		break;
	}
}
