/* SPDX-License-Identifier: ISC */
/* Run as a daemon; the command returns once the daemon is ready. */
#ifndef SERVER_PROCESS_BACKGROUND_H
#define SERVER_PROCESS_BACKGROUND_H

/*
 * Fork, and return in a child with its own session (setsid(2)).  The parent
 * waits.  When the child calls background_ready, the parent exits with 0.  If
 * the child ends first, the parent exits with its status, or 1 after a signal.
 * Returns a descriptor for background_ready, or -1 with errno.
 */
int background_begin(void);

/*
 * Redirect descriptors 0, 1 and 2 to /dev/null.  Returns 0, or -1 with errno.
 */
int background_detach(void);

/*
 * Call background_detach, let the parent exit, and close lifeline, the result
 * of background_begin.  Returns 0, or -1 with errno.
 */
int background_ready(int lifeline);

#endif
