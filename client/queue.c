/* SPDX-License-Identifier: ISC */
/* What is to be sent next: the named sources, and what lies in them. */
#include "client/queue.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void
queue_init(struct queue *queue, char *const *paths, size_t count,
    const struct options *options, int recursive)
{
	*queue = (struct queue){.paths = paths,
	    .count = count,
	    .options = options,
	    .recursive = recursive};
}

void
queue_release(struct queue *queue)
{
	if (queue->walking)
		tree_end(&queue->tree);
	queue->walking = 0;
}

/* Where the name of what lies in a directory begins, as in rsync. */
static size_t
name_of_tree(const char *path)
{
	struct wire_bytes last = source_name(path);
	size_t length = strlen(path);
	int keeps = length > 0 && path[length - 1] != '/' &&
	    !(last.length == 1 && last.bytes[0] == '.') &&
	    !(last.length == 2 && memcmp(last.bytes, "..", 2) == 0);

	return keeps ? (size_t)(last.bytes - path) : length;
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
		close(item->fd);
		return fail(item, "is a directory");
	}
	if (tree_begin(&queue->tree, item->source.path, item->fd, &item->found,
		options->follow, &options->exclude) == -1)
		return fail(item, strerror(errno));
	queue->walking = 1;
	queue->name = name_of_tree(item->source.path);
	item->source.name = queue->name;
	return QUEUE_FOLDER;
}

static enum queue_event
next_named(struct queue *queue, struct queue_item *item)
{
	char *path = queue->paths[queue->next++];

	item->source = (struct source){.path = path,
	    .root = strlen(path),
	    .name = (size_t)(source_name(path).bytes - path)};
	if (strcmp(path, "-") == 0)
		return QUEUE_INPUT;
	switch (source_open(
	    &item->source, 1, &item->fd, &item->found, &item->outcome)) {
	case SOURCE_FILE:
		return QUEUE_FILE;
	case SOURCE_FOLDER:
		return begin_tree(queue, item);
	case SOURCE_SKIPPED:
		return QUEUE_SKIPPED;
	default:
		return QUEUE_FAILED;
	}
}

static enum queue_event
next_in_tree(struct queue *queue, struct queue_item *item)
{
	static const enum queue_event events[] = {[TREE_FILE] = QUEUE_FILE,
	    [TREE_ENTER] = QUEUE_FOLDER,
	    [TREE_LEAVE] = QUEUE_LEFT,
	    [TREE_SKIPPED] = QUEUE_SKIPPED,
	    [TREE_FAILED] = QUEUE_FAILED,
	    [TREE_END] = QUEUE_END};
	struct tree_entry entry;
	enum tree_event event = tree_next(&queue->tree, &entry);

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
	return event;
}

void
queue_prune(struct queue *queue)
{
	tree_prune(&queue->tree);
}

const char *
queue_rest(struct queue *queue, int *begun)
{
	*begun = queue->walking;
	if (queue->walking) {
		queue_release(queue);
		return queue->paths[queue->next - 1];
	}
	return queue->next < queue->count ? queue->paths[queue->next++] : NULL;
}

size_t
queue_count(const struct queue *queue)
{
	return queue->count - queue->next + (queue->walking ? 1 : 0);
}
