/* SPDX-License-Identifier: ISC */
/* Walk through a directory tree, one entry at a time. */
#ifndef CLIENT_SOURCES_TREE_H
#define CLIENT_SOURCES_TREE_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/settings.h"
#include "common/status.h"

/*
 * The most directories that are kept open on the way down.  For each deeper
 * one, the walk keeps the names in memory, and opens the directory again when
 * it comes back.  So no tree is too deep for the limit on descriptors.
 */
#define TREE_OPEN_MAX 64

struct tree_level;

struct tree {
	int follow;
	const struct setting_list *exclude; /* not owned */
	char *path;			    /* owned; of the last entry */
	size_t root, room;	   /* bytes: the root's part, and allocated */
	struct tree_level *levels; /* owned; from the root down */
	size_t depth, capacity;
	size_t open_max; /* TREE_OPEN_MAX, or less if descriptors are few */
	int left;	 /* the last event was TREE_LEAVE */
};

enum tree_event {
	TREE_FILE,    /* fd is open, and the caller closes it */
	TREE_ENTER,   /* a directory; its entries follow */
	TREE_LEAVE,   /* the same directory, after its entries */
	TREE_SKIPPED, /* of a kind that is never sent */
	TREE_FAILED,  /* could not be read; the walk continues after it */
	TREE_END
};

struct tree_entry {
	const char *path; /* begins with the root; valid until the next call */
	int fd;
	struct stat found;	/* unless skipped or failed */
	struct outcome outcome; /* if skipped or failed */
};

/*
 * Begin to walk the open directory fd, and own fd.  The directory is not
 * reported with TREE_ENTER, and exclude does not apply to it.  Symbolic links
 * are followed only if follow is set.  Returns 0, or -1 with errno.
 */
int tree_begin(struct tree *tree, const char *root, int fd,
    const struct stat *found, int follow, const struct setting_list *exclude);
void tree_end(struct tree *tree);

enum tree_event tree_next(struct tree *tree, struct tree_entry *entry);

/* Right after TREE_ENTER: skip the directory, without TREE_LEAVE. */
void tree_prune(struct tree *tree);

#endif
