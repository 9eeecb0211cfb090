/* SPDX-License-Identifier: ISC */
/* Partials: the beginnings of large files, kept so that a client can resume. */
#ifndef SERVER_STORE_PARTIAL_H
#define SERVER_STORE_PARTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/wire.h"
#include "server/store/compare.h"
#include "server/store/space.h"
#include "server/store/staging.h"

/* Bytes.  Below this size, sending is faster than comparing. */
#define PARTIAL_LEAST (1024 * 1024)

/*
 * Milliseconds to wait for a partial that another connection holds.  With a
 * scoreboard, the wait is PARTIAL_WAIT_SHARED.  The scoreboard then shows the
 * holder that its partial is wanted.  If its client has been silent for
 * PARTIAL_SILENCE, the holder ends the connection, and so releases the partial.
 */
#define PARTIAL_WAIT 5000
#define PARTIAL_SILENCE 5000
#define PARTIAL_WAIT_SHARED (PARTIAL_SILENCE + 2000)

/* A partial that this process has locked. */
struct partial {
	struct staging_file staged; /* owned; fd is -1 if none was found */
	struct digest prefix;	    /* of the whole partial */
	int foreign; /* another sender's, so never truncated to 0 */
};

/* Returns nonzero if the request's file can become a partial. */
int partial_applies(const struct wire_request *request);

/*
 * A partial's name is "r", three fields and the store's mark.  The fields are a
 * digest that identifies the file, the number of the sender, and the digit of
 * the sender's attempt.  Earlier versions used names without the last two
 * fields.
 */
int partial_is_name(const char *name);
int partial_has_sender(const char *name);
int partial_same_sender(const char *a, const char *b);
int partial_same_file(const char *a, const char *b);

/*
 * Set staged->name to the partial's name for a file that goes to path, or to ""
 * if partial_applies returns 0.  A lock does not exclude its own process, so
 * the caller must use each name only once at a time.
 */
void partial_name(const struct store *store, uint64_t sender,
    struct staging_file *staged, const char *path, size_t length,
    const struct wire_request *request);

/* The names of all partials, read when the connection first needs them. */
struct partial_names {
	char (*names)[STAGING_NAME];
	size_t count, capacity;
	int is_read;
};

/* What a connection needs to find partials.  The names begin zeroed. */
struct partial_finder {
	const struct store *store;	 /* not owned */
	const struct comparer *comparer; /* not owned */
	int shows_foreign; /* clients may resume other senders' partials */
	struct partial_names names;
};

/*
 * Find, lock and hash a partial of a file of size bytes.  partial->staged.name
 * identifies the file.  Tries the sender's own partials first, and longer ones
 * before shorter ones.  Returns 0, or -1 with errno: ENOENT if there is none,
 * EAGAIN if another connection holds it or the keepalive stopped the wait,
 * EBUSY if too many workers hash.  On failure partial keeps its name.
 */
int partial_find(
    struct partial_finder *finder, uint64_t size, struct partial *partial);

void partial_finder_release(struct partial_finder *finder);

/* The space that a partial has allocated.  Its holes may still need space. */
struct space_amount partial_held(const struct partial *partial);

/*
 * Create an empty file under staged->name.  If another connection holds that
 * name, use the name of the sender's next attempt.  Returns 0, or -1 with
 * errno: EAGAIN if all attempts are held.
 */
int partial_stage(const struct store *store, struct staging_file *staged);

/* Unlock and close a partial, which stays in the staging directory. */
void partial_release(struct partial *partial);

#endif
