/* SPDX-License-Identifier: ISC */
/* The state of one run, which outlives its connections. */
#ifndef CLIENT_TRANSFER_H
#define CLIENT_TRANSFER_H

#include "client/aside.h"
#include "client/events.h"
#include "client/folders.h"
#include "client/options.h"
#include "client/progress.h"
#include "client/queue.h"
#include "client/rate.h"
#include "client/request.h"
#include "client/source.h"
#include "client/tally.h"
#include "client/target.h"
#include "client/view.h"
#include "common/wire.h"

struct transfer {
	const struct options *options; /* neither is owned */
	const struct target *target;
	struct queue queue;
	struct folders folders;
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
int transfer_init(struct transfer *transfer, const struct options *options,
    const struct target *target, char *const *paths, size_t count);
void transfer_release(struct transfer *transfer);

/* Nonzero if there is nothing left that a connection could begin with now. */
int transfer_is_exhausted(const struct transfer *transfer);

/*
 * Nonzero if several connections share the work, and none may take so much of
 * it that the others have none.
 */
int transfer_is_shared(const struct transfer *transfer);

/* What the next connection begins with. */
struct wire_base transfer_base(const struct transfer *transfer);

/* Keep the answer to the first base.  Returns 0, or -1 with errno. */
int transfer_settle(struct transfer *transfer, const struct wire_based *based);

/* Files of at least so many bytes are gone on with, not begun again. */
#define TRANSFER_RESUMED (1 << 20)

/* Nonzero if this request goes on from what the server has kept of it. */
int transfer_resumes(
    const struct transfer *transfer, const struct request *request);

/* The path of a request for this source, below the base. */
struct wire_bytes transfer_path(
    const struct transfer *transfer, const struct source *source);

/* What the server is asked, once the request has its identity. */
struct wire_request transfer_request(
    const struct transfer *transfer, const struct request *request);

/*
 * Where a source goes, as far as that is known, in pieces that stay as long as
 * the transfer and the source: "host", ":", "directory", "/", "name".  Returns
 * their number.
 */
#define TRANSFER_PIECES 5
size_t transfer_place(const struct transfer *transfer,
    const struct source *source, struct wire_bytes pieces[TRANSFER_PIECES]);

/* "host:directory/name" as far as it is known, fit to be shown. */
#define TRANSFER_REMOTE 2560
char *transfer_remote(const struct transfer *transfer,
    const struct source *source, char buffer[TRANSFER_REMOTE]);

#endif
