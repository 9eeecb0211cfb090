/* SPDX-License-Identifier: ISC */
/* Run work in a child process while the parent calls keepalive. */
#ifndef SERVER_SHARED_CHILD_H
#define SERVER_SHARED_CHILD_H

#include "server/shared/keepalive.h"

/*
 * Run work in a child.  The child inherits no fcntl(2) locks: it may test any
 * lock, and if it closes a file, the parent keeps its lock.  Meanwhile call
 * keepalive, which may be NULL, ten times a second.  If it returns nonzero,
 * kill the child.  Returns the result of work, 0 to 255, or -1 if the child was
 * killed or could not be started.
 */
int child_run(int (*work)(void *argument), void *argument,
    const struct keepalive *keepalive);

#endif
