/* SPDX-License-Identifier: ISC */
/* The queue of sources: named ones, and the entries of directories. */
#ifndef CLIENT_SOURCES_QUEUE_H
#define CLIENT_SOURCES_QUEUE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "client/settings/options.h"
#include "client/sources/source.h"
#include "client/sources/tree.h"

struct queue {
	char *const *paths; /* not owned */
	size_t count, next;
	const struct options *options; /* not owned */
	int recursive;
	size_t directories; /* that a walk may keep open */
	int walking;	    /* in the tree of the last named source */
	struct tree tree;
	size_t name; /* member "name" of sources in the tree */
	int ended;
	uint64_t files, bytes; /* found so far; unreadable files, too */
};

enum queue_event {
	QUEUE_FILE,    /* fd is open, and the caller closes it */
	QUEUE_INPUT,   /* standard input; nothing was opened */
	QUEUE_ENTER,   /* a directory; its entries follow */
	QUEUE_LEAVE,   /* the same directory, after its entries */
	QUEUE_SKIPPED, /* of a kind that is never sent */
	QUEUE_FAILED,  /* could not be read */
	QUEUE_END
};

struct queue_item {
	struct source source; /* valid until the next call */
	int fd;
	struct stat found;	/* unless skipped or failed */
	struct outcome outcome; /* if skipped or failed */
};

/* Directories are walked only if recursive. */
void queue_init(struct queue *queue, char *const *paths, size_t count,
    const struct options *options, int recursive);
void queue_release(struct queue *queue);

enum queue_event queue_next(struct queue *queue, struct queue_item *item);

/* Right after QUEUE_ENTER: skip the directory, without QUEUE_LEAVE. */
void queue_prune(struct queue *queue);

/*
 * Call this after the run has ended.  Returns 1 with the next named source that
 * queue_next did not reach, or whose tree it did not finish.  In the latter
 * case, *begun is set.  Returns 0 if there is none.
 */
int queue_next_unsent(struct queue *queue, struct source *source, int *begun);

/* How many sources queue_next_unsent will return. */
size_t queue_count_unsent(const struct queue *queue);

#endif
