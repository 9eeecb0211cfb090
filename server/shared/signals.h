/* SPDX-License-Identifier: ISC */
/* Signals as flags: a handler notes that one came, and does nothing else. */
#ifndef SERVER_SHARED_SIGNALS_H
#define SERVER_SHARED_SIGNALS_H

#include "common/io.h"

/*
 * Ignore what must not end a server or stop it, note TERM, INT, QUIT, HUP,
 * USR1 and CHLD, and block all signals: from here on they come in only in
 * signals_wait, or after signals_unblock.
 */
void signals_hold(void);

/* Wait for a signal, or the deadline.  Returns 0, or -1 with errno. */
int signals_wait(io_time deadline);

/* In a child: what came was meant for its parent. */
void signals_forget(void);

/* In a child: have all signals end it as they do by default. */
void signals_default(void);

/* Let signals come in at any time. */
void signals_unblock(void);

/* Nonzero if this signal has come. */
int signals_came(int signal);

/* The same, and forget it. */
int signals_take(int signal);

#endif
