/* SPDX-License-Identifier: ISC */
/* Free space: what must stay free, and when a worker looks at it again. */
#ifndef SERVER_STORE_SPACE_H
#define SERVER_STORE_SPACE_H

#include <stdint.h>

#include "common/io.h"
#include "server/store/store.h"

/*
 * A worker checks the free space again after it has written its share, or after
 * SPACE_LOOK_TIME milliseconds.  The shares of all workers together are half of
 * what was free above min-free.  Each is at least SPACE_SHARE_LEAST and at most
 * SPACE_SHARE_MOST bytes.  So the free space can fall below min-free by at most
 * SPACE_SHARE_LEAST for each worker.
 */
#define SPACE_SHARE_LEAST (64 * 1024)
#define SPACE_SHARE_MOST (16 * 1024 * 1024)
#define SPACE_LOOK_TIME 20

/* An amount of what a file system has: bytes on the disk, and inodes. */
struct space_amount {
	uint64_t bytes;
	uint64_t files;
};

/* What one connection has used since its last look.  Begins zeroed. */
struct space_account {
	uint64_t share; /* bytes that it may use before the next look */
	uint64_t used;	/* bytes of the share that were used */
	uint64_t block; /* bytes that the smallest file or directory takes */
	io_time until;	/* when the look is out of date */
	struct space_amount lack; /* what was missing at that look */
};

/*
 * Check that needed fits above what must stay free.  held is what the file has
 * allocated already, and is available to that file.  Returns 0 and begins a new
 * share of the account, which may be NULL.  Returns -1 with outcome if it does
 * not fit; then the next use needs a new look.  Inodes are checked only if any
 * are needed and the file system counts them.
 * Source: POSIX.1-2008, fstatvfs().
 */
int space_look(const struct store *store, struct space_account *account,
    const struct space_amount *needed, const struct space_amount *held,
    struct outcome *outcome);

/* Bytes that may be used before the next look; 0 if that is due now. */
uint64_t space_left(const struct space_account *account);

/* Add what is written, or is about to be, to the account. */
void space_use(struct space_account *account, uint64_t bytes);

/* Bytes on the disk that an open file has allocated; 0 if unknown. */
uint64_t space_allocated(int fd);

/*
 * Some file systems, such as btrfs, free space only when they write out their
 * changes.  space_sync makes the file system do that, in a child (see apart.h).
 * space_sync_due returns nonzero if no process of this server has done it
 * within a minute, and starts that minute again.
 */
int space_sync_due(void);
void space_sync(const struct store *store);

/* Share that minute with all processes that this one forks later. */
void space_share_sync(void);

#endif
