/* SPDX-License-Identifier: ISC */
/* What is removed from the staging folder: abandoned files, and partials. */
#ifndef SERVER_SWEEP_H
#define SERVER_SWEEP_H

#include <stdint.h>

#include "server/space.h"
#include "server/store.h"

/*
 * Of what is this host's own (see store_is_own), remove what no process holds,
 * but for partials that are large and not older
 * than partial_ttl.  To be called in a process that holds no staged file: it
 * would lose the lock.  Returns the number of files removed, or -1 with errno.
 */
int sweep_abandoned(const struct store *store);

/*
 * The functions below may be called by a process that holds staged files.  They
 * call the store's tick while they last.
 */

/*
 * Remove partials that no process holds, the oldest first, and no more than
 * are needed.  If all of them together are not enough, none is removed.
 * Returns nonzero if so much was removed.
 */
int sweep_for_space(const struct store *store, const struct space_amount *need);

/*
 * A call has just failed with errno, which is kept.  If it ran out of space,
 * quota or inodes, remove partials as above for a file and so many bytes.
 * Returns nonzero if the call is to be tried once more.
 */
int sweep_after_failure(const struct store *store, uint64_t bytes);

/* How much is kept for a sender, and for all senders together. */
struct sweep_bounds {
	struct space_amount one, all;
};

/*
 * A partial of that name was just kept.  If that is too much, remove others of
 * its sender that no process holds, the oldest first, and itself at last.
 */
void sweep_beyond(const struct store *store, const char *name,
    const struct sweep_bounds *bounds);

#endif
