/* SPDX-License-Identifier: ISC */
/* One run: the state that all its connections share. */
#ifndef CLIENT_RUN_RUN_H
#define CLIENT_RUN_RUN_H

#include "client/display/meter.h"
#include "client/run/rate.h"
#include "client/run/remote.h"
#include "client/run/removal.h"
#include "client/run/report.h"
#include "client/run/request.h"
#include "client/sources/directories.h"
#include "client/sources/queue.h"

struct run {
	const struct options *options; /* not owned */
	struct remote remote;
	struct queue queue;		/* sources without a request yet */
	struct directories directories; /* with contents without a result */
	struct requests again; /* left by connections without a result */
	struct rate rate;
	struct report report;
	struct removal removal;
	size_t streams; /* connections at once */
	int input;	/* the only source is standard input */
	int spent;	/* part of that input was sent, and cannot be reread */
};

/*
 * The run refers to itself, so it must not move.  options, target and paths are
 * not copied.  Returns 0, or -1 with errno if there is no memory.  Even then,
 * call run_release.
 */
int run_init(struct run *run, const struct options *options,
    const struct target *target, char *const *paths, size_t count);
void run_release(struct run *run);

/* Nonzero if no work is left that a connection could begin now. */
int run_is_exhausted(const struct run *run);

/*
 * Nonzero if several connections share the work.  Then each must leave work for
 * the others.
 */
int run_is_shared(const struct run *run);

/*
 * What to show while a connection works on this request.  If request is NULL,
 * it works on none.
 */
struct meter run_meter(const struct run *run, const struct request *request,
    enum meter_state state);

/*
 * The same for a connection that waits.  why is the reason, such as
 * "connecting"; since is when the wait began.
 */
struct meter run_meter_waiting(
    const struct run *run, const char *why, io_time since);

#endif
