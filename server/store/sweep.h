/* SPDX-License-Identifier: ISC */
/* What is removed from the staging folder: abandoned files, and partials. */
#ifndef SERVER_STORE_SWEEP_H
#define SERVER_STORE_SWEEP_H

#include <stdint.h>

#include "server/store/space.h"
#include "server/store/store.h"

/*
 * Remove the files of this host (see store_is_own) that no process holds,
 * except partials that are large and not older than partial_ttl.  To be called
 * in a process that holds no staged file: it would lose the lock.  Returns the
 * number of files removed, or -1 with errno.
 */
int sweep_abandoned(const struct store *store);

/*
 * The functions below may be called by a process that holds staged files.  All
 * but the last call the store's tick while they last.
 */

/*
 * Remove partials that no process holds, the oldest first, and no more than
 * are needed.  If all of them together are not enough, none is removed.
 * Returns nonzero if enough was removed.
 */
int sweep_for_space(const struct store *store, const struct space_amount *need);

/*
 * To be called after a call has failed; errno is its error, and is kept.  If
 * space, quota or inodes ran out, remove partials as above to make room for one
 * file of so many bytes.  Returns nonzero if the call should be tried again.
 */
int sweep_after_failure(const struct store *store, uint64_t bytes);

/* How much is kept for a sender, and for all senders together. */
struct sweep_bounds {
	struct space_amount one, all;
};

/*
 * To be called after the partial of that name was kept.  If bounds are now
 * exceeded, remove other partials of its sender that no process holds, the
 * oldest first; if that is not enough, remove the new one.  The tick is not
 * called: the client of a partial is mostly gone, and then the tick would end
 * the work.
 */
void sweep_beyond(const struct store *store, const char *name,
    const struct sweep_bounds *bounds);

#endif
