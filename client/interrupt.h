/* SPDX-License-Identifier: ISC */
/* The signals that end a run. */
#ifndef CLIENT_INTERRUPT_H
#define CLIENT_INTERRUPT_H

/*
 * From now on SIGINT, SIGTERM and SIGHUP are only noted, unless they were
 * ignored before, and SIGPIPE is ignored.
 */
void interrupt_catch(void);

/* The signal that was noted, or 0. */
int interrupt_caught(void);

/* End this process by that signal, as if it had never been caught. */
void interrupt_raise(int signal_number);

#endif
