/* SPDX-License-Identifier: ISC */
/* Signals as flags, which the handler sets and the main loop reads. */
#ifndef SERVER_SHARED_SIGNALS_H
#define SERVER_SHARED_SIGNALS_H

#include "common/io.h"

/*
 * Ignore signals that must not end or stop a server, handle TERM, INT, QUIT,
 * HUP, USR1 and CHLD, and block all.  Signals then arrive only in signals_wait,
 * or after signals_unblock.
 */
void signals_init(void);

/* Wait for a signal or the deadline.  Returns 0, or -1 with errno. */
int signals_wait(io_time deadline);

/* Clear all flags, in a child: the signals were sent to its parent. */
void signals_clear(void);

/* Restore the default actions, in a child. */
void signals_default(void);

/* Let signals arrive at any time. */
void signals_unblock(void);

/* Nonzero if this signal has arrived. */
int signals_pending(int signal);

/* The same, and clear its flag. */
int signals_consume(int signal);

#endif
