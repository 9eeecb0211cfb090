/* SPDX-License-Identifier: ISC */
/* What was abandoned in the staging folder. */
#ifndef SERVER_SWEEP_H
#define SERVER_SWEEP_H

#include "server/store.h"

/*
 * Of what is this host's own (see store_is_own), remove what no process holds,
 * but for partials that are large and not older
 * than partial_ttl.  To be called in a process that holds no staged file: it
 * would lose the lock.  Returns the number of files removed, or -1 with errno.
 */
int sweep_abandoned(const struct store *store);

/*
 * Remove partials that no process holds, the oldest first, until so many bytes
 * fit.  May be called by a process that holds staged files.
 */
void sweep_for_space(const struct store *store, uint64_t bytes);

#endif
