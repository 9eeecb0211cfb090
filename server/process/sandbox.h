/* SPDX-License-Identifier: ISC */
/* Restrict the processes that talk to clients, in case one is exploited. */
#ifndef SERVER_PROCESS_SANDBOX_H
#define SERVER_PROCESS_SANDBOX_H

#include "server/store/store.h"

/*
 * Bounds of the limit on descriptors.  The lower one covers the directories and
 * files that a worker holds at most.  The upper one stops a worker that leaks
 * descriptors before it affects other processes.
 */
#define SANDBOX_FILES_LEAST 256
#define SANDBOX_FILES_MOST 1024

/*
 * For this process and its future children: disable core files, which would
 * contain data of clients, and bring the limit on descriptors into the bounds
 * above, as far as the hard limit allows.  Failures are logged.
 */
void sandbox_set_limits(void);

/*
 * Find out, in a child, which parts of the sandbox this system enforces.
 * Returns a sum of enum os_sandbox, and logs it.
 */
unsigned sandbox_probe(const struct store *store);

/*
 * Restrict this process and its future children to the receiving directory and
 * the open descriptors; see os_sandbox_enter.  required is the result of
 * sandbox_probe.  Returns 0; or -1, logged, if a required part is missing.
 */
int sandbox_enter(const struct store *store, unsigned required);

#endif
