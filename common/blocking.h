/* SPDX-License-Identifier: ISC */
/* Calls that may block for long, and a second thread that acts meanwhile. */
#ifndef COMMON_BLOCKING_H
#define COMMON_BLOCKING_H

#include "common/io.h"

/*
 * A call on a network or FUSE file system may block without limit.  The main
 * thread marks these calls, and holds a lock outside of them.  Every
 * BLOCKING_TICK milliseconds the second thread checks whether the main thread
 * is still in a marked call of the same turn.  If so, it locks and acts; the
 * main thread waits for the lock when its call returns.  If no second thread
 * runs, the marks do nothing.  Uncontended marks make no system call.
 */
#define BLOCKING_TICK 100

/*
 * Act in the second thread, without blocking.  about is the name of the call,
 * as set by blocking_enter or blocking_about.  The turn began at since or
 * before.
 */
typedef void blocking_act(void *context, const char *about, io_time since);

/*
 * Start the second thread, which receives no signals.  Returns 0, or -1 with
 * errno.  blocking_unwatch stops the thread and waits until it has ended.
 */
int blocking_watch(blocking_act *act, void *context);
void blocking_unwatch(void);

/* Begin a new turn, and restart the time that its calls may block. */
void blocking_turn(void);

/*
 * Set the name of calls whose blocking_enter gets NULL; "" is no name.  The
 * caller owns the text, and keeps it until it sets another.
 */
void blocking_about(const char *name);

/*
 * Mark the beginning and the end of a call.  Nested pairs do nothing.  about,
 * unless NULL, is the name of this call.  Both preserve errno.
 */
void blocking_enter(const char *about);
void blocking_leave(void);

/* close(2) as a marked call. */
int blocking_close(int fd);

#endif
