/* SPDX-License-Identifier: ISC */
/* The master process: forks, supervises and replaces the workers. */
#include "server/process/master.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "server/process/background.h"
#include "server/process/configure.h"
#include "server/process/report.h"
#include "server/process/sandbox.h"
#include "server/process/worker.h"
#include "server/shared/signals.h"
#include "server/store/sender.h"
#include "server/store/space.h"
#include "server/store/sweep.h"

/* Milliseconds. */
#define SWEEP_INTERVAL 3600000
#define SWEEP_RETRY 60000
#define RELOAD_INTERVAL 1000
#define CHECK_INTERVAL 60000

/*
 * In a child: close the master's private descriptors, with -B detach from the
 * terminal, and enter the sandbox.
 */
static void
begin_child(const struct master *master)
{
	for (int i = 0; i < MASTER_PRIVATE; i++)
		if (master->private_descriptors[i] != -1)
			close(master->private_descriptors[i]);
	if (master->options->background && background_detach() != 0)
		log_warn(
		    "cannot detach from the terminal: %s", strerror(errno));
	if (sandbox_enter(master->store, master->sandbox) != 0)
		_exit(WORKER_SICK);
}

static _Noreturn void
become_worker(struct master *master, size_t slot)
{
	struct worker worker = {.options = master->options,
	    .access = master->access,
	    .store = master->store,
	    .board = &master->board,
	    .slot = slot,
	    .listeners = master->listeners,
	    .master = master->pid};

	begin_child(master);
	worker_run(&worker);
}

/* In a child that is not a worker: let the first stop signal end it. */
static void
become_helper(struct master *master)
{
	begin_child(master);
	listener_close(master->listeners);
	signals_default();
	signals_unblock();
}

/*
 * Check the path of the receiving directory.  If several checks in a row fail,
 * log only the first failure.
 */
static enum place
check_place(const struct master *master)
{
	const struct store *store = master->store;
	enum place place = place_check(store->path, store->root);

	if (place == PLACE_UNKNOWN && master->place != PLACE_UNKNOWN)
		log_warn("cannot check that %s is still the receiving "
			 "directory: %s",
		    store->path, strerror(errno));
	return place;
}

static _Noreturn void
become_check(struct master *master)
{
	become_helper(master);
	_exit((int)check_place(master));
}

static _Noreturn void
become_sweep(struct master *master)
{
	int removed;

	become_helper(master);
	removed = sweep_abandoned(master->store);
	if (removed == -1)
		log_warn(
		    "cannot sweep the staging directory: %s", strerror(errno));
	else if (removed > 0)
		log_info(
		    "removed %d abandoned file%s from the staging directory",
		    removed, removed == 1 ? "" : "s");
	_exit(removed == -1 ? WORKER_SICK : WORKER_DONE);
}

/* Returns 0, or -1 with errno. */
static int
spawn(struct master *master, enum child_kind kind)
{
	struct child *child = children_find_free(&master->children);
	size_t slot;
	pid_t pid;

	if (child == NULL) {
		errno = EAGAIN;
		return -1;
	}
	slot = (size_t)(child - master->children.slots);
	pid = fork();
	if (pid == -1)
		return -1;
	if (pid == 0 && kind == CHILD_WORKER)
		become_worker(master, slot);
	if (pid == 0 && kind == CHILD_CHECK)
		become_check(master);
	if (pid == 0)
		become_sweep(master);
	child->kind = kind;
	child->generation = master->generation;
	child->drain_timeout = master->options->drain_timeout;
	child_start(child, pid, io_now());
	return 0;
}

/* Start missing workers.  When all run, retire those of older generations. */
static void
start_workers(struct master *master)
{
	struct children *children = &master->children;
	io_time now = io_now();
	size_t running = children_count_running(children, master->generation);

	while (running < master->options->workers &&
	    throttle_allows(&master->throttle, now) &&
	    children_find_free(children) != NULL) {
		if (spawn(master, CHILD_WORKER) == -1) {
			throttle_raise(&master->throttle, now);
			log_error("cannot start a worker: %s; next attempt in "
				  "%jd s",
			    strerror(errno),
			    (intmax_t)master->throttle.delay / 1000);
			return;
		}
		running++;
	}
	if (running >= master->options->workers ||
	    children_find_free(children) == NULL)
		children_retire_others(children, master->generation, now);
}

/* Sweep again after SWEEP_RETRY at the latest. */
static void
retry_sweep(struct master *master)
{
	io_time soon = io_now() + SWEEP_RETRY;

	if (master->sweep_at > soon)
		master->sweep_at = soon;
}

