/* SPDX-License-Identifier: ISC */
/* What became of a run's files, and the exit status that follows from it. */
#ifndef CLIENT_RUN_TALLY_H
#define CLIENT_RUN_TALLY_H

#include <stdint.h>

#include "common/status.h"

/* Zeroed memory is a run in which nothing happened. */
struct tally {
	uint64_t stored;    /* or whatever else is success */
	uint64_t unchanged; /* of them: there already */
	uint64_t unremoved; /* of them: their sources could not be removed */
	uint64_t failed;
	uint64_t unconfirmed; /* of the failed: stored by a lost connection? */
	uint64_t skipped;     /* by kind: they do not count */
	uint64_t done;	      /* files, not folders, stored or failed */
	uint64_t bytes;	      /* of the stored among them */
	uint64_t directories; /* that are there: they are no files */
	int shared;	      /* the exit status of the first that failed */
	int differ;	      /* another failed with another one */
	int ended;	      /* what ended the run early, or 0 */
};

/* One source has this status now, for good. */
void tally_count(struct tally *tally, enum status status);

/*
 * The run ended with this status before all its sources had one.  It decides
 * if it says that the run ended early; otherwise it is that of the rest.
 */
void tally_end(struct tally *tally, enum status status);

/* Source: ftx(1), EXIT STATUS. */
int tally_exit(const struct tally *tally);

#endif
