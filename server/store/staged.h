/* SPDX-License-Identifier: ISC */
/* A file that is being received, in the staging directory until its commit. */
#ifndef SERVER_STORE_STAGED_H
#define SERVER_STORE_STAGED_H

#include <stdint.h>

#include "common/status.h"
#include "common/wire.h"
#include "server/store/commit.h"
#include "server/store/destination.h"
#include "server/store/partial.h"
#include "server/store/policy.h"
#include "server/store/staging.h"

/*
 * The caller writes the content to file.fd: see recv_file.h.  These functions
 * open the file, limit its size and space, and add it to the group.
 */
struct staged {
	const struct policy *policy; /* not owned */
	struct wire_request request; /* without its path */
	struct destination destination;
	struct staging_file file; /* owned; fd is -1 if there is none */
	uint64_t written;	  /* bytes, without holes that take no room */
	uint64_t begun_writing;	  /* bytes for which os_start_writeback ran */
	uint64_t kept; /* bytes of the partial that the file began with */
	int foreign;   /* the partial is another sender's */
	int hopeless;  /* the file is too large for this server */
};

/*
 * Check the request and open its file.  If partial has a file, take it over;
 * otherwise create an empty one.  Returns 0, or -1 with outcome and errno.
 * Sets the destination's path also on failure.  Unless staged_finish succeeds
 * later, the caller calls staged_drop.
 */
int staged_open(struct staged *staged, const struct wire_request *request,
    const struct base *base, struct directories *directories,
    struct partial *partial, struct outcome *outcome);

/*
 * Count the content from offset 0 again.  If the file is another sender's
 * partial, release it, and create an empty file.  Returns 0, or -1 with errno.
 */
int staged_restart(struct staged *staged);

/*
 * Check that the file may grow by length bytes after the received ones.
 * Returns 0, or -1 with outcome.
 */
int staged_check_size(struct staged *staged, uint64_t received, uint64_t length,
    struct outcome *outcome);

/*
 * Returns how many bytes may be written before the next call of this function,
 * or 0 with outcome if space ran out.
 */
uint64_t staged_share(struct staged *staged, struct outcome *outcome);

/* Count bytes that were written, or filled in for a hole. */
void staged_add_written(struct staged *staged, uint64_t length);

/*
 * If enough new bytes were received, start writing them to the disk.  The sync
 * at the end then does not wait for the whole file.
 */
void staged_begin_writing(struct staged *staged, uint64_t received);

/* Bytes on the disk that the file still needs, as announced. */
uint64_t staged_missing(const struct staged *staged);

/* A write failed with errno.  Returns -1 with outcome. */
int staged_fail_write(struct staged *staged, struct outcome *outcome);

/*
 * Set mode and time of the verified file and add it to the group, which must
 * not be full.  number is the request's; end has the file's size and digest.
 * Returns 0, or -1 with outcome.
 */
int staged_finish(struct staged *staged, uint32_t number,
    const struct wire_end *end, struct commit *commit, struct outcome *outcome);

/*
 * Nonzero if the received bytes are worth keeping as a partial: they can be
 * found and completed, and comparing them is faster than sending.
 */
int staged_is_worth_keeping(const struct staged *staged, uint64_t received);

/*
 * Keep the file as a partial.  Returns nonzero if it is kept.  The caller still
 * calls staged_drop.
 */
int staged_keep(struct staged *staged);

/*
 * Remove the file, and release everything.  If the file began as another
 * sender's partial, keeps that partial.  May be called again.
 */
void staged_drop(struct staged *staged);

#endif