/* Start a sweep if it is due and none is running. */
static void
start_sweep(struct master *master)
{
	io_time now = io_now();

	if (now < master->sweep_at ||
	    children_count(&master->children, CHILD_SWEEP) > 0)
		return;
	master->sweep_at = now + SWEEP_INTERVAL;
	if (spawn(master, CHILD_SWEEP) == -1) {
		log_warn("cannot start a sweep: %s", strerror(errno));
		retry_sweep(master);
	}
}

/*
 * Store the result of a check, log a change, and set the workers' flag.  If the
 * result is PLACE_UNKNOWN, leave the flag unchanged.
 */
static void
set_place(struct master *master, enum place place)
{
	const char *path = master->store->path;

	if (place == PLACE_REPLACED && master->place != PLACE_REPLACED)
		log_error("receiving directory was replaced or covered: %s: "
			  "refusing every request until it is back",
		    path);
	if (place == PLACE_SAME && master->place == PLACE_REPLACED)
		log_info("%s is the receiving directory again", path);
	master->place = place;
	if (place != PLACE_UNKNOWN)
		atomic_store(&master->board.flags->replaced,
		    place == PLACE_REPLACED ? 1 : 0);
}

/*
 * Start a check of the receiving directory if it is due and none is running.
 * It runs in a child, so that a hung network file system does not block the
 * master.
 */
static void
start_check(struct master *master)
{
	io_time now = io_now();

	if (now < master->check_at ||
	    children_count(&master->children, CHILD_CHECK) > 0)
		return;
	master->check_at = now + CHECK_INTERVAL;
	if (spawn(master, CHILD_CHECK) == -1)
		log_warn("cannot start a check of the receiving directory: %s",
		    strerror(errno));
}

/*
 * Throttle the replacement of a worker that ended abnormally, or without a stop
 * signal.
 */
static void
throttle_replacement(struct master *master, int abnormal, int64_t age)
{
	struct throttle *throttle = &master->throttle;
	io_time now = io_now(), until = throttle->until;

	/* With max-connections, a worker may end early, as configured. */
	if (!abnormal && master->options->max_connections != 0)
		return;
	throttle_add_death(throttle, now, age, master->options->workers);
	if (throttle->until == until)
		return;
	log_warn("workers keep dying: the next one starts in %jd s",
	    (intmax_t)throttle->delay / 1000);
	if (throttle->longest >= THROTTLE_GIVE_UP &&
	    children_count(&master->children, CHILD_WORKER) == 0)
		master->fatal = 1;
}

/* Clear every free slot: a compromised worker may write to any slot. */
static void
clear_free_slots(struct master *master)
{
	for (size_t i = 0; i < master->children.count; i++)
		if (master->children.slots[i].pid == 0)
			scoreboard_clear(&master->board, i);
}

/* worker is a copy of its slot, which is already free. */
static void
handle_worker_exit(
    struct master *master, const struct child *worker, int status)
{
	int64_t age = io_now() - worker->started;
	int abnormal = report_end(worker, status, age);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	clear_free_slots(master);
	if (code == WORKER_FATAL)
		master->fatal = 1;
	if (code == WORKER_UNSTAGED)
		master->staging_gone = 1;
	if (master->stop != CHILD_RUNS) {
		if (abnormal || code == WORKER_CUT)
			master->cut = 1;
		return;
	}
	/* After an abnormal end, a staged file may remain. */
	if (abnormal)
		master->sweep_at = io_now();
	if (abnormal || worker->stage == CHILD_RUNS)
		throttle_replacement(master, abnormal, age);
}

static void
handle_exit(struct master *master, struct child *slot, int status)
{
	const struct child child = *slot;

	slot->pid = 0;
	switch (child.kind) {
	case CHILD_WORKER:
		handle_worker_exit(master, &child, status);
		break;
	case CHILD_SWEEP:
		if (report_end(&child, status, io_now() - child.started))
			retry_sweep(master);
		break;
	case CHILD_CHECK:
		if (WIFEXITED(status) && WEXITSTATUS(status) <= PLACE_UNKNOWN)
			set_place(master, (enum place)WEXITSTATUS(status));
		break;
	}
}

/* The system may send one SIGCHLD for several children. */
static void
reap(struct master *master)
{
	struct child *child;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* If the master is process 1, it also reaps orphans. */
		child = children_find(&master->children, pid);
		if (child != NULL)
			handle_exit(master, child, status);
	}
}

static void
stop(struct master *master, enum child_stage stage)
{
	if (master->stop >= stage)
		return;
	log_info(stage == CHILD_DRAINS ? "stopping: finishing transfers"
				       : "stopping now: cutting transfers");
	master->stop = stage;
	/* Signal first, so that workers expect the failure of accept(). */
	children_stop(&master->children, stage, io_now());
	listener_shut(master->listeners);
}

/*
 * If the staging directory was removed, create and open it again.  If the path
 * of the receiving directory leads elsewhere, keep the open directories.
 * Returns 0, or -1, logged.
 */
