/* SPDX-License-Identifier: ISC */
/* The accept loop: one connection after the other, until told to stop. */
#ifndef SERVER_PROCESS_WORKER_H
#define SERVER_PROCESS_WORKER_H

#include <stddef.h>
#include <sys/types.h>

#include "server/process/access.h"
#include "server/process/listener.h"
#include "server/settings/options.h"
#include "server/shared/scoreboard.h"
#include "server/store/store.h"

/* What a worker's exit status says to the master; any other is a crash. */
enum worker_exit {
	WORKER_DONE = 0,
	WORKER_SICK = 3,  /* out of memory or descriptors, or a sync failed */
	WORKER_FATAL = 4, /* the listeners are broken: no worker can go on */
	WORKER_UNSTAGED = 5, /* the staging folder is gone: make it again */
	WORKER_CUT = 6	     /* a transfer was cut at a stop */
};

struct worker {
	const struct options *options;
	const struct access *access;
	struct store *store; /* not owned, as all of these */
	struct scoreboard *board;
	size_t slot;
	struct listeners *listeners;
	pid_t master;
};

/*
 * Serve, in a process that the master has just forked with all signals
 * blocked, until max-connections, or one of
 *   SIGHUP   finish the present connection, however long it takes;
 *   SIGTERM  drain: finish the file under way within drain-timeout;
 *   SIGINT, SIGQUIT  end now.
 * Losing the master is as SIGTERM.  From the moment the worker sees any of
 * them it listens no more.
 */
_Noreturn void worker_run(struct worker *worker);

#endif
