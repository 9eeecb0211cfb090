/* SPDX-License-Identifier: ISC */
/* The signals that end a run, and the one that asks how far it is. */
#ifndef CLIENT_SHARED_INTERRUPT_H
#define CLIENT_SHARED_INTERRUPT_H

/*
 * From now on SIGINT, SIGTERM and SIGHUP are only noted, unless they were
 * ignored before.
 */
void interrupt_catch(void);

/* From now on SIGUSR1 is only noted, and wakes what waits; SIGPIPE is ignored.
 */
void interrupt_listen(void);

/*
 * For the second thread, which blocks all signals: note those that the first
 * cannot take now, because it is in a call that signals do not interrupt.
 */
void interrupt_accept(void);

/* Nonzero if it came since this was last asked. */
int interrupt_asked(void);

/* The signal that was noted, or 0. */
int interrupt_caught(void);

/* End this process by that signal, as if it had never been caught. */
void interrupt_raise(int signal_number);

#endif
