/* SPDX-License-Identifier: ISC */
/* Free space: how much must stay free, and when a worker checks it again. */
#ifndef SERVER_STORE_SPACE_H
#define SERVER_STORE_SPACE_H

#include <stdint.h>

#include "common/io.h"
#include "server/store/store.h"

/*
 * A check of the free space gives a worker a share.  The worker checks again
 * when it has written its share, or after SPACE_CHECK_TIME milliseconds.  The
 * shares of all workers together are half of the space above min-free.  A share
 * is SPACE_SHARE_LEAST to SPACE_SHARE_MOST bytes.  So the free space can fall
 * below min-free by at most SPACE_SHARE_LEAST for each worker.
 */
#define SPACE_SHARE_LEAST (64 * 1024)
#define SPACE_SHARE_MOST (16 * 1024 * 1024)
#define SPACE_CHECK_TIME 20

/* An amount of the file system's resources. */
struct space_amount {
	uint64_t bytes; /* on the disk */
	uint64_t files; /* inodes */
};

/* The share of one connection.  Begins zeroed, so the first use checks. */
struct space_account {
	uint64_t share;		  /* bytes to use until the next check */
	uint64_t used;		  /* bytes of the share that were used */
	uint64_t block;		  /* bytes of the smallest file or directory */
	io_time expires;	  /* when the share ends */
	struct space_amount lack; /* missing at the last check */
};

/*
 * Check that needed fits into the free space without the part that must stay
 * free.  held is the part of needed that the file has already allocated.
 * Checks inodes if any are needed and the file system counts them.  If needed
 * fits, returns 0 and begins a new share of the account, which may be NULL.
 * Otherwise returns -1 with outcome, and sets the account's lack.  Source:
 * POSIX.1-2008, fstatvfs().
 */
int space_check(const struct store *store, struct space_account *account,
    const struct space_amount *needed, const struct space_amount *held,
    struct outcome *outcome);

/* Return the bytes left of the share; 0 if a check is due. */
uint64_t space_left(const struct space_account *account);

/* Subtract bytes that were written, or are about to be, from the share. */
void space_use(struct space_account *account, uint64_t bytes);

/* Return the bytes that an open file has allocated; 0 if unknown. */
uint64_t space_allocated(int fd);

/*
 * Some file systems, such as btrfs, free space only when they commit changes to
 * the disk.  space_sync causes that, in a child (see child.h).  space_sync_due
 * returns nonzero at most once a minute in all processes of this server.
 */
int space_sync_due(void);
void space_sync(const struct store *store);

/* Share the interval with all processes that this one forks later. */
void space_share_sync(void);

#endif
