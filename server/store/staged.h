/* SPDX-License-Identifier: ISC */
/* One file on its way in: checked, staged, filled, handed to the group. */
#ifndef SERVER_STORE_STAGED_H
#define SERVER_STORE_STAGED_H

#include <stdint.h>

#include "common/recv_file.h"
#include "common/status.h"
#include "server/store/commit.h"
#include "server/store/destination.h"
#include "server/store/partial.h"
#include "server/store/policy.h"
#include "server/store/staging.h"

struct staged {
	const struct policy *policy; /* not owned */
	uint32_t number;
	struct wire_request request; /* but for its path */
	struct destination destination;
	struct staging_file staged;
	struct recv_file file;
	uint64_t written;	/* bytes, without holes that take no room */
	uint64_t begun_writing; /* bytes that are on their way to the disk */
	uint64_t kept; /* bytes of the file that were there at the beginning */
	int foreign;   /* they are another sender's */
	int hopeless;  /* the file is too large for this server */
};

/*
 * Begin to receive the file that request announces, behind what was kept of it
 * if partial holds that, which is then the content's.  Returns 0, or -1 with
 * outcome and errno; the destination's path is known in both cases, and
 * staged_drop must follow where staged_end does not.
 */
int staged_open(struct staged *content, uint32_t number,
    const struct wire_request *request, const struct base *base,
    struct directories *directories, struct partial *partial,
    struct outcome *outcome);

/* Begin at the start after all.  Returns 0, or -1 with outcome. */
int staged_restart(struct staged *content, struct outcome *outcome);

/*
 * Take the next bytes.  Returns 0, or -1 with outcome, whose status is
 * STATUS_PROTOCOL for more bytes than were announced.
 */
int staged_data(struct staged *content, const void *bytes, size_t length,
    struct outcome *outcome);
int staged_hole(
    struct staged *content, uint64_t length, struct outcome *outcome);

/*
 * Verify the whole and hand it to the group, which must not be full.  Returns
 * 0, or -1 with outcome.
 */
int staged_end(struct staged *content, const struct wire_end *end,
    struct commit *commit, struct outcome *outcome);

/*
 * Keep what came, if it is large enough, can be found again, and could be
 * completed later.  Returns nonzero if it is kept; the caller still calls
 * staged_drop.
 */
int staged_keep(struct staged *content);

/*
 * Remove what came, except the part that another sender had sent, and release
 * everything.  May be called again.
 */
void staged_drop(struct staged *content);

#endif
