/* SPDX-License-Identifier: ISC */
/* The state of one run, which outlives its connections. */
#ifndef CLIENT_RUN_RUN_H
#define CLIENT_RUN_RUN_H

#include "client/display/events.h"
#include "client/display/progress.h"
#include "client/display/view.h"
#include "client/run/rate.h"
#include "client/run/request.h"
#include "client/run/tally.h"
#include "client/settings/options.h"
#include "client/settings/target.h"
#include "client/sources/aside.h"
#include "client/sources/directories.h"
#include "client/sources/queue.h"
#include "client/sources/source.h"
#include "common/wire.h"

struct run {
	const struct options *options; /* neither is owned */
	const struct target *target;
	struct queue queue;
	struct directories directories;
	struct requests again; /* what connections have left without result */
	struct tally tally;
	struct progress progress;
	struct events events;
	struct rate rate;
	size_t streams;		       /* connections at once */
	struct aside_changes removals; /* of sources, by this run */
	int tells;		       /* successes are shown, too */
	int input;		       /* the source is standard input, */
	int spent;		       /* and some of it is gone */
	int unsynced; /* it was reported that something is not synced */
	int settles;  /* the server says whether the target is a directory */
	/* What is settled; owned; NULL before. */
	char *directory, *name;
};

/* Returns 0, or -1 with errno if there is no memory. */
int run_init(struct run *run, const struct options *options,
    const struct target *target, char *const *paths, size_t count);
void run_release(struct run *run);

/* Nonzero if there is nothing left that a connection could begin with now. */
int run_is_exhausted(const struct run *run);

/*
 * Nonzero if several connections share the work, and none may take so much of
 * it that the others have none.
 */
int run_is_shared(const struct run *run);

/* What the next connection begins with. */
struct wire_base run_base(const struct run *run);

/* Keep the answer to the first base.  Returns 0, or -1 with errno. */
int run_settle(struct run *run, const struct wire_based *based);

/* Files of at least so many bytes are gone on with, not begun again. */
#define RUN_RESUMED (1 << 20)

/* Nonzero if this request goes on from what the server has kept of it. */
int run_resumes(const struct run *run, const struct request *request);

/* The path of a request for this source, below the base. */
struct wire_bytes run_path(const struct run *run, const struct source *source);

/* What the server is asked, once the request has its identity. */
struct wire_request run_request(
    const struct run *run, const struct request *request);

/*
 * Where a source goes, as far as that is known, in pieces that stay as long as
 * the transfer and the source: "host", ":", "directory", "/", "name".  Returns
 * their number.
 */
#define RUN_PIECES 5
size_t run_place(const struct run *run, const struct source *source,
    struct wire_bytes pieces[RUN_PIECES]);

/* "host:directory/name" as far as it is known, fit to be shown. */
#define RUN_REMOTE 2560
char *run_remote(const struct run *run, const struct source *source,
    char buffer[RUN_REMOTE]);

#endif
