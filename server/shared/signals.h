/* SPDX-License-Identifier: ISC */
/* Signal flags: the handler sets them, the main loop reads them. */
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

/* In a child: clear all flags, because the signals were sent to its parent. */
void signals_clear(void);

/* In a child: restore the default actions. */
void signals_default(void);

/* Let signals arrive at any time. */
void signals_unblock(void);

/* Nonzero if this signal has arrived. */
int signals_pending(int signal);

/* Return the same as signals_pending, and clear the flag. */
int signals_consume(int signal);

#endif
