/* SPDX-License-Identifier: ISC */
/* Directories that were left, and get their mode and time in the end. */
#include "client/folders.h"

#include <stdlib.h>
#include <string.h>

/* As many as there are requests under way, at most. */
#define COUNT_MAX WIRE_WINDOW_REQUESTS
#define BYTES_MAX WIRE_WINDOW_PATHS

void
folders_init(struct folders *folders)
{
	*folders = (struct folders){.first = NULL};
	folders->end = &folders->first;
}

static struct folder *
unlink_first(struct folders *folders)
{
	struct folder *folder = folders->first;

	folders->first = folder->next;
	if (folders->first == NULL)
		folders->end = &folders->first;
	folders->count--;
	folders->bytes -= strlen(folder->source.path);
	return folder;
}

void
folders_release(struct folders *folders)
{
	while (folders->first != NULL)
		free(unlink_first(folders));
}

int
folders_are_full(const struct folders *folders)
{
	return folders->count >= COUNT_MAX || folders->bytes >= BYTES_MAX;
}

int
folders_add(struct folders *folders, const struct source *source,
    const struct stat *found, uint32_t after)
{
	size_t length = strlen(source->path);
	struct folder *folder = malloc(sizeof(*folder) + length + 1);

	if (folder == NULL)
		return -1;
	folder->next = NULL;
	folder->after = after;
	folder->found = *found;
	folder->source = *source;
	folder->source.path = (char *)(folder + 1);
	memcpy(folder->source.path, source->path, length + 1);
	*folders->end = folder;
	folders->end = &folder->next;
	folders->count++;
	folders->bytes += length;
	return 0;
}

struct folder *
folders_take(struct folders *folders, uint32_t first)
{
	if (folders->first == NULL || folders->first->after > first)
		return NULL;
	return unlink_first(folders);
}
