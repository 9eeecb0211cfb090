/* SPDX-License-Identifier: ISC */
/* What ftxd gives up, so that a mistake in it, once found, is of little use. */
#ifndef SERVER_PROCESS_SANDBOX_H
#define SERVER_PROCESS_SANDBOX_H

#include "server/store/store.h"

/*
 * So many descriptors are enough for a worker with the most directories and
 * files that it holds at once; and with so many, one that leaks them meets the
 * limit before it harms others.
 */
#define SANDBOX_FILES_LEAST 256
#define SANDBOX_FILES_MOST 1024

/*
 * For this process and all that it forks: no core file, which would hold what
 * clients sent, and the limits above on descriptors, as far as the hard limit
 * allows.  What fails is logged.
 */
void sandbox_limit(void);

/*
 * What sandbox_enter can do here: tried by a child, which it may cost its life.
 * Logs it.
 */
unsigned sandbox_try(const struct store *store);

/*
 * For this process and all that it forks: let go of everything but the
 * receiving directory and the descriptors that are open; see os_confine.
 * Returns 0, or -1, logged, if anything of what sandbox_try found is missing.
 */
int sandbox_enter(const struct store *store, unsigned guards);

#endif
