/* SPDX-License-Identifier: ISC */
/* Give a complete file its mode, time and final name. */
#ifndef SERVER_STORE_PUBLISH_H
#define SERVER_STORE_PUBLISH_H

#include "server/store/staging.h"

/*
 * Set the requested mode and time of a file, and its group unless that is
 * STORE_NO_GROUP.  A failure to set the group is ignored, because no sender
 * requests one.  Returns 0, or -1 with errno.
 */
int publish_set_attributes(const struct store *store,
    const struct staging_file *staged, const struct wire_request *request,
    gid_t group);

/*
 * Set the requested mode and time of a directory that this process's user owns;
 * leave others alone.  An exact mode is reduced by mask, always gives the owner
 * all permissions, and keeps the set-ID and sticky bits.  Returns 0, or -1 with
 * errno.
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
 * If names fold, only one process of this user at a time may check a name and
 * publish under it.  Waits, and returns a descriptor whose closing unlocks, or
 * -1 if the system has no such locks.
 */
int publish_lock_names(const struct store *store);

#endif
