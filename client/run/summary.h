/* SPDX-License-Identifier: ISC */
/* Report how a run ended: all results counted, and each file without one. */
#ifndef CLIENT_RUN_SUMMARY_H
#define CLIENT_RUN_SUMMARY_H

#include "client/run/run.h"
#include "common/status.h"

/* Call these when all connections have returned their requests to the run. */

/* The run ended early with this outcome. */
void summary_end(struct run *run, const struct outcome *outcome);

/* A signal ended the run. */
void summary_interrupted(struct run *run);

/* No server would accept the target, so no connection was made. */
void summary_bad_target(struct run *run, const char *reason);

/*
 * Print the last line of JSON, if the user asked for it.  Returns status.  If
 * status is 0 and a line could not be written, returns 1.
 */
int summary_exit(struct run *run, int status);

#endif
