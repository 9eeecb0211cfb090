/* SPDX-License-Identifier: ISC */
/* Count the results of a run, and derive its exit status. */
#ifndef CLIENT_RUN_TALLY_H
#define CLIENT_RUN_TALLY_H

#include <stdint.h>

#include "common/status.h"

/* Zeroed at first. */
struct tally {
	uint64_t stored;    /* with success of any kind */
	uint64_t unchanged; /* of the stored: the server had them */
	uint64_t unremoved; /* of the stored: removing the source failed */
	uint64_t failed;
	uint64_t unconfirmed; /* of the failed: a lost connection may have
				 stored them */
	uint64_t skipped;     /* by kind; alone they make the exit status 3 */
	uint64_t done;	      /* files, stored or failed */
	uint64_t bytes;	      /* of the stored files */
	uint64_t directories; /* created or found; not among the stored */
	int shared;	      /* the exit status of the first failure */
	int differ;	      /* another failure has a different one */
	int ended; /* exit status of what ended the run early, or 0 */
};

/* Count the result of a source. */
void tally_count(struct tally *tally, enum status status);

/*
 * The run ended with this status before all sources had a result.  Some
 * statuses determine the exit status of the run.  The others count as one more
 * failure.
 */
void tally_end(struct tally *tally, enum status status);

/* Source: ftx(1), EXIT STATUS. */
int tally_exit(const struct tally *tally);

#endif
