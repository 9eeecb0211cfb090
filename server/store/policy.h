/* SPDX-License-Identifier: ISC */
/* Check what this server accepts: kind, size, mode and time, and space. */
#ifndef SERVER_STORE_POLICY_H
#define SERVER_STORE_POLICY_H

#include <sys/stat.h>

#include <stdint.h>

#include "common/status.h"
#include "common/wire.h"
#include "server/store/destination.h"
#include "server/store/space.h"
#include "server/store/store.h"

/* One for each connection. */
struct policy {
	const struct store *store; /* not owned */
	uint64_t max_size;	   /* bytes */
	int never_overwrite;
	int sync_failed;	       /* of a directory: every request fails */
	struct space_account *account; /* of the connection; not owned */
	uint64_t sender;	       /* see sender.h */
};

/*
 * Every check returns 0 if the request passes, or -1 with its outcome.
 */

/* Check that this connection can store anything now. */
int policy_check_open(const struct policy *policy, struct outcome *outcome);

/* Check that this server syncs stored files, if the request requires it. */
int policy_check_sync(const struct policy *policy,
    const struct wire_request *request, struct outcome *outcome);

/*
 * Check that the file system can keep the requested exact mode and time.  A
 * time without an exact mode is set as near as possible, and always passes.
 * On failure errno is 0.
 */
int policy_check_attributes(const struct policy *policy,
    const struct wire_request *request, struct outcome *outcome);

/* Make the checks above for a file, and check its kind and size. */
int policy_check_file(const struct policy *policy,
    const struct wire_request *request, struct outcome *outcome);

/* Nonzero if the request must not replace a file. */
int policy_keeps_existing(
    const struct policy *policy, const struct wire_request *request);

/* Check that the request may replace found (st_mode 0: nothing exists). */
int policy_check_replace(const struct policy *policy,
    const struct wire_request *request, const struct stat *found,
    struct outcome *outcome);

/* The size of the largest file that can be stored, in bytes. */
uint64_t policy_largest(const struct policy *policy);

/* Bytes on the disk that the file will need, as announced; 0 if unknown. */
uint64_t policy_announced(
    const struct policy *policy, const struct wire_request *request);

/*
 * Check that there is room for the file or directory of the request and for the
 * parents in its path.  If there is too little, remove partials to make room.
 * held is the space that the partial of the file has allocated.
 */
int policy_check_room(const struct policy *policy,
    const struct wire_request *request, const struct destination *destination,
    const struct space_amount *held, struct outcome *outcome);

/*
 * Check that needed fits, and begin a new share of the account.  held is the
 * part of needed that is allocated already.  If needed does not fit, first sync
 * the file system (see space_sync), and then remove partials that no process
 * holds.
 */
int policy_find_space(const struct policy *policy,
    const struct space_amount *needed, const struct space_amount *held,
    struct outcome *outcome);

#endif
