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
	size_t held;			/* by its children and the walk */
	uint64_t requested; /* the connections that requested it: a bit each */
	struct stat found;
	struct source source; /* its path is part of this */
};

struct directories {
	struct directory *current;	 /* where the walk is, or NULL */
	struct directory *waiting;	 /* a list of those that are held, */
	struct directory *ready, **last; /* and of those no longer held */
	size_t count, bytes;		 /* of all, and of their paths */
};

void directories_init(struct directories *directories);
/* No request may hold a directory any more. */
void directories_release(struct directories *directories);

/* Nonzero if none may be entered before directories_pop has removed some. */
int directories_are_full(const struct directories *directories);

/*
 * The walk enters a directory: make it the current one, which holds its parent.
 * Returns 0, or -1 with errno if there is no memory.
 */
int directories_enter(struct directories *directories,
    const struct source *source, const struct stat *found);

/* The walk leaves the current directory. */
void directories_leave(struct directories *directories);

/*
 * Hold a directory until a child of it has its result; then release it.  Both
 * do nothing if it is NULL.  Returns directory.
 */
struct directory *directory_hold(struct directory *directory);
void directory_release(struct directory *directory);

/*
 * Among a directory and those above it, find the highest that a connection has
 * not requested.  The connection, given as a bit, must request it before any
 * child.  Otherwise the server would create it with a default mode.  Returns
 * NULL if there is none.
 */
struct directory *directory_unrequested(
    struct directory *directory, uint64_t connection);

/* The connection is new: it has requested none. */
void directories_forget(struct directories *directories, uint64_t connection);

/*
 * Remove a directory that is no longer held; deeper ones come first.  The
 * caller frees it and releases its parent.  Returns NULL if there is none.
 */
struct directory *directories_pop(struct directories *directories);

#endif
