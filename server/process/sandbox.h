/* SPDX-License-Identifier: ISC */
/* Restrict the processes that talk to clients, in case one is exploited. */
#ifndef SERVER_PROCESS_SANDBOX_H
#define SERVER_PROCESS_SANDBOX_H

#include "server/store/store.h"

/*
 * Bounds of the limit on descriptors.  A worker never needs more than the lower
 * one.  If a worker leaks descriptors, the upper one stops it before other
 * processes run short.
 */
#define SANDBOX_FILES_LEAST 256
#define SANDBOX_FILES_MOST 1024

/*
 * Limit this process and its future children.  Disable core files, which would
 * contain data of clients.  Bring the limit on descriptors into the bounds
 * above, as far as the hard limit allows.  Failures are logged.
 */
void sandbox_set_limits(void);

/*
 * Enter the sandbox in a child, to learn which parts this system enforces.  Log
 * them, and return them as a sum of enum os_sandbox.
 */
unsigned sandbox_probe(const struct store *store);

/*
 * Restrict this process and its future children to the receiving directory and
 * the open descriptors; see os_sandbox_enter.  required is the result of
 * sandbox_probe, or 0 to accept any.  Returns 0; or -1, logged, if a required
 * part is missing.
 */
int sandbox_enter(const struct store *store, unsigned required);

#endif
