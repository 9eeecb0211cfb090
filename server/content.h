/* SPDX-License-Identifier: ISC */
/* One file on its way in: checked, staged, filled, handed to the group. */
#ifndef SERVER_CONTENT_H
#define SERVER_CONTENT_H

#include <stdint.h>

#include "common/recv_file.h"
#include "common/status.h"
#include "server/commit.h"
#include "server/destination.h"
#include "server/store.h"

/* What this server takes. */
struct policy {
	const struct store *store; /* not owned */
	uint64_t max_size;	   /* bytes */
	int never_overwrite;
};

/*
 * Hold a request against policy and disk, before a byte has come.  Returns 0,
 * or -1 with outcome.
 */
int policy_check(const struct policy *policy,
    const struct wire_request *request, const struct destination *destination,
    struct outcome *outcome);

struct content {
	const struct policy *policy; /* not owned */
	uint32_t number;
	struct wire_request request; /* but for its path */
	struct destination destination;
	struct staged staged;
	struct recv_file file;
	uint64_t look_at;	/* bytes received when space is looked at */
	uint64_t begun_writing; /* bytes that are on their way to the disk */
};

/*
 * Begin to receive the file that request announces.  Returns 0, or -1 with
 * outcome and errno; the destination's path is known in both cases, and
 * content_drop must follow where content_end does not.
 */
int content_open(struct content *content, uint32_t number,
    const struct wire_request *request, const struct base *base,
    struct directories *directories, struct outcome *outcome);

/*
 * Take the next bytes.  Returns 0, or -1 with outcome, whose status is
 * STATUS_PROTOCOL for more bytes than were announced.
 */
int content_data(struct content *content, const void *bytes, size_t length,
    struct outcome *outcome);

/*
 * Verify the whole and hand it to the group, which must not be full.  Returns
 * 0, or -1 with outcome.
 */
int content_end(struct content *content, const struct wire_end *end,
    struct commit *commit, struct outcome *outcome);

/* Remove what came, and let go of everything.  May be repeated. */
void content_drop(struct content *content);

#endif
