/* SPDX-License-Identifier: ISC */
/* What is kept of large files that did not arrive whole, for another try. */
#ifndef SERVER_PARTIAL_H
#define SERVER_PARTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/wire.h"
#include "server/hash.h"
#include "server/store.h"

/* Less than so many bytes are sent again sooner than they are compared. */
#define PARTIAL_LEAST (1024 * 1024)

/* So long another connection is waited for that still holds it, in ms. */
#define PARTIAL_PATIENCE 5000

/* One that this process has claimed. */
struct partial {
	struct staged staged; /* owned; fd is -1 where there is none yet */
	struct digest prefix; /* of all that it holds */
};

/* Nonzero if a file that is announced so is kept when it is cut. */
int partial_applies(const struct wire_request *request);

/* Nonzero if the staging name is one of a file that can be kept. */
int partial_is_name(const char *name);

/*
 * The name by which the file that goes to path can be found again, or "" where
 * it is not kept.  No lock keeps a process from what it has claimed itself: for
 * one name it must not claim anything twice at a time.
 */
void partial_name(const struct store *store, struct staged *staged,
    const char *path, size_t length, const struct wire_request *request);

/*
 * Claim what was kept under the name that partial has, of a file of that size,
 * and hash it.  Returns 0, or -1 with errno: ENOENT if there is nothing, EAGAIN
 * if another connection holds it or the tick ended the wait.
 */
int partial_find(const struct store *store, uint64_t size,
    const struct tick *tick, struct partial *partial);

/*
 * Stage an empty file under the name that it has.  Returns 0, or -1 with errno,
 * EAGAIN as above.
 */
int partial_stage(const struct store *store, struct staged *staged);

/* Let go of one, which stays where it is. */
void partial_release(struct partial *partial);

#endif
