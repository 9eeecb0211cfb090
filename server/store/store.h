/* SPDX-License-Identifier: ISC */
/* The receiving directory: its staging folder, space, and what is published. */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include <dirent.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/status.h"
#include "common/wire.h"
#include "server/store/file_system.h"

/* "@" and as much of a host's name as Linux allows. */
#define STORE_MARK (1 + 64 + 1)

struct keepalive;

#define STORE_SECRET 16 /* bytes */

/*
 * Everything goes through held descriptors and names of one component, so no
 * path is ever resolved by the system.  Source: POSIX.1-2008, openat().
 */
struct store {
	int root;    /* the receiving directory */
	int staging; /* its ".ftx-UID" */
	dev_t device;
	ino_t staging_inode;
	int sync;	     /* files and directories are synced */
	int unsyncable;	     /* this file system cannot sync directories */
	mode_t mask;	     /* taken from the sender's mode */
	mode_t exact_mask;   /* the same, where the exact mode is wished */
	int free_percent;    /* what must stay free: so many percent, */
	uint64_t free_bytes; /* and so many bytes */
	unsigned workers;    /* how many may write at the same time */
	int64_t partial_ttl; /* how long a partial is kept, in ms */
	/* Ends each staging name; see store_mark. */
	char mark[STORE_MARK];
	/* The path of root; and whether it still leads there, see below. */
	const char *path;
	const _Atomic uint32_t *replaced;
	uint8_t secret[STORE_SECRET];	   /* see sender.h */
	const struct keepalive *keepalive; /* for long work; may be NULL */
	struct file_system system;
};

/*
 * Open path as the receiving directory, which sets root and device.
 * store_enter then makes and checks the staging folder; it comes after the
 * change of user.  Both return 0, or -1 with outcome.
 */
int store_open(struct store *store, const char *path, struct outcome *outcome);
int store_enter(struct store *store, struct outcome *outcome);

/* Nonzero if the staging folder was removed or moved away since. */
int store_staging_is_gone(const struct store *store);

/*
 * Make the staging folder again, and check it, if it is gone.  Returns 0, or -1
 * with outcome; then the store is unchanged.
 */
int store_reenter(struct store *store, struct outcome *outcome);
void store_close(struct store *store);

/*
 * Check that the path of the receiving directory still leads to it.  The master
 * sets *replaced to nonzero while it does not; if replaced is NULL, nobody
 * checks.  Files received meanwhile could not be found under that path.
 * Returns 0, or -1 with outcome.
 */
int store_check_place(const struct store *store, struct outcome *outcome);

/*
 * Sync the receiving directory once, to find out whether this file system can
 * sync directories.  Sets unsyncable if it cannot.
 */
void store_learn_sync(struct store *store);

/* Why stored files are not durable here; NULL if they are. */
const char *store_unsynced(const struct store *store);

/*
 * Sync a directory.  Returns 0; 1 if this kind of file system cannot sync
 * directories; or -1 with errno.
 */
int store_sync_directory(int directory);

/*
 * Set the mark that ends staging names.  If locks hold for one host only, a
 * lock does not show that another host uses a file.  Each host then marks its
 * staging names with "@HOST", and leaves names with another mark alone.  With
 * shared locks the mark is "", and each host may take every name.
 */
void store_mark(struct store *store, int shared_locks);

/* Nonzero if this host may take the staged file of that name. */
int store_is_own(const struct store *store, const char *name);

/* Three numbers in hexadecimal and the mark. */
#define STORE_NAME 128

/* A file that is being received: locked, invisible, mode 0600. */
struct store_file {
	int fd; /* owned; the only descriptor of it, for the lock's sake */
	char name[STORE_NAME];
};

/* Make one.  Returns 0, or -1 with errno. */
int store_stage(const struct store *store, struct store_file *staged);

/* No group is to be set. */
#define STORE_NO_GROUP ((gid_t)-1)

/*
 * Give the file its mode and time as the request wishes, and its group, which
 * may fail silently: the sender has no claim to it.  Returns 0, or -1, errno.
 */
int store_set_attributes(const struct store *store,
    const struct store_file *staged, const struct wire_request *request,
    gid_t group);

/*
 * The same for a directory of this process's user; one of another user stays
 * as it is.  Where the request wishes an exact mode, it gets that mode less
 * mask, with all permissions of its owner, and keeps set-ID and sticky bits.
 * Returns 0, or -1 with errno.
 */
int store_set_directory(const struct store *store, int directory,
    const struct wire_request *request);

/*
 * Publish under its final name in a directory: an existing file or link is
 * replaced, or, with no_clobber, kept (EEXIST).  Returns 0, or -1 with errno;
 * in any case the descriptor stays open.
 */
int store_publish(const struct store *store, const struct store_file *staged,
    int directory, const char *name, int no_clobber);

/* The time of modification that a request wishes. */
struct timespec store_time_of(const struct wire_request *request);

/*
 * Wait for the turn to check names that fold and to publish under one; only one
 * process of this user has it.  Returns a descriptor, whose closing ends the
 * turn, or -1 if there are no such locks.
 */
int store_take_turn(const struct store *store);

/* Close what was published.  Returns 0, or -1 with errno. */
int store_finish(struct store_file *staged);

/* Remove what was not published, and close.  Keeps errno. */
void store_discard(const struct store *store, struct store_file *staged);

/*
 * Lock a staged file for this process, without waiting.  Returns 0, or -1 with
 * errno: EAGAIN if another has it.  To close any descriptor of the file ends
 * the lock.  Source: POSIX, fcntl().
 */
int store_lock(int fd);

/*
 * Open the staging folder for reading; the caller calls closedir().  Returns
 * NULL with errno if that fails.
 */
DIR *store_list(const struct store *store);

/*
 * Nonzero if no process holds the lock of that staged file.  To be called by a
 * process that does not hold it either.
 */
int store_is_unheld(const struct store *store, const char *name);

/*
 * Remove a staged file of this host if no process holds its lock.  Returns 1
 * if it was removed, and 0 if not.  To be called by a process that does not
 * hold the lock either.
 */
int store_remove_unheld(const struct store *store, const char *name);

#endif
