/* SPDX-License-Identifier: ISC */
/* The queue of sources: named ones, and the entries of directories. */
#include "client/sources/queue.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client/sources/aside.h"
#include "common/blocking.h"

void
queue_init(struct queue *queue, char *const *paths, size_t count,
    const struct options *options, int recursive)
{
	*queue = (struct queue){.paths = paths,
	    .count = count,
	    .options = options,
	    .recursive = recursive,
	    .directories = recursive ? TREE_OPEN_MAX : 0};
}

void
queue_release(struct queue *queue)
{
	if (queue->walking)
		tree_end(&queue->tree);
	queue->walking = 0;
}

static enum queue_event
fail(struct queue_item *item, const char *text)
{
	outcome_set(&item->outcome, STATUS_SOURCE, "%s", text);
	return QUEUE_FAILED;
}

static enum queue_event
begin_tree(struct queue *queue, struct queue_item *item)
{
	const struct options *options = queue->options;

	if (!queue->recursive) {
		(void)blocking_close(item->fd);
		return fail(item, "is a directory (-r sends it)");
	}
	if (tree_begin(&queue->tree, item->source.path, item->fd, &item->found,
		options->follow, &options->exclude) == -1)
		return fail(item, strerror(errno));
	queue->tree.open_max = queue->directories;
	queue->walking = 1;
	queue->name = item->source.name;
	return QUEUE_ENTER;
}

static enum queue_event
next_named(struct queue *queue, struct queue_item *item)
{
	char *path = queue->paths[queue->next++];

	item->source = source_named(path);
	if (strcmp(path, "-") == 0)
		return QUEUE_INPUT;
	switch (source_open(
	    &item->source, 1, &item->fd, &item->found, &item->outcome)) {
	case SOURCE_FILE:
		return QUEUE_FILE;
	case SOURCE_DIRECTORY:
		return begin_tree(queue, item);
	case SOURCE_SKIPPED:
		return QUEUE_SKIPPED;
	default:
		return QUEUE_FAILED;
	}
}

/*
 * If this or another run renamed the file before removing it, close it and
 * return nonzero.
 */
static int
is_set_aside(const struct queue *queue, enum tree_event event,
    const struct tree_entry *entry)
{
	if (!queue->options->remove_source ||
	    (event != TREE_FILE && event != TREE_FAILED) ||
	    !aside_is_name(source_name(entry->path).bytes))
		return 0;
	if (event == TREE_FILE)
		(void)blocking_close(entry->fd);
	return 1;
}

static enum queue_event
next_in_tree(struct queue *queue, struct queue_item *item)
{
	static const enum queue_event events[] = {[TREE_FILE] = QUEUE_FILE,
	    [TREE_ENTER] = QUEUE_ENTER,
	    [TREE_LEAVE] = QUEUE_LEAVE,
	    [TREE_SKIPPED] = QUEUE_SKIPPED,
	    [TREE_FAILED] = QUEUE_FAILED,
	    [TREE_END] = QUEUE_END};
	struct tree_entry entry;
	enum tree_event event;

	do {
		event = tree_next(&queue->tree, &entry);
	} while (is_set_aside(queue, event, &entry));
	if (event == TREE_END) {
		queue_release(queue);
		return QUEUE_END;
	}
	item->source =
	    (struct source){entry.path, queue->tree.root, queue->name};
	item->fd = entry.fd;
	item->found = entry.found;
	if (event == TREE_SKIPPED || event == TREE_FAILED)
		item->outcome = entry.outcome;
	return events[event];
}

enum queue_event
queue_next(struct queue *queue, struct queue_item *item)
{
	enum queue_event event = QUEUE_END;

	if (queue->walking)
		event = next_in_tree(queue, item);
	if (event == QUEUE_END && queue->next < queue->count)
		event = next_named(queue, item);
	queue->ended = event == QUEUE_END;
	queue->files += event == QUEUE_FILE || event == QUEUE_INPUT ||
	    event == QUEUE_FAILED;
	if (event == QUEUE_FILE)
		queue->bytes += (uint64_t)item->found.st_size;
	return event;
}

void
queue_prune(struct queue *queue)
{
	/* The caller reports it as failed. */
	queue->files++;
	tree_prune(&queue->tree);
}

int
queue_next_unsent(struct queue *queue, struct source *source, int *begun)
{
	*begun = queue->walking;
	if (queue->walking)
		queue->next--;
	queue_release(queue);
	if (queue->next == queue->count)
		return 0;
	*source = source_named(queue->paths[queue->next++]);
	return 1;
}

size_t
queue_count_unsent(const struct queue *queue)
{
	return queue->count - queue->next + (queue->walking ? 1 : 0);
}
