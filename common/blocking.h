/* SPDX-License-Identifier: ISC */
/* Calls that may block for long, and a second thread that acts meanwhile. */
#ifndef COMMON_BLOCKING_H
#define COMMON_BLOCKING_H

#include "common/io.h"

/*
 * A file of a network or of FUSE may block in any call, for as long as it
 * likes.  The thread that works marks these calls; everything else it does
 * holds a lock.  A second thread looks every BLOCKING_TICK milliseconds whether
 * the first is inside of such a call and has not begun a new turn since the
 * last look.  Then it takes the lock and acts; the first waits for it when its
 * call returns.  Where no second thread was started, marks do nothing; else
 * they cost no system call.
 */
#define BLOCKING_TICK 100

/*
 * Act in the second thread, without blocking: the first may be at any of its
 * marks.  about is what blocks, as the first has said; its turn has lasted at
 * least since then.
 */
typedef void blocking_act(void *context, const char *about, io_time since);

/*
 * Start the second thread, which gets no signals; or stop it, which returns
 * when it has ended.  Returns 0, or -1 with errno: then nobody acts.
 */
int blocking_watch(blocking_act *act, void *context);
void blocking_unwatch(void);

/* A turn begins: what blocks is looked for anew. */
void blocking_turn(void);

/*
 * What calls are about that are not told it by blocking_enter; the text stays
 * until the next is given, such as "".
 */
void blocking_about(const char *name);

/*
 * Around a call; pairs within a pair do nothing.  about, unless NULL, stays
 * until the outer pair ends.  Both keep errno.
 */
void blocking_enter(const char *about);
void blocking_leave(void);

/* close(2) between the two. */
int blocking_close(int fd);

#endif
