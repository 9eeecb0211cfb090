/* SPDX-License-Identifier: ISC */
/* Directories under way: what lies in them waits for them, and they for it. */
#ifndef CLIENT_SOURCES_DIRECTORIES_H
#define CLIENT_SOURCES_DIRECTORIES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "client/sources/source.h"

struct directory {
	struct directories *all;
	struct directory *parent; /* or NULL */
	struct directory *next,
	    **link;	    /* those before and behind it in a list */
	size_t held;	    /* by what lies in it and is under way */
	uint64_t requested; /* the connections that requested it: a bit each */
	struct stat found;
	struct source source; /* its path is part of this */
};

struct directories {
	struct directory *current;	 /* in which the walk is, or NULL */
	struct directory *waiting;	 /* these are held, */
	struct directory *ready, **last; /* and these are not any more */
	size_t count, bytes;
};

void directories_init(struct directories *directories);
/* Nothing may hold one of them any more, but for one another. */
void directories_release(struct directories *directories);

/* Nonzero if no further one is to be entered before some are taken. */
int directories_are_full(const struct directories *directories);

/*
 * The walk enters one, which is then the current one and holds the one before.
 * Returns 0, or -1 with errno if there is no memory.
 */
int directories_enter(struct directories *directories,
    const struct source *source, const struct stat *found);

/* The walk leaves the current one. */
void directories_leave(struct directories *directories);

/*
 * Hold one for what lies in it, until that has its result.  NULL is nothing.
 * Returns folder.
 */
struct directory *directory_hold(struct directory *directory);
void directory_release(struct directory *directory);

/*
 * The highest one, of a folder and those above it, that this connection, a bit,
 * has not asked for: before it does that, it must not ask for what lies in it,
 * lest the server make it with a mode of its own.  NULL if there is none.
 */
struct directory *directory_unrequested(
    struct directory *directory, uint64_t connection);

/* This one begins anew, and has asked for nothing. */
void directories_forget(struct directories *directories, uint64_t connection);

/*
 * Take one that was left and is not held, or NULL; what lies deeper comes
 * first.  The caller frees it, and has its hold of the parent.
 */
struct directory *directories_pop(struct directories *directories);

#endif
