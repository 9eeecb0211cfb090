/* SPDX-License-Identifier: ISC */
/* Report how a run ended: all results counted, and each file without one. */
#ifndef CLIENT_RUN_SUMMARY_H
#define CLIENT_RUN_SUMMARY_H

#include "client/run/run.h"
#include "common/status.h"

/* These require that all connections have ended. */

/* The run ended early by this outcome. */
void summary_end(struct run *run, const struct outcome *outcome);

/* A signal ended the run. */
void summary_interrupted(struct run *run);

/* No server would accept the target, so no connection was made. */
void summary_bad_target(struct run *run, const char *reason);

/*
 * Print the last line for programs, if they get one.  Returns the exit status,
 * which is this one unless writing such a line failed.
 */
int summary_exit(struct run *run, int status);

#endif
