/* SPDX-License-Identifier: ISC */
/* Give a complete file its mode, time and final name. */
#ifndef SERVER_STORE_PUBLISH_H
#define SERVER_STORE_PUBLISH_H

#include "server/store/staging.h"

/*
 * Set the requested mode and time of a file, and its group unless that is
 * STORE_NO_GROUP.  A failure to set the group is ignored, because a request
 * cannot name one.  Returns 0, or -1 with errno.
 */
int publish_set_attributes(const struct store *store,
    const struct staging_file *staged, const struct wire_request *request,
    gid_t group);

/*
 * Set the time and the exact mode of a directory, if requested.  The mode is
 * reduced by the store's mask, but the owner keeps all permissions; the set-ID
 * and sticky bits stay.  If another user owns the directory, does nothing.
 * Returns 0, or -1 with errno.
 */
int publish_set_directory(const struct store *store, int directory,
    const struct wire_request *request);

/*
 * Move a file to its final name in a directory.  Replaces an existing file or
 * link; if no_clobber is nonzero, fails with EEXIST instead.  Returns 0, or -1
 * with errno.  The descriptor stays open.
 */
int publish_file(const struct store *store, const struct staging_file *staged,
    int directory, const char *name, int no_clobber);

/*
 * Lock the staging directory, and wait if another process has locked it.  If
 * names fold, each process holds this lock while it checks a name and publishes
 * a file under it.  Returns a descriptor, or -1 if the lock fails.  Closing the
 * descriptor unlocks.
 */
int publish_lock_names(const struct store *store);

#endif
