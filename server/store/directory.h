/* SPDX-License-Identifier: ISC */
/* Directories below the receiving one, held open, walked without following. */
#ifndef SERVER_STORE_DIRECTORY_H
#define SERVER_STORE_DIRECTORY_H

#include <stddef.h>
#include <sys/types.h>

#include "common/status.h"
#include "server/store/listing.h"
#include "server/store/store.h"

/* So many are kept open for the next request that names them. */
#define DIRECTORY_KEPT 64

/*
 * One directory.  The descriptor is its identity; whether its path still leads
 * to it is looked at before it is used again and before a file is published in
 * it.  Who is not linked needs the parent's sync to make its entry durable.
 */
struct directory {
	int fd;
	gid_t group; /* of what is made in it, or STORE_NO_GROUP */
	uid_t owner;
	int sticky;		/* only owners may replace what is in it */
	int kept;		/* immutable: nothing in it may be replaced */
	int may_write;		/* this process may write to it */
	int elsewhere;		/* a rename from staging failed with EXDEV */
	int linked;		/* its entry in the parent is durable */
	int folds;		/* several spellings can be one name in it */
	struct listing listing; /* read if names fold */
	unsigned references;
	struct directory *parent, *next;
	size_t length;
	char path[]; /* below the receiving directory; no NUL */
};

/* The directories of one connection, the last used first. */
struct directories {
	const struct store *store;
	struct directory *first;
	size_t count;
};

void directories_init(
    struct directories *directories, const struct store *store);

/* Let go of all that no request holds. */
void directories_forget(struct directories *directories);

/*
 * Find the directory that path names (checked by wire_check_path; empty: the
 * receiving directory itself).  What is missing is made with the mode create,
 * less the umask, or not at all where that is 0.  Returns it, to be given back
 * with directory_release; or NULL with outcome and errno, which is ENOENT where
 * it does not exist, and could be made.
 */
struct directory *directories_find(struct directories *directories,
    const char *path, size_t length, mode_t create, struct outcome *outcome);

/* The mode of parents that nobody asked for. */
#define DIRECTORY_MODE 0777

void directory_release(struct directory *directory);

/*
 * Check that this process may put new names into the directory.  After a
 * success the system is not asked again.  Returns 0, or -1 with outcome and
 * errno.
 */
int directory_may_write(struct directory *directory, struct outcome *outcome);

/*
 * Check that the directory lists a name that exists in it, byte for byte.
 * Returns 0, also if the name does not exist or names do not fold; or -1 with
 * errno and outcome, as listing_check.
 */
int directory_check_name(
    struct directory *directory, const char *name, struct outcome *outcome);

/* Nonzero if its path still leads to it. */
int directory_is_current(const struct directory *directory);

/*
 * Make durable what was published in it, and the entries of itself and of the
 * directories above that this connection met for the first time, whoever made
 * them.  Returns 0; 1 where the file system cannot sync directories; -1 with
 * errno.
 */
int directory_sync(struct directory *directory);

#endif
