/* SPDX-License-Identifier: ISC */
/* Directories below the receiving one: opened one by one, and kept open. */
#ifndef SERVER_STORE_DIRECTORY_H
#define SERVER_STORE_DIRECTORY_H

#include <stddef.h>
#include <sys/types.h>

#include "common/status.h"
#include "server/store/listing.h"
#include "server/store/store.h"

/* A connection keeps so many directories open for later requests. */
#define DIRECTORY_CACHE 64

/*
 * An open directory.  Others may move it, so its path is checked before it is
 * used again and before a file is published in it.  If it is not linked, the
 * sync of its parent makes its entry durable.
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
	int folds;		/* spellings of a name can be the same entry */
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
 * is the receiving directory.  Missing directories are created with the mode
 * create, reduced by the umask, or not at all if create is 0.  Symbolic links
 * are not followed.  Returns a directory, to be released with
 * directory_release, or NULL with outcome and errno.  ENOENT means that the
 * directory is missing and could be created.
 */
struct directory *directories_find(struct directories *directories,
    const char *path, size_t length, mode_t create, struct outcome *outcome);

/* The mode of missing parents, which no request describes. */
#define DIRECTORY_MODE 0777

void directory_release(struct directory *directory);

/*
 * Check that this process may create entries in the directory.  Remembers
 * success.  Returns 0, or -1 with outcome and errno.
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
 * Make the directory's new entries durable.  Also make durable the entries of
 * the directory and its parents that this connection has not synced yet, even
 * if others created them.  Returns 0, 1 if the file system cannot sync
 * directories, or -1 with errno.
 */
int directory_sync(struct directory *directory);

#endif
