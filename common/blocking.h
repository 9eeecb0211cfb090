/* SPDX-License-Identifier: ISC */
/* Calls that may block for long, and a second thread that acts meanwhile. */
#ifndef COMMON_BLOCKING_H
#define COMMON_BLOCKING_H

#include "common/io.h"

/*
 * A file on a network or FUSE file system may block in any call, without limit.
 * The first thread marks these calls, and holds a lock at all other times.
 * Every BLOCKING_TICK milliseconds the second thread checks whether the first
 * is inside such a call, and has begun no new turn since the last check.  If
 * so, it takes the lock and acts; the first waits for it when its call returns.
 * Without a second thread the marks do nothing; otherwise they cost no system
 * call.
 */
#define BLOCKING_TICK 100

/*
 * Act in the second thread, without blocking; the first may be at any of its
 * marks.  about is what blocks, as the first has said.  The turn of the first
 * has lasted at least since that time.
 */
typedef void blocking_act(void *context, const char *about, io_time since);

/*
 * Start the second thread, which gets no signals.  Returns 0, or -1 with errno;
 * then nobody acts.  blocking_unwatch stops it, and returns when it has ended.
 */
int blocking_watch(blocking_act *act, void *context);
void blocking_unwatch(void);

/* Begin a new turn: the time for which a call blocks counts from here. */
void blocking_turn(void);

/*
 * Say what later calls are about, if blocking_enter does not say it.  It holds
 * until the next name is given; "" means nothing.  The caller keeps the text.
 */
void blocking_about(const char *name);

/*
 * Mark the beginning and the end of a call.  Pairs inside a pair do nothing.
 * about, unless NULL, holds until the outer pair ends.  Both keep errno.
 */
void blocking_enter(const char *about);
void blocking_leave(void);

/* close(2), marked as such a call. */
int blocking_close(int fd);

#endif
