/* SPDX-License-Identifier: ISC */
/* A walk through a directory and all that lies below it, step by step. */
#ifndef CLIENT_SOURCES_TREE_H
#define CLIENT_SOURCES_TREE_H

#include <stddef.h>
#include <sys/stat.h>

#include "client/sources/source.h"
#include "common/settings.h"
#include "common/status.h"

/*
 * At most so many directories on the way down stay open while they are read.
 * Of those that lie deeper the names are held instead, and the directory is
 * opened again when the walk comes back to it.  So neither the descriptors nor
 * the memory depend on the shape of the tree.
 */
#define TREE_STREAMS 64

struct tree_level;

struct tree {
	int follow;
	const struct setting_list *exclude; /* not owned */
	char *path;			    /* owned: of the last entry */
	size_t root, room;
	struct tree_level *levels; /* owned: from the root down */
	size_t depth, capacity;
	size_t streams; /* TREE_STREAMS, or less where descriptors are few */
	int left;	/* the last event was TREE_LEAVE */
};

enum tree_event {
	TREE_FILE,    /* fd is open, and the caller's to close */
	TREE_ENTER,   /* a directory: what follows lies in it */
	TREE_LEAVE,   /* the same, when all of it was handed out */
	TREE_SKIPPED, /* a kind that is never sent */
	TREE_FAILED,  /* could not be read; the walk goes on behind it */
	TREE_END
};

/* What goes with an event; the path stays until the next call. */
struct tree_entry {
	char *path; /* beginning with the root's */
	int fd;
	struct stat found; /* but for what was skipped or failed */
	struct outcome outcome;
};

/*
 * Begin below an open directory, which is owned from here on, and of which
 * neither TREE_ENTER nor the exclusion is told.  Links that are found are
 * followed if follow.  Returns 0, or -1 with errno.
 */
int tree_begin(struct tree *tree, const char *root, int fd,
    const struct stat *found, int follow, const struct setting_list *exclude);
void tree_end(struct tree *tree);

enum tree_event tree_next(struct tree *tree, struct tree_entry *entry);

/* Right after TREE_ENTER: pass over the directory, without TREE_LEAVE. */
void tree_prune(struct tree *tree);

#endif
