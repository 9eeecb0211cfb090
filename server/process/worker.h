/* SPDX-License-Identifier: ISC */
/* A worker process: accepts and serves one connection after another. */
#ifndef SERVER_PROCESS_WORKER_H
#define SERVER_PROCESS_WORKER_H

#include <stddef.h>
#include <sys/types.h>

#include "server/process/access.h"
#include "server/process/listener.h"
#include "server/settings/options.h"
#include "server/shared/scoreboard.h"
#include "server/store/store.h"

/* The exit status of a worker.  Any other value is a crash. */
enum worker_exit {
	WORKER_DONE = 0,
	WORKER_SICK = 3,  /* out of memory or descriptors, or a sync failed */
	WORKER_FATAL = 4, /* a listening socket failed; all workers share it */
	WORKER_UNSTAGED = 5, /* the staging directory was removed */
	WORKER_CUT = 6	     /* the stop cut a transfer */
};

/* The pointers are not owned. */
struct worker {
	const struct options *options;
	const struct access *access;
	struct store *store;
	struct scoreboard *board;
	size_t slot;
	struct listeners *listeners;
	pid_t master;
};

/*
 * Serve connections in a child that starts with all signals blocked.  Exit
 * after max-connections, or at
 *   SIGHUP   after the current connection, without a time limit;
 *   SIGTERM  after the current file, within drain-timeout;
 *   SIGINT, SIGQUIT  at once.
 * If the master ends, the worker acts as at SIGTERM.  At each of these it
 * closes the listening sockets.
 */
_Noreturn void worker_run(struct worker *worker);

#endif
