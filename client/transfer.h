/* SPDX-License-Identifier: ISC */
/* The state of one run, which outlives its connections. */
#ifndef CLIENT_TRANSFER_H
#define CLIENT_TRANSFER_H

#include "client/options.h"
#include "client/progress.h"
#include "client/rate.h"
#include "client/source.h"
#include "client/tally.h"
#include "client/target.h"
#include "client/window.h"
#include "common/wire.h"

struct transfer {
	const struct options *options; /* neither is owned */
	const struct target *target;
	struct source_list sources;
	struct window window;
	struct tally tally;
	struct progress progress;
	struct rate rate;
	int tells; /* successes are shown, too */
	/* What the server settled; owned; NULL before it has. */
	char *directory, *name;
};

/* Returns 0, or -1 with errno if there is no memory. */
int transfer_init(struct transfer *transfer, const struct options *options,
    const struct target *target, const struct source_list *sources);
void transfer_release(struct transfer *transfer);

/* What the next connection begins with. */
struct wire_base transfer_base(const struct transfer *transfer);

/* Keep the answer to the first base.  Returns 0, or -1 with errno. */
int transfer_settle(struct transfer *transfer, const struct wire_based *based);

/* The path of a request for this source, below the base. */
struct wire_bytes transfer_path(
    const struct transfer *transfer, const char *source);

/* "host:directory/name" as far as it is known, fit to be shown. */
#define TRANSFER_REMOTE 2560
char *transfer_remote(const struct transfer *transfer, const char *source,
    char buffer[TRANSFER_REMOTE]);

#endif
