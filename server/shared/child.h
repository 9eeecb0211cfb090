/* SPDX-License-Identifier: ISC */
/* Work that is done in a child, while its parent can still act. */
#ifndef SERVER_SHARED_CHILD_H
#define SERVER_SHARED_CHILD_H

#include "server/shared/hash.h"

/*
 * Do the work in a child.  The child may test any lock, because it holds none
 * that it could lose.  Meanwhile the tick, which may be NULL, is called ten
 * times a second; if it returns nonzero, the child is killed.  Returns what
 * work returns, 0 to 255, or -1 if the child was killed or could not be
 * started.
 */
int child_run(
    int (*work)(void *argument), void *argument, const struct tick *tick);

#endif
