/* SPDX-License-Identifier: ISC */
/* Remove abandoned files and partials from the staging directory. */
#ifndef SERVER_STORE_SWEEP_H
#define SERVER_STORE_SWEEP_H

#include <stdint.h>

#include "server/store/space.h"
#include "server/store/store.h"

/*
 * Remove this host's files (see staging_is_own) that no process holds.  Keep
 * the secret, probes whose creator runs, and large partials that are younger
 * than partial_ttl.  The calling process must hold no staged file, because its
 * lock would be lost.  Returns the number of files removed, or -1 with errno.
 */
int sweep_abandoned(const struct store *store);

/*
 * The functions below may be called by a process that holds staged files,
 * because a child removes the files.
 */

/*
 * Remove partials that no process holds, the oldest first, until need is met.
 * If all of them together do not suffice, remove none.  Calls the store's
 * keepalive.  Returns nonzero if enough was removed.
 */
int sweep_for_space(const struct store *store, const struct space_amount *need);

/*
 * Call this after a call failed with errno.  If space, quota or inodes ran out,
 * removes partials as sweep_for_space does, to free that many bytes and one
 * inode.  Returns nonzero if the caller should retry the call.  Keeps errno.
 */
int sweep_after_failure(const struct store *store, uint64_t bytes);

/* How much the partials of one sender, and of all senders, may take up. */
struct sweep_quota {
	struct space_amount sender, total;
};

/* Normal use stays far below these limits. */
extern const struct sweep_quota sweep_default_quota;

/*
 * The partial with that name was just kept.  If a quota is now exceeded, remove
 * other partials of its sender that no process holds, the oldest first.  If
 * they do not suffice, remove the new one.  Does not call keepalive: most
 * partials are kept because the client has left, and keepalive would then stop
 * the work.
 */
void sweep_enforce_quota(const struct store *store, const char *name,
    const struct sweep_quota *quota);

#endif
