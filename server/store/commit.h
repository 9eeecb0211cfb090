/* SPDX-License-Identifier: ISC */
/* Commit a group of files: sync them, publish them, sync their directories. */
#ifndef SERVER_STORE_COMMIT_H
#define SERVER_STORE_COMMIT_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/status.h"
#include "server/store/directory.h"
#include "server/store/staging.h"

/* A group is due for its commit when it reaches one of these. */
#define COMMIT_FILES 32
#define COMMIT_BYTES (16 * 1024 * 1024)
#define COMMIT_AGE 20 /* milliseconds since its first file */

/* One verified file or one directory, with its outcome. */
struct commit_file {
	uint32_t request;		   /* its number, for the reply */
	struct staging_file staged;	   /* owned by the group */
	struct directory *directory;	   /* a reference, owned by the group */
	char name[WIRE_COMPONENT_MAX + 1]; /* in the directory */
	int no_clobber;
	int present; /* it already has its name, and is only synced */
	uint64_t size, digest;
	/* After commit_run: */
	struct outcome outcome;
	int durable;
	int directory_synced; /* the sync of its directory was tried */
};

struct commit {
	struct commit_file files[COMMIT_FILES];
	size_t count;
	uint64_t bytes;
	io_time begun;
	int sync_failed;  /* a directory could not be synced; stays set */
	int staging_gone; /* the staging directory was removed; stays set */
};

/*
 * Add a file of that size to the group, which must not be full.  The caller
 * fills in the rest.  If the commit is due then, the caller runs it before it
 * adds another file.
 */
struct commit_file *commit_add(struct commit *commit, uint64_t size);

/*
 * Add an existing file or directory, which is only synced.  name is an entry of
 * directory, or "" for the directory itself.  The group then owns fd, which may
 * be -1, and the reference to directory.
 */
struct commit_file *commit_add_present(struct commit *commit, uint32_t request,
    struct directory *directory, const char *name, int fd);

/* Nonzero if the group should be committed now. */
int commit_is_due(const struct commit *commit);

/* Nonzero if the group has a partial of the same file as name. */
int commit_holds(const struct commit *commit, const char *name);

/*
 * Sync all files of the group, publish them, and sync their directories.  Each
 * file then has its outcome and is closed.  If a new file could not be
 * published, it is removed.  A failed sync is not retried, because the system
 * may have dropped the unwritten data.  If a directory cannot be synced, every
 * later file fails, because it may need that directory, too.
 */
void commit_run(struct commit *commit, const struct store *store);

/* Release the files of the group and empty it, after commit_run. */
void commit_clear(struct commit *commit);

#endif
