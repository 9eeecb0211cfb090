/* SPDX-License-Identifier: ISC */
/* What is to be sent next: the named sources, and what lies in them. */
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
	size_t directories; /* the most that a walk holds open */
	int walking; /* in a tree, which is what lies in the last source */
	struct tree tree;
	size_t name; /* of the tree's sources */
	int ended;
	uint64_t files, bytes; /* that were found, unreadable ones too */
};

enum queue_event {
	QUEUE_FILE,    /* fd is open, and the caller's to close */
	QUEUE_INPUT,   /* standard input; nothing was opened */
	QUEUE_ENTER,   /* a directory: what lies in it follows */
	QUEUE_LEAVE,   /* the same, when all of that was handed out */
	QUEUE_SKIPPED, /* a kind that is never sent */
	QUEUE_FAILED,  /* could not be read */
	QUEUE_END
};

struct queue_item {
	struct source source; /* stays until the next call */
	int fd;
	struct stat found; /* but for what was skipped or failed */
	struct outcome outcome;
};

/* Directories are walked only if recursive. */
void queue_init(struct queue *queue, char *const *paths, size_t count,
    const struct options *options, int recursive);
void queue_release(struct queue *queue);

enum queue_event queue_next(struct queue *queue, struct queue_item *item);

/* Right after QUEUE_ENTER: pass over it, without QUEUE_LEAVE. */
void queue_prune(struct queue *queue);

/*
 * The run has ended: a source that was not, or (*begun) not wholly handed out.
 * Returns 0 when all of those were told.
 */
int queue_next_unsent(struct queue *queue, struct source *source, int *begun);

/* How many those are. */
size_t queue_count_unsent(const struct queue *queue);

#endif
