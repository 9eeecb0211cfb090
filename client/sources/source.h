/* SPDX-License-Identifier: ISC */
/* One source: its path, its name on the server, how it is opened. */
#ifndef CLIENT_SOURCES_SOURCE_H
#define CLIENT_SOURCES_SOURCE_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/status.h"
#include "common/wire.h"

struct source {
	const char *path; /* not owned; messages show it */
	size_t root;	  /* length of the part that the user named */
	size_t name;	  /* offset of its path on the server */
};

/*
 * A source that the user named.  If the path ends in a slash, "." or "..", only
 * the contents of the directory have names on the server, as in rsync.
 */
struct source source_named(const char *path);

/* Its path on the server; empty for a directory that has no name there. */
struct wire_bytes source_target_path(const struct source *source);

/* The path below the part that the user named; "" for that part itself. */
const char *source_below_root(const struct source *source);

/* The last component of a path. */
struct wire_bytes source_name(const char *path);

/*
 * Find two named sources that would get the same name on the server.  If
 * recursive, directories without a name there do not count.  Returns 1 with
 * clash, 0 if there are none, or -1 with errno if there is no memory.
 */
int source_clash(
    char *const *paths, size_t count, int recursive, const char *clash[2]);

enum source_kind {
	SOURCE_FILE,	  /* open for reading */
	SOURCE_DIRECTORY, /* open for reading, too */
	SOURCE_SKIPPED,	  /* of a kind that is never sent */
	SOURCE_FAILED
};

/*
 * Open a name in an open directory; opening a FIFO never blocks.  Symbolic
 * links are followed only if follow is set.  SOURCE_FILE and SOURCE_DIRECTORY
 * set *fd, which the caller closes.  SOURCE_SKIPPED and SOURCE_FAILED set
 * *outcome.  All but SOURCE_FAILED set *found.
 */
enum source_kind source_open_at(int directory, const char *name, int follow,
    int *fd, struct stat *found, struct outcome *outcome);

/*
 * Open a source in the same way.  Below the part that the user named, open one
 * directory after the other.  So no symbolic link is followed there unless
 * follow is set.
 */
enum source_kind source_open(const struct source *source, int follow, int *fd,
    struct stat *found, struct outcome *outcome);

/*
 * Open the directory that holds a source, and set *last to the source's name in
 * it.  No symbolic link below the named part is followed.  Returns a
 * descriptor, which the caller closes, or -1 with errno.
 */
int source_open_parent(const struct source *source, const char **last);

/* Identity and state of a source when it was announced. */
struct source_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified; /* content */
	struct timespec changed;  /* content, mode, owner or links */
};

struct source_stamp source_stamp_of(const struct stat *found);

/*
 * Nonzero if the file and its content are unchanged.  If may_grow is set, only
 * a smaller size is a change of the content.
 */
int source_is_same(
    const struct source_stamp *stamp, const struct stat *found, int may_grow);

#endif
