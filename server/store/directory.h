/* SPDX-License-Identifier: ISC */
/* Directories below the receiving one: opened one by one, and kept open. */
#ifndef SERVER_STORE_DIRECTORY_H
#define SERVER_STORE_DIRECTORY_H

#include <stddef.h>
#include <sys/types.h>

#include "common/status.h"
#include "server/store/listing.h"
#include "server/store/store.h"

/* The most directories that a connection keeps open for later requests. */
#define DIRECTORY_CACHE 64

/*
 * An open directory.  Other processes may move it, so its path is checked
 * before each further request and before a file is published in it.  If it is
 * not linked, its parent must be synced, too.
 */
struct directory {
	int fd;
	gid_t group; /* for new entries, or STORE_NO_GROUP */
	uid_t owner;
	int sticky;		/* only owners may replace entries */
	int immutable;		/* no entry may be replaced */
	int may_write;		/* this process may write to it */
	int cross_device;	/* a rename from staging failed with EXDEV */
	int linked;		/* its entry in the parent is durable */
	int folds;		/* different names can be one entry */
	struct listing listing; /* used if names fold */
	unsigned references;
	struct directory *parent, *next;
	size_t length;
	char path[]; /* below the receiving directory; no NUL */
};

/* The open directories of one connection, the last used first. */
struct directories {
	const struct store *store;
	struct directory *first;
	size_t count;
};

void directories_init(
    struct directories *directories, const struct store *store);

/* Close all directories that no request uses. */
void directories_forget(struct directories *directories);

/*
 * Open the directory at path, which wire_check_path has checked; an empty path
 * is the receiving directory.  If create is not 0, creates missing directories
 * with the mode create, reduced by the umask.  Does not follow symbolic links.
 * Returns a directory, which the caller releases with directory_release, or
 * NULL with outcome and errno.  ENOENT means that the directory is missing and
 * could be created.
 */
struct directory *directories_find(struct directories *directories,
    const char *path, size_t length, mode_t create, struct outcome *outcome);

/* The mode of missing parents, which no request describes. */
#define DIRECTORY_MODE 0777

void directory_release(struct directory *directory);

/*
 * Check that this process may create entries in the directory.  Repeats the
 * check only after a failure.  Returns 0, or -1 with outcome and errno.
 */
int directory_may_write(struct directory *directory, struct outcome *outcome);

/*
 * If names fold and name exists, check that the directory lists it byte for
 * byte.  Returns 0, or -1 with outcome and errno as listing_check.
 */
int directory_check_name(
    struct directory *directory, const char *name, struct outcome *outcome);

/* Returns nonzero if the directory's path still leads to it. */
int directory_is_current(const struct directory *directory);

/*
 * Make the new entries in the directory durable.  Also sync the parents, so
 * that the path to the directory is durable, unless this connection has done so
 * before.  Other processes may have created these directories.  Returns 0, 1 if
 * the file system cannot sync directories, or -1 with errno.
 */
int directory_sync(struct directory *directory);

#endif
