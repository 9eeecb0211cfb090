/* SPDX-License-Identifier: ISC */
/* The group of finished files: synced, published, synced, and only then true.
 */
#ifndef SERVER_STORE_COMMIT_H
#define SERVER_STORE_COMMIT_H

#include <stddef.h>
#include <stdint.h>

#include "common/io.h"
#include "common/status.h"
#include "server/store/directory.h"
#include "server/store/staging.h"

/* A group is as large as one of these at the most. */
#define COMMIT_FILES 32
#define COMMIT_BYTES (16 * 1024 * 1024)
#define COMMIT_AGE 20 /* milliseconds since its first file */

/* One finished file and what becomes of it. */
struct commit_file {
	uint32_t request;
	struct staging_file staged;	   /* owned by the group */
	struct directory *directory;	   /* a reference, owned by the group */
	char name[WIRE_COMPONENT_MAX + 1]; /* in the directory */
	int no_clobber;
	int present; /* it has its name already: only to be synced */
	uint64_t size, digest;
	/* After commit_run: */
	struct outcome outcome;
	int durable;
	int directory_synced; /* or the sync was tried, and failed */
};

struct commit {
	struct commit_file files[COMMIT_FILES];
	size_t count;
	uint64_t bytes;
	io_time begun;
	int sync_failed;  /* a directory could not be synced; stays set */
	int staging_gone; /* seen when a file was published; stays set */
};

/*
 * The place for one more file of that size, to be filled in.  The group must
 * not be full, which it never is where each commit that is due is run.
 */
struct commit_file *commit_add(struct commit *commit, uint64_t size);

/* Nonzero if the group should not wait for more. */
int commit_is_due(const struct commit *commit);

/* Nonzero if one of its files is a partial of the same file as name is. */
int commit_holds(const struct commit *commit, const char *name);

/*
 * Sync all files of the group, publish them, and sync their directories.  Each
 * file then has its outcome and is closed; a file that failed is removed.
 * commit_run does not retry a failed sync: the system has dropped the data that
 * it could not write.  After a directory could not be synced, every later file
 * fails, because it may need that directory, too.
 */
void commit_run(struct commit *commit, const struct store *store);

/* Release the files of the group and empty it, after commit_run. */
void commit_clear(struct commit *commit);

#endif
