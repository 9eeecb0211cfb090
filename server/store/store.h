/* SPDX-License-Identifier: ISC */
/* The receiving directory and its staging directory. */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "common/status.h"
#include "common/wire.h"
#include "server/shared/keepalive.h"
#include "server/store/file_system.h"

/*
 * A file is received in the staging directory (staging.h).  If a large file
 * remains incomplete, its beginning stays there as a partial (partial.h) until
 * a client resumes it or a sweep removes it (sweep.h).  A complete file is
 * synced and gets its final name (commit.h, publish.h).
 */

/* "@", the longest host name on Linux, and NUL. */
#define STORE_MARK (1 + 64 + 1)

#define STORE_SECRET 16 /* bytes */

/*
 * Each file is opened by one component of its path, relative to the descriptor
 * of its directory.  So the system never resolves a path.  Source:
 * POSIX.1-2008, openat().
 */
struct store {
	int root;    /* the receiving directory */
	int staging; /* its ".ftx-UID" */
	dev_t device;
	ino_t staging_inode;
	int sync;	     /* files and directories are synced */
	int unsyncable;	     /* the file system cannot sync directories */
	mode_t mask;	     /* removed from the sender's mode */
	mode_t exact_mask;   /* the same, if the exact mode is requested */
	int free_percent;    /* of the file system, must stay free */
	uint64_t free_bytes; /* must stay free, too */
	unsigned workers;    /* that may write at the same time */
	int64_t partial_ttl; /* how long a partial is kept, in ms */
	char mark[STORE_MARK];
	const char *path; /* of root; not owned; NULL: unknown */
	/* Shared memory, see store_check_place; not owned; NULL: not checked */
	const _Atomic uint32_t *replaced;
	uint8_t secret[STORE_SECRET];	   /* see sender.h */
	const struct keepalive *keepalive; /* not owned; may be NULL */
	struct file_system system;
};

/*
 * store_open opens path as the receiving directory, and sets root and device.
 * store_enter creates and checks the staging directory, after the process has
 * changed its user.  Both return 0, or -1 with outcome.
 */
int store_open(struct store *store, const char *path, struct outcome *outcome);
int store_enter(struct store *store, struct outcome *outcome);

/* Returns nonzero if the staging directory was removed or moved away. */
int store_staging_is_gone(const struct store *store);

/*
 * If the staging directory was removed, create and check it again.  If it was
 * not, but file_system_learn failed before, call that again.  Returns 0, or -1
 * with outcome and the store unchanged.
 */
int store_reenter(struct store *store, struct outcome *outcome);
void store_close(struct store *store);

/*
 * Check that the path of the receiving directory still leads to it.  If it does
 * not, files stored now could not be found under that path.  The master checks
 * the path, and sets *replaced.  Returns 0, or -1 with outcome.
 */
int store_check_place(const struct store *store, struct outcome *outcome);

/*
 * Set the mark that ends the names of staged files.  If locks do not work
 * between hosts (shared_locks is 0), each host marks its files with "@HOST" and
 * leaves files with another mark alone.  Otherwise the mark is empty.
 */
void store_mark(struct store *store, int shared_locks);

/* Sync the receiving directory, and set unsyncable if that is unsupported. */
void store_learn_sync(struct store *store);

/* Returns why stored files are not durable, or NULL if they are. */
const char *store_unsynced(const struct store *store);

/*
 * Sync a directory.  Returns 0, 1 if the file system cannot sync directories,
 * or -1 with errno.
 */
int store_sync_directory(int directory);

/* The value of a group if none is to be set. */
#define STORE_NO_GROUP ((gid_t)-1)

/* Returns the modification time in a request. */
struct timespec store_time_of(const struct wire_request *request);

#endif
