/* SPDX-License-Identifier: ISC */
/* Directories under way: what lies in them waits for them, and they for it. */
#include "client/folders.h"

#include <stdlib.h>
#include <string.h>

/* As many as there are requests under way, at most. */
#define COUNT_MAX WIRE_WINDOW_REQUESTS
#define BYTES_MAX WIRE_WINDOW_PATHS

void
folders_init(struct folders *folders)
{
	*folders = (struct folders){.current = NULL};
	folders->last = &folders->ready;
}

static void
unlink_folder(struct folder *folder)
{
	struct folders *all = folder->all;

	*folder->link = folder->next;
	if (folder->next != NULL)
		folder->next->link = folder->link;
	else if (all->last == &folder->next)
		all->last = folder->link;
}

/* What waits for nothing any more is ready in the order of that. */
static void
make_ready(struct folder *folder)
{
	struct folders *all = folder->all;

	unlink_folder(folder);
	folder->next = NULL;
	folder->link = all->last;
	*all->last = folder;
	all->last = &folder->next;
}

static void
release_list(struct folder *folder)
{
	while (folder != NULL) {
		struct folder *next = folder->next;

		free(folder);
		folder = next;
	}
}

void
folders_release(struct folders *folders)
{
	release_list(folders->waiting);
	release_list(folders->ready);
	folders_init(folders);
}

int
folders_are_full(const struct folders *folders)
{
	return folders->count >= COUNT_MAX || folders->bytes >= BYTES_MAX;
}

int
folders_enter(struct folders *folders, const struct source *source,
    const struct stat *found)
{
	size_t length = strlen(source->path);
	struct folder *folder = malloc(sizeof(*folder) + length + 1);

	if (folder == NULL)
		return -1;
	/* The walk itself holds it. */
	*folder = (struct folder){.all = folders,
	    .parent = folder_hold(folders->current),
	    .next = folders->waiting,
	    .link = &folders->waiting,
	    .held = 1,
	    .found = *found,
	    .source = *source};
	folder->source.path = (char *)(folder + 1);
	memcpy(folder->source.path, source->path, length + 1);
	if (folder->next != NULL)
		folder->next->link = &folder->next;
	folders->waiting = folder;
	folders->current = folder;
	folders->count++;
	folders->bytes += length;
	return 0;
}

void
folders_leave(struct folders *folders)
{
	struct folder *folder = folders->current;

	folders->current = folder->parent;
	folder_drop(folder);
}

struct folder *
folder_hold(struct folder *folder)
{
	if (folder != NULL)
		folder->held++;
	return folder;
}

void
folder_drop(struct folder *folder)
{
	if (folder != NULL && --folder->held == 0)
		make_ready(folder);
}

struct folder *
folder_unknown(struct folder *folder, uint64_t connection)
{
	struct folder *unknown = NULL;

	for (; folder != NULL; folder = folder->parent)
		if ((folder->known & connection) == 0)
			unknown = folder;
	return unknown;
}

void
folders_forget(struct folders *folders, uint64_t connection)
{
	struct folder *folder;

	for (folder = folders->waiting; folder != NULL; folder = folder->next)
		folder->known &= ~connection;
	for (folder = folders->ready; folder != NULL; folder = folder->next)
		folder->known &= ~connection;
}

struct folder *
folders_take(struct folders *folders)
{
	struct folder *folder = folders->ready;

	if (folder == NULL)
		return NULL;
	unlink_folder(folder);
	folders->count--;
	folders->bytes -= strlen(folder->source.path);
	return folder;
}