static int
reopen_staging(struct master *master)
{
	struct outcome outcome;

	if (master->place == PLACE_REPLACED) {
		log_warn(
		    "keeping the open receiving directory: %s no longer leads "
		    "to it",
		    master->store->path);
		return -1;
	}
	if (store_reenter(master->store, &outcome) == -1) {
		log_error(
		    "keeping the open staging directory: %s", outcome.text);
		return -1;
	}
	sender_learn_secret(master->store);
	return 0;
}

/*
 * If a worker reported that the staging directory was removed, create it again
 * and replace all workers.
 */
static void
recreate_staging(struct master *master)
{
	io_time now = io_now();

	if (!master->staging_gone || now < master->recreate_from)
		return;
	master->staging_gone = 0;
	master->recreate_from = now + RELOAD_INTERVAL;
	if (!store_staging_is_gone(master->store))
		return;
	set_place(master, check_place(master));
	if (reopen_staging(master) == -1)
		return;
	master->generation++;
	log_warn("staging directory was removed: created it again, replacing "
		 "all workers");
}

static void
reload(struct master *master)
{
	io_time now = io_now();

	if (!master->reload_wanted || now < master->reload_from)
		return;
	master->reload_wanted = 0;
	master->reload_from = now + RELOAD_INTERVAL;
	set_place(master, check_place(master));
	if (configure_reload(master->options, master->access, master->argc,
		master->argv) != 0)
		return;
	configure_store(
	    master->store, master->options, master->inherited_umask);
	(void)reopen_staging(master);
	master->generation++;
	log_info("settings reloaded: replacing all workers");
}

static void
handle_signals(struct master *master)
{
	if (signals_consume(SIGTERM))
		stop(master,
		    master->stop == CHILD_RUNS ? CHILD_DRAINS : CHILD_IS_CUT);
	if (signals_consume(SIGINT) || signals_consume(SIGQUIT))
		stop(master, CHILD_IS_CUT);
	if (signals_consume(SIGUSR1))
		report_workers(&master->children, &master->board);
	if (signals_consume(SIGHUP) && master->stop == CHILD_RUNS)
		master->reload_wanted = 1;
	signals_consume(SIGCHLD);
}

/* Returns when the master must act next, even without a signal. */
static io_time
next_due(const struct master *master)
{
	io_time due = children_next_signal(&master->children);
	size_t running =
	    children_count_running(&master->children, master->generation);

	if (master->stop != CHILD_RUNS)
		return due;
	if (master->reload_wanted && master->reload_from < due)
		due = master->reload_from;
	if (running < master->options->workers &&
	    children_find_free(&master->children) != NULL &&
	    master->throttle.until < due)
		due = master->throttle.until;
	if (master->staging_gone && master->recreate_from < due)
		due = master->recreate_from;
	if (master->check_at < due &&
	    children_count(&master->children, CHILD_CHECK) == 0)
		due = master->check_at;
	if (master->sweep_at < due &&
	    children_count(&master->children, CHILD_SWEEP) == 0)
		due = master->sweep_at;
	return due;
}

/* Returns 0 if the master stops and all workers and sweeps have ended. */
static int
step(struct master *master)
{
	handle_signals(master);
	reap(master);
	if (master->fatal)
		stop(master, CHILD_DRAINS);
	if (master->stop == CHILD_RUNS) {
		reload(master);
		recreate_staging(master);
		start_workers(master);
		start_sweep(master);
		start_check(master);
	}
	children_signal(&master->children, io_now());
	return master->stop == CHILD_RUNS ||
	    children_count(&master->children, CHILD_WORKER) > 0 ||
	    children_count(&master->children, CHILD_SWEEP) > 0;
}

int
master_start(struct master *master)
{
	if (children_init(&master->children, MASTER_SLOTS) != 0)
		return -1;
	if (scoreboard_init(&master->board, MASTER_SLOTS) != 0) {
		children_release(&master->children);
		return -1;
	}
	master->pid = getpid();
	master->check_at = io_now() + CHECK_INTERVAL;
	master->store->replaced = &master->board.flags->replaced;
	configure_store(
	    master->store, master->options, master->inherited_umask);
	space_share_sync();
	signals_init();
	master->sandbox = sandbox_probe(master->store);
	start_workers(master);
	return 0;
}

enum master_exit
master_run(struct master *master)
{
	while (step(master))
		if (signals_wait(next_due(master)) != 0) {
			log_error(
			    "cannot wait for signals: %s", strerror(errno));
			stop(master, CHILD_DRAINS);
		}
	children_release(&master->children);
	if (master->fatal)
		return MASTER_DYING;
	return master->cut ? MASTER_CUT : MASTER_CLEAN;
}
