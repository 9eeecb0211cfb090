/* SPDX-License-Identifier: ISC */
/* Calls that may block for long, and a second thread that acts meanwhile. */
#ifndef COMMON_BLOCKING_H
#define COMMON_BLOCKING_H

#include "common/io.h"

/*
 * A call on a network or FUSE file system may block without limit.  The main
 * thread marks these calls, and holds a lock outside of them.  It also calls
 * blocking_turn at the start of each pass of its loop.  Every BLOCKING_TICK
 * milliseconds the second thread tries the lock.  If it gets the lock twice in
 * one turn, it calls act.  The main thread waits for the lock when its call
 * returns.  If no second thread runs, the marks do nothing.  Uncontended marks
 * make no system call.
 */
#define BLOCKING_TICK 100

/*
 * The second thread calls this function, which must not block.  about is the
 * name of the call, as set by blocking_enter or blocking_about.  The turn began
 * at since or before.
 */
typedef void blocking_act(void *context, const char *about, io_time since);

/*
 * Start the second thread, which receives no signals.  Returns 0, or -1 with
 * errno.  blocking_unwatch stops the thread and waits until it has ended.
 */
int blocking_watch(blocking_act *act, void *context);
void blocking_unwatch(void);

/* Begin a new turn.  The time for which a call blocks counts from here. */
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
