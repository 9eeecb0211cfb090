/* SPDX-License-Identifier: ISC */
/* Going to the background, without a word before it has come to something. */
#ifndef SERVER_PROCESS_BACKGROUND_H
#define SERVER_PROCESS_BACKGROUND_H

/*
 * Go on in a child with a session of its own.  The process that was started
 * stays until background_ready, and then ends with 0; if the child ends before,
 * with its status.  Returns, in the child, a descriptor for background_ready,
 * or -1 with errno.
 */
int background_begin(void);

/* Let go of the terminal: what was standard leads nowhere.  0, or -1, errno. */
int background_detach(void);

/*
 * Detach, and let go of whoever waits.  lifeline comes from
 * background_begin and is closed.  Returns 0, or -1 with errno.
 */
int background_ready(int lifeline);

#endif
