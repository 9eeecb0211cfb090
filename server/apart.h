/* SPDX-License-Identifier: ISC */
/* Work that is done in a child, while its parent stays awake. */
#ifndef SERVER_APART_H
#define SERVER_APART_H

#include "server/hash.h"

/*
 * Do the work in a child, which may look at any lock: it has none to lose.
 * Meanwhile the tick, which may be NULL, is called ten times a second; if it
 * returns nonzero, the child is killed.  Returns what work returns, which is
 * from 0 to 255; or -1 if it was killed, or if there was no child.
 */
int apart_run(
    int (*work)(void *argument), void *argument, const struct tick *tick);

#endif
