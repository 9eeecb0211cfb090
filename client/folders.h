/* SPDX-License-Identifier: ISC */
/* Directories under way: what lies in them waits for them, and they for it. */
#ifndef CLIENT_FOLDERS_H
#define CLIENT_FOLDERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "client/source.h"

struct folder {
	struct folders *all;
	struct folder *parent;	     /* or NULL */
	struct folder *next, **link; /* those before and behind it in a list */
	size_t held;		     /* by what lies in it and is under way */
	uint64_t known; /* the connections that have asked for it: a bit each */
	struct stat found;
	struct source source; /* its path is part of this */
};

struct folders {
	struct folder *current;	      /* in which the walk is, or NULL */
	struct folder *waiting;	      /* these are held, */
	struct folder *ready, **last; /* and these are not any more */
	size_t count, bytes;
};

void folders_init(struct folders *folders);
/* Nothing may hold one of them any more, but for one another. */
void folders_release(struct folders *folders);

/* Nonzero if no further one is to be entered before some are taken. */
int folders_are_full(const struct folders *folders);

/*
 * The walk enters one, which is then the current one and holds the one before.
 * Returns 0, or -1 with errno if there is no memory.
 */
int folders_enter(struct folders *folders, const struct source *source,
    const struct stat *found);

/* The walk leaves the current one. */
void folders_leave(struct folders *folders);

/*
 * Hold one for what lies in it, until that has its result.  NULL is nothing.
 * Returns folder.
 */
struct folder *folder_hold(struct folder *folder);
void folder_drop(struct folder *folder);

/*
 * The highest one, of a folder and those above it, that this connection, a bit,
 * has not asked for: before it does that, it must not ask for what lies in it,
 * lest the server make it with a mode of its own.  NULL if there is none.
 */
struct folder *folder_unknown(struct folder *folder, uint64_t connection);

/* This one begins anew, and has asked for nothing. */
void folders_forget(struct folders *folders, uint64_t connection);

/*
 * Take one that was left and is not held, or NULL; what lies deeper comes
 * first.  The caller frees it, and has its hold of the parent.
 */
struct folder *folders_take(struct folders *folders);

#endif
