/* SPDX-License-Identifier: ISC */
/* Free space: what must stay free, and when a worker looks at it again. */
#ifndef SERVER_SPACE_H
#define SERVER_SPACE_H

#include <stdint.h>

#include "common/io.h"
#include "server/store.h"

/*
 * A worker looks at the free space again after it has written its share of
 * what was free: all workers together may then take half of it.  The share is
 * at least SPACE_SHARE_LEAST and at most SPACE_SHARE_MOST bytes, and a look is
 * good for SPACE_LOOK_TIME milliseconds.  So min-free is undercut by at most
 * SPACE_SHARE_LEAST for each worker.
 */
#define SPACE_SHARE_LEAST (64 * 1024)
#define SPACE_SHARE_MOST (16 * 1024 * 1024)
#define SPACE_LOOK_TIME 20

/* What one connection has used since its last look.  Begins zeroed. */
struct space_account {
	uint64_t share; /* bytes that it may use before the next look */
	uint64_t used;	/* of them */
	uint64_t block; /* bytes that the smallest file or directory takes */
	io_time until;	/* when the look is out of date */
};

/*
 * Look whether so many bytes fit above what must stay free.  held is what the
 * file has allocated already: it is available to that file.  Returns 0 and
 * begins a new share of the account, which may be NULL; or -1 with outcome,
 * and the next use needs a look.
 * Source: POSIX.1-2008, fstatvfs().
 */
int space_look(const struct store *store, struct space_account *account,
    uint64_t bytes, uint64_t held, struct outcome *outcome);

/* Bytes that may be used before the next look; 0 if that is due now. */
uint64_t space_left(const struct space_account *account);

/* Add what is written, or is about to be, to the account. */
void space_use(struct space_account *account, uint64_t bytes);

/* Bytes on the disk that an open file has allocated; 0 if unknown. */
uint64_t space_allocated(int fd);

/*
 * Some file systems (btrfs) give freed space back only when they write their
 * changes down.  Have the file system do that, if no process of this server
 * did in the last minute.
 */
void space_sync(const struct store *store);

/* Share that minute with all processes that this one forks from now on. */
void space_share_sync(void);

#endif
