/* SPDX-License-Identifier: ISC */
/* What is kept of large files that did not arrive whole, for another try. */
#ifndef SERVER_STORE_PARTIAL_H
#define SERVER_STORE_PARTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/wire.h"
#include "server/shared/hash.h"
#include "server/shared/scoreboard.h"
#include "server/store/partial_names.h"
#include "server/store/store.h"
#include "server/store/sweep.h"

/* The fewest bytes worth keeping: less is faster to send than to compare. */
#define PARTIAL_LEAST (1024 * 1024)

/*
 * How long to wait for another connection that holds a partial, in
 * milliseconds.  With a scoreboard the holder sees that it is wanted, and lets
 * go once its client has been silent for PARTIAL_SILENCE; then the wait is
 * PARTIAL_PATIENCE_SHARED, which leaves it time for that.
 */
#define PARTIAL_PATIENCE 5000
#define PARTIAL_SILENCE 5000
#define PARTIAL_PATIENCE_SHARED (PARTIAL_SILENCE + 2000)

/* The most that is kept for one sender, and for all: far above honest use. */
extern const struct sweep_bounds partial_bounds;

/* One that this process has claimed. */
struct partial {
	struct store_file staged; /* owned; fd is -1 where there is none yet */
	struct digest prefix;	  /* of all that it holds */
	int foreign;		  /* another sender's: it is never emptied */
};

/* Nonzero if a file that is announced so is kept when it is cut. */
int partial_applies(const struct wire_request *request);

/*
 * A name is "r" and three fields: the file, its sender, and a digit for one of
 * several tries.  In earlier versions a name had only the file.
 */
int partial_is_name(const char *name);
int partial_has_sender(const char *name);
int partial_same_sender(const char *a, const char *b);
int partial_same_file(const char *a, const char *b);

/*
 * The name by which the file that goes to path can be found again, or "" where
 * it is not kept.  No lock keeps a process from what it has claimed itself: for
 * one file it must not claim anything twice at a time.
 */
void partial_name(const struct store *store, uint64_t sender,
    struct store_file *staged, const char *path, size_t length,
    const struct wire_request *request);

/* What one connection needs to look for partials. */
struct partial_finder {
	const struct store *store; /* not owned */
	struct tick tick;
	int shows_foreign; /* the client may see digests of other senders' */
	struct scoreboard *board; /* not owned; NULL if there is none, */
	size_t slot;		  /* else the own slot */
	struct partial_names names;
};

/*
 * Claim and hash what was kept of the file of this size whose name partial has.
 * The sender's own partials come before those of others, and longer ones before
 * shorter ones.  Returns 0, or -1 with errno: ENOENT if nothing was kept,
 * EAGAIN if another connection holds it or the tick ended the wait, EBUSY if
 * too many workers hash.  On failure partial keeps its name.
 */
int partial_find(
    struct partial_finder *finder, uint64_t size, struct partial *partial);

/* The space that it has allocated; its holes may still need space. */
struct space_amount partial_held(const struct partial *partial);

/*
 * Stage an empty file under the name that it has or, if another connection
 * holds that, a name of the same file and sender.  Returns 0, or -1 with errno,
 * EAGAIN if all of them are held.
 */
int partial_stage(const struct store *store, struct store_file *staged);

/* Let go of one, which stays where it is. */
void partial_release(struct partial *partial);

#endif
