/* SPDX-License-Identifier: ISC */
/* The process that keeps the workers: it forks, reaps, and hands signals on. */
#ifndef SERVER_PROCESS_MASTER_H
#define SERVER_PROCESS_MASTER_H

#include <sys/types.h>

#include "common/io.h"
#include "server/process/access.h"
#include "server/process/children.h"
#include "server/process/listener.h"
#include "server/process/place.h"
#include "server/process/throttle.h"
#include "server/settings/options.h"
#include "server/shared/scoreboard.h"
#include "server/store/store.h"

/* How ftxd ends; see ftxd(8), EXIT STATUS. */
enum master_exit {
	MASTER_CLEAN = 0,
	MASTER_OTHER = 1,
	MASTER_USAGE = 2,
	MASTER_LISTEN = 3,
	MASTER_DIRECTORY = 4,
	MASTER_DYING = 5,
	MASTER_CUT = 6
};

/* A full set of workers, and the set that a reload replaces. */
#define MASTER_SLOTS (2 * OPTIONS_WORKERS_MAX + 1)

/* Descriptors that no child may hold: the pid file and the lifeline. */
#define MASTER_PRIVATE 2

/* Fill in the first part, the rest with zeros; then master_start. */
struct master {
	int argc;
	char *const *argv;
	struct options *options;
	struct access *access;
	struct listeners *listeners;
	struct store *store;
	mode_t inherited_umask;
	int private_descriptors[MASTER_PRIVATE]; /* -1: none */

	struct children children;
	struct scoreboard board;
	struct throttle throttle;
	unsigned guards; /* of the workers; see sandbox_try */
	unsigned generation;
	pid_t pid;
	io_time sweep_at;
	io_time
	    reload_from; /* one reload a second, so that they do not pile up */
	int reload_wanted;
	int staging_gone;  /* a worker says so */
	io_time mend_from; /* once a second, as above */
	io_time look_at;
	enum place place;      /* as it was seen last */
	enum child_stage stop; /* CHILD_RUNS, CHILD_DRAINS, CHILD_IS_CUT */
	int fatal, cut;
};

/*
 * Take over the signals and fork the first workers.  Returns 0, or -1 with
 * errno.
 */
int master_start(struct master *master);

/*
 * Keep the workers until told to stop:
 *   SIGTERM  stop listening and drain; the second time, as SIGINT;
 *   SIGINT, SIGQUIT  stop now, whatever is under way;
 *   SIGHUP   read the settings again; new workers first, then the old retire;
 *   SIGUSR1  log what each worker is doing.
 * A worker that ends is replaced at once, or after the throttle's delay.
 * Returns MASTER_CLEAN; MASTER_CUT if a transfer was cut at the stop, or a
 * worker had to be killed or died then; MASTER_DYING if a worker found the
 * listeners broken, or none lives and the longest delay has been waited out
 * THROTTLE_HOPELESS times in a row.
 */
enum master_exit master_run(struct master *master);

#endif
