/* SPDX-License-Identifier: ISC */
/* One source: where it lies, what it is called, opened and identified. */
#ifndef CLIENT_SOURCES_SOURCE_H
#define CLIENT_SOURCES_SOURCE_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/status.h"
#include "common/wire.h"

struct source {
	char *path;  /* as it is shown */
	size_t root; /* so much of it was named by the user */
	size_t name; /* where that begins which it is called on the other end */
};

/*
 * A named one.  Where the path ends in a slash, "." or "..", what lies in the
 * directory gets no name of its own, as in rsync.
 */
struct source source_named(char *path);

/* What it is called on the other end; empty for a folder of that name. */
struct wire_bytes source_target_path(const struct source *source);

/* The part below what was named; empty for that itself. */
char *source_below_root(const struct source *source);

/* The last component of a path. */
struct wire_bytes source_name(const char *path);

/*
 * Look for two named ones with the same last component; where directories are
 * sent, those that give what lies in them have none.  Returns 1 with both, 0 if
 * there are none, or -1 with errno if there is no memory.
 */
int source_clash(
    char *const *paths, size_t count, int recursive, const char *clash[2]);

enum source_kind {
	SOURCE_FILE,	  /* open for reading */
	SOURCE_DIRECTORY, /* a directory, open as well */
	SOURCE_SKIPPED,	  /* a kind that is never sent */
	SOURCE_FAILED
};

/*
 * Open what is called so in an open directory, without waiting for a
 * peer; a symbolic link only if follow.  SOURCE_FILE and SOURCE_DIRECTORY come
 * with *fd, to be closed by the caller, and what fstat said; the others with
 * outcome.
 */
enum source_kind source_open_at(int directory, const char *name, int follow,
    int *fd, struct stat *found, struct outcome *outcome);

/*
 * The same for a source, whose path is walked from what was named, one
 * directory after the other; no symbolic link below that is followed unless
 * follow.
 */
enum source_kind source_open(const struct source *source, int follow, int *fd,
    struct stat *found, struct outcome *outcome);

/*
 * Open the directory that holds a source, and set *last to the source's name in
 * it.  No symbolic link below the named source is followed.  Returns a
 * descriptor, to be closed by the caller, or -1 with errno.
 */
int source_open_parent(const struct source *source, const char **last);

/* Which file it was, and in which state, when it was announced. */
struct source_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed; /* content; anything of it */
};

struct source_stamp source_stamp_of(const struct stat *found);

/* Nonzero if it still is that; it may have grown where that is no change. */
int source_is_same(const struct source_stamp *identity,
    const struct stat *found, int may_grow);

#endif
