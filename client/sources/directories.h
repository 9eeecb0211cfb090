/* SPDX-License-Identifier: ISC */
/* Create directories before their children; set mode and time after them. */
#ifndef CLIENT_SOURCES_DIRECTORIES_H
#define CLIENT_SOURCES_DIRECTORIES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "client/sources/source.h"

/* A directory with children that have no result yet. */
struct directory {
	struct directories *all;
	struct directory *parent;	/* or NULL */
	struct directory *next, **link; /* its place in a list */
	size_t held;	    /* references: requests, children, the walk */
	uint64_t requested; /* the connections that requested it: a bit each */
	struct stat found;
	struct source source; /* its path follows this struct */
};

struct directories {
	struct directory *current; /* where the walk is, or NULL */
	struct directory *waiting; /* a list of directories with references */
	struct directory *ready, **last; /* a list of the others */
	size_t count, bytes; /* directories, and bytes of their paths */
};

void directories_init(struct directories *directories);
/* Before this, free all requests: they may refer to directories. */
void directories_release(struct directories *directories);

/* Nonzero if directories_pop must remove some before another is entered. */
int directories_are_full(const struct directories *directories);

/*
 * The walk enters a directory: make it the current one, with a reference to its
 * parent.  Returns 0, or -1 with errno if there is no memory.
 */
int directories_enter(struct directories *directories,
    const struct source *source, const struct stat *found);

/* The walk leaves the current directory. */
void directories_leave(struct directories *directories);

/*
 * Add a reference for a request or a child; release it after its result.  If
 * directory is NULL, both do nothing.  directory_hold returns directory.
 */
struct directory *directory_hold(struct directory *directory);
void directory_release(struct directory *directory);

/*
 * Search this directory and those above it.  Returns the highest that the
 * connection has not requested, or NULL.  connection is the bit of one
 * connection, which must request a directory before any child.  Otherwise the
 * server would create the directory with a default mode.
 */
struct directory *directory_unrequested(
    struct directory *directory, uint64_t connection);

/* The connection is new: clear its bit in all directories. */
void directories_forget(struct directories *directories, uint64_t connection);

/*
 * Remove a directory without references; deeper ones come first.  The
 * caller frees it and releases its parent.  Returns NULL if there is none.
 */
struct directory *directories_pop(struct directories *directories);

#endif
