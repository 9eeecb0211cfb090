/* SPDX-License-Identifier: ISC */
/* Signals: those that end a run, and SIGUSR1 for its progress. */
#ifndef CLIENT_SHARED_INTERRUPT_H
#define CLIENT_SHARED_INTERRUPT_H

/*
 * From now on, SIGINT, SIGTERM and SIGHUP only set a flag, unless they were
 * ignored before.
 */
void interrupt_catch(void);

/* From now on, ignore SIGPIPE; SIGUSR1 sets a flag and interrupts poll(). */
void interrupt_listen(void);

/*
 * For the second thread, which blocks all signals: set the flags for pending
 * signals.  The first thread cannot: it is in a call that no signal interrupts.
 */
void interrupt_accept(void);

/* Nonzero if SIGUSR1 came since the last call. */
int interrupt_asked(void);

/* The signal that ends the run, or 0. */
int interrupt_caught(void);

/* End this process by the signal, with its default action. */
void interrupt_raise(int signal_number);

#endif
