/* SPDX-License-Identifier: ISC */
/* The master process: forks, supervises and replaces the workers. */
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

/* The exit status of ftxd; see ftxd(8), EXIT STATUS. */
enum master_exit {
	MASTER_CLEAN = 0,
	MASTER_OTHER = 1,
	MASTER_USAGE = 2,
	MASTER_LISTEN = 3,
	MASTER_DIRECTORY = 4,
	MASTER_DYING = 5,
	MASTER_CUT = 6
};

/* During a reload, old and new workers run; one slot is for other children. */
#define MASTER_SLOTS (2 * OPTIONS_WORKERS_MAX + 1)

/* Descriptors that children close: the pid file and the lifeline. */
#define MASTER_PRIVATE 2

/* The caller sets the members up to private_descriptors and zeroes the rest. */
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
	unsigned sandbox;    /* see sandbox_probe */
	unsigned generation; /* raised to replace all workers */
	pid_t pid;
	io_time sweep_at;
	io_time reload_from; /* no reload before: at most one a second */
	int reload_wanted;
	int staging_gone;      /* a worker reported it */
	io_time recreate_from; /* not before: at most once a second */
	io_time check_at;
	enum place place;      /* the result of the last check */
	enum child_stage stop; /* CHILD_RUNS, CHILD_DRAINS, CHILD_IS_CUT */
	int fatal;	       /* stop with MASTER_DYING */
	int cut;	       /* a transfer was cut */
};

/*
 * Set up the signals and fork the first workers.  Returns 0, or -1 with errno.
 */
int master_start(struct master *master);

/*
 * Supervise the workers until a signal stops the master:
 *   SIGTERM  stop listening and drain; a second one acts as SIGINT;
 *   SIGINT, SIGQUIT  stop at once and cut all transfers;
 *   SIGHUP   reload the settings, start new workers, then retire the old ones;
 *   SIGUSR1  log what each worker does.
 * If a worker ends, replace it at once, or after the throttle's delay.  Returns
 *   MASTER_CLEAN  if the stop cut no transfer;
 *   MASTER_CUT    if the stop cut a transfer, or a worker crashed or was killed
 *                 during the stop;
 *   MASTER_DYING  if a listening socket failed, or the last worker ended after
 *                 THROTTLE_GIVE_UP longest delays in a row.
 */
enum master_exit master_run(struct master *master);

#endif
