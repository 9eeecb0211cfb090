/* SPDX-License-Identifier: ISC */
/* Create directories before their children; set mode and time after them. */
#include "client/sources/directories.h"

#include <stdlib.h>
#include <string.h>

/* The protocol's limits on requests without a result. */
#define COUNT_MAX WIRE_WINDOW_REQUESTS
#define BYTES_MAX WIRE_WINDOW_PATHS

void
directories_init(struct directories *directories)
{
	*directories = (struct directories){.current = NULL};
	directories->last = &directories->ready;
}

static void
unlink_directory(struct directory *directory)
{
	struct directories *all = directory->all;

	*directory->link = directory->next;
	if (directory->next != NULL)
		directory->next->link = directory->link;
	else if (all->last == &directory->next)
		all->last = directory->link;
}

/* Append it to the ready ones: children are ready before their parents. */
static void
make_ready(struct directory *directory)
{
	struct directories *all = directory->all;

	unlink_directory(directory);
	directory->next = NULL;
	directory->link = all->last;
	*all->last = directory;
	all->last = &directory->next;
}

static void
release_list(struct directory *directory)
{
	while (directory != NULL) {
		struct directory *next = directory->next;

		free(directory);
		directory = next;
	}
}

void
directories_release(struct directories *directories)
{
	release_list(directories->waiting);
	release_list(directories->ready);
	directories_init(directories);
}

int
directories_are_full(const struct directories *directories)
{
	return directories->count >= COUNT_MAX ||
	    directories->bytes >= BYTES_MAX;
}

int
directories_enter(struct directories *directories, const struct source *source,
    const struct stat *found)
{
	size_t length = strlen(source->path);
	struct directory *directory = malloc(sizeof(*directory) + length + 1);

	if (directory == NULL)
		return -1;
	/* The first reference is the walk's. */
	*directory = (struct directory){.all = directories,
	    .parent = directory_hold(directories->current),
	    .next = directories->waiting,
	    .link = &directories->waiting,
	    .held = 1,
	    .found = *found,
	    .source = *source};
	directory->source.path = (char *)(directory + 1);
	memcpy(directory + 1, source->path, length + 1);
	if (directory->next != NULL)
		directory->next->link = &directory->next;
	directories->waiting = directory;
	directories->current = directory;
	directories->count++;
	directories->bytes += length;
	return 0;
}

void
directories_leave(struct directories *directories)
{
	struct directory *directory = directories->current;

	directories->current = directory->parent;
	directory_release(directory);
}

struct directory *
directory_hold(struct directory *directory)
{
	if (directory != NULL)
		directory->held++;
	return directory;
}

void
directory_release(struct directory *directory)
{
	if (directory != NULL && --directory->held == 0)
		make_ready(directory);
}

struct directory *
directory_unrequested(struct directory *directory, uint64_t connection)
{
	struct directory *highest = NULL;

	for (; directory != NULL; directory = directory->parent)
		if ((directory->requested & connection) == 0)
			highest = directory;
	return highest;
}

void
directories_forget(struct directories *directories, uint64_t connection)
{
	struct directory *directory;

	for (directory = directories->waiting; directory != NULL;
	     directory = directory->next)
		directory->requested &= ~connection;
	for (directory = directories->ready; directory != NULL;
	     directory = directory->next)
		directory->requested &= ~connection;
}

struct directory *
directories_pop(struct directories *directories)
{
	struct directory *directory = directories->ready;

	if (directory == NULL)
		return NULL;
	unlink_directory(directory);
	directories->count--;
	directories->bytes -= strlen(directory->source.path);
	return directory;
}
