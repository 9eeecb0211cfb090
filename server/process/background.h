/* SPDX-License-Identifier: ISC */
/* Run as a daemon; the command returns once the daemon is ready. */
#ifndef SERVER_PROCESS_BACKGROUND_H
#define SERVER_PROCESS_BACKGROUND_H

/*
 * Fork, and return in a child with its own session (setsid(2)).  The parent
 * waits: it exits with 0 when the child calls background_ready, or with the
 * child's status if the child ends before.  Returns a descriptor for
 * background_ready, or -1 with errno.
 */
int background_begin(void);

/* Redirect descriptors 0, 1 and 2 to /dev/null.  Returns 0, or -1, errno. */
int background_detach(void);

/*
 * Detach, and let the parent exit.  lifeline is the result of background_begin;
 * it is closed.  Returns 0, or -1 with errno.
 */
int background_ready(int lifeline);

#endif
