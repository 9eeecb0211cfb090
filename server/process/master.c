/* SPDX-License-Identifier: ISC */
/* The process that keeps the workers: it forks, reaps, and hands signals on. */
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

#define SWEEP_INTERVAL 3600000
#define SWEEP_RETRY 60000
#define RELOAD_INTERVAL 1000
#define LOOK_INTERVAL 60000

/*
 * What belongs to the master alone, what it lets go of once it is ready, and
 * what it has and a child must not.
 */
static void
leave_master(const struct master *master)
{
	for (int i = 0; i < MASTER_PRIVATE; i++)
		if (master->private_descriptors[i] != -1)
			close(master->private_descriptors[i]);
	if (master->options->background && background_detach() != 0)
		log_warn("leaving the terminal: %s", strerror(errno));
	if (sandbox_enter(master->store, master->guards) != 0)
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

	leave_master(master);
	worker_run(&worker);
}

/* Run a child that serves nobody, and ends at the first signal. */
static void
become_helper(struct master *master)
{
	leave_master(master);
	listener_close(master->listeners);
	signals_default();
	signals_unblock();
}

/* Look where the path leads.  If that fails, the reason is logged once. */
static enum place
look(const struct master *master)
{
	const struct store *store = master->store;
	enum place place = place_look(store->path, store->root);

	if (place == PLACE_UNKNOWN && master->place != PLACE_UNKNOWN)
		log_warn("cannot see whether %s is still the receiving "
			 "directory: %s",
		    store->path, strerror(errno));
	return place;
}

static _Noreturn void
become_look(struct master *master)
{
	become_helper(master);
	_exit((int)look(master));
}

static _Noreturn void
become_sweep(struct master *master)
{
	int removed;

	become_helper(master);
	removed = sweep_abandoned(master->store);
	if (removed == -1)
		log_warn("sweeping the staging folder: %s", strerror(errno));
	else if (removed > 0)
		log_info("swept %d abandoned file%s from the staging folder",
		    removed, removed == 1 ? "" : "s");
	_exit(removed == -1 ? WORKER_SICK : WORKER_DONE);
}

/* Returns 0, or -1 with errno. */
static int
spawn(struct master *master, enum child_kind kind)
{
	struct child *child = children_free(&master->children);
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
	if (pid == 0 && kind == CHILD_LOOK)
		become_look(master);
	if (pid == 0)
		become_sweep(master);
	child->kind = kind;
	child->generation = master->generation;
	child->drain_timeout = master->options->drain_timeout;
	child_begin(child, pid, io_now());
	return 0;
}

/* Start the workers that are missing; the old ones go when all are there. */
static void
fill(struct master *master)
{
	struct children *children = &master->children;
	io_time now = io_now();
	size_t running = children_count_running(children, master->generation);

	while (running < master->options->workers &&
	    throttle_open(&master->throttle, now) &&
	    children_free(children) != NULL) {
		if (spawn(master, CHILD_WORKER) == -1) {
			throttle_step(&master->throttle, now);
			log_error("cannot start a worker: %s; next attempt in "
				  "%jd s",
			    strerror(errno),
			    (intmax_t)master->throttle.delay / 1000);
			return;
		}
		running++;
	}
	if (running >= master->options->workers ||
	    children_free(children) == NULL)
		children_retire_others(children, master->generation, now);
}

/* What is abandoned does not lie there for an hour more. */
static void
sweep_soon(struct master *master)
{
	io_time soon = io_now() + SWEEP_RETRY;

	if (master->sweep_at > soon)
		master->sweep_at = soon;
}

static void
sweep(struct master *master)
{
	io_time now = io_now();

	if (now < master->sweep_at ||
	    children_count(&master->children, CHILD_SWEEP) > 0)
		return;
	master->sweep_at = now + SWEEP_INTERVAL;
	if (spawn(master, CHILD_SWEEP) == -1) {
		log_warn("cannot sweep now: %s", strerror(errno));
		sweep_soon(master);
	}
}

/* If the path cannot be looked at, the last result stays valid. */
static void
note_place(struct master *master, enum place place)
{
	const char *path = master->store->path;

	if (place == PLACE_OTHER && master->place != PLACE_OTHER)
		log_error("receiving directory was replaced or covered: %s: "
			  "every request is refused until it is back",
		    path);
	if (place == PLACE_SAME && master->place == PLACE_OTHER)
		log_info("%s is the receiving directory again", path);
	master->place = place;
	if (place != PLACE_UNKNOWN)
		atomic_store(&master->board.words->replaced,
		    place == PLACE_OTHER ? 1 : 0);
}

/*
 * A child looks, because a file system that does not answer, such as one on a
 * network, must not hold up the master.
 */
static void
look_again(struct master *master)
{
	io_time now = io_now();

	if (now < master->look_at ||
	    children_count(&master->children, CHILD_LOOK) > 0)
		return;
	master->look_at = now + LOOK_INTERVAL;
	if (spawn(master, CHILD_LOOK) == -1)
		log_warn("cannot look at the receiving directory now: %s",
		    strerror(errno));
}

/* Decide when a worker is replaced that was not told to end. */
static void
judge(struct master *master, int abnormal, int64_t age)
{
	struct throttle *throttle = &master->throttle;
	io_time now = io_now(), until = throttle->until;

	if (abnormal)
		master->sweep_at = now;
	/* With max-connections a short life can be a full one. */
	if (!abnormal && master->options->max_connections != 0)
		return;
	throttle_death(throttle, now, age, master->options->workers);
	if (throttle->until == until)
		return;
	log_warn("workers keep dying: the next one starts in %jd s",
	    (intmax_t)throttle->delay / 1000);
	if (throttle->hopeless >= THROTTLE_HOPELESS &&
	    children_count(&master->children, CHILD_WORKER) == 0)
		master->fatal = 1;
}

/* A worker gone bad may have left something in slots that are nobody's. */
static void
clear_slots(struct master *master)
{
	for (size_t i = 0; i < master->children.count; i++)
		if (master->children.slots[i].pid == 0)
			scoreboard_clear(&master->board, i);
}

static void
bury(struct master *master, struct child *child, int status)
{
	int64_t age = io_now() - child->started;
	int told = child->stage != CHILD_RUNS;
	int abnormal;

	if (child->kind == CHILD_LOOK) {
		child->pid = 0;
		if (WIFEXITED(status) && WEXITSTATUS(status) <= PLACE_UNKNOWN)
			note_place(master, (enum place)WEXITSTATUS(status));
		return;
	}
	abnormal = report_end(child, status, age);
	child->pid = 0;
	if (child->kind == CHILD_SWEEP) {
		if (abnormal)
			sweep_soon(master);
		return;
	}
	clear_slots(master);
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_FATAL)
		master->fatal = 1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_UNSTAGED)
		master->staging_gone = 1;
	if (master->stop != CHILD_RUNS) {
		if (abnormal || WEXITSTATUS(status) == WORKER_CUT)
			master->cut = 1;
	} else if (abnormal || !told) {
		judge(master, abnormal, age);
	}
}

/* One SIGCHLD can stand for many children. */
static void
reap(struct master *master)
{
	struct child *child;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* As process 1 it also inherits those of others. */
		child = children_find(&master->children, pid);
		if (child != NULL)
			bury(master, child, status);
	}
}

static void
stop(struct master *master, enum child_stage stage)
{
	if (master->stop >= stage)
		return;
	log_info(stage == CHILD_DRAINS ? "stopping: transfers are finished"
				       : "stopping now: transfers are cut");
	master->stop = stage;
	/* First the signals: a worker must know why it cannot accept. */
	children_stop(&master->children, stage, io_now());
	listener_shut(master->listeners);
}

/*
 * Make the staging folder again if it was removed.  If the path no longer leads
 * to the receiving directory, nothing changes.  Returns 0, or -1, logged.
 */
static int
reopen_staging(struct master *master)
{
	struct outcome outcome;

	if (master->place == PLACE_OTHER) {
		log_warn(
		    "the receiving directory stays as it was: %s no longer "
		    "leads to it",
		    master->store->path);
		return -1;
	}
	if (store_reenter(master->store, &outcome) == -1) {
		log_error(
		    "the staging folder stays as it was: %s", outcome.text);
		return -1;
	}
	sender_learn_secret(master->store);
	return 0;
}

/* A worker found the staging folder gone; others may not have seen it yet. */
static void
mend_staging(struct master *master)
{
	io_time now = io_now();

	if (!master->staging_gone || now < master->mend_from)
		return;
	master->staging_gone = 0;
	master->mend_from = now + RELOAD_INTERVAL;
	if (!store_staging_is_gone(master->store))
		return;
	note_place(master, look(master));
	if (reopen_staging(master) == -1)
		return;
	master->generation++;
	log_warn("the staging folder was removed: made it again, new workers "
		 "take over");
}

static void
reload(struct master *master)
{
	io_time now = io_now();

	if (!master->reload_wanted || now < master->reload_from)
		return;
	master->reload_wanted = 0;
	master->reload_from = now + RELOAD_INTERVAL;
	note_place(master, look(master));
	if (configure_reload(master->options, master->access, master->argc,
		master->argv) != 0)
		return;
	configure_store(
	    master->store, master->options, master->inherited_umask);
	(void)reopen_staging(master);
	master->generation++;
	log_info("settings read again: new workers take over");
}

static void
take_signals(struct master *master)
{
	if (signals_take(SIGTERM))
		stop(master,
		    master->stop == CHILD_RUNS ? CHILD_DRAINS : CHILD_IS_CUT);
	if (signals_take(SIGINT) || signals_take(SIGQUIT))
		stop(master, CHILD_IS_CUT);
	if (signals_take(SIGUSR1))
		report_workers(&master->children, &master->board);
	if (signals_take(SIGHUP) && master->stop == CHILD_RUNS)
		master->reload_wanted = 1;
	signals_take(SIGCHLD);
}

/* When there is something to do without any signal. */
static io_time
next_due(const struct master *master)
{
	io_time due = children_due(&master->children);
	size_t running =
	    children_count_running(&master->children, master->generation);

	if (master->stop != CHILD_RUNS)
		return due;
	if (master->reload_wanted && master->reload_from < due)
		due = master->reload_from;
	if (running < master->options->workers &&
	    children_free(&master->children) != NULL &&
	    master->throttle.until < due)
		due = master->throttle.until;
	if (master->staging_gone && master->mend_from < due)
		due = master->mend_from;
	if (master->look_at < due &&
	    children_count(&master->children, CHILD_LOOK) == 0)
		due = master->look_at;
	if (master->sweep_at < due &&
	    children_count(&master->children, CHILD_SWEEP) == 0)
		due = master->sweep_at;
	return due;
}

/* Returns nonzero while there is something to wait for. */
static int
step(struct master *master)
{
	take_signals(master);
	reap(master);
	if (master->fatal)
		stop(master, CHILD_DRAINS);
	if (master->stop == CHILD_RUNS) {
		reload(master);
		mend_staging(master);
		fill(master);
		sweep(master);
		look_again(master);
	}
	children_nudge(&master->children, io_now());
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
	master->look_at = io_now() + LOOK_INTERVAL;
	master->store->replaced = &master->board.words->replaced;
	configure_store(
	    master->store, master->options, master->inherited_umask);
	space_share_sync();
	signals_hold();
	master->guards = sandbox_try(master->store);
	fill(master);
	return 0;
}

enum master_exit
master_run(struct master *master)
{
	while (step(master))
		if (signals_wait(next_due(master)) != 0) {
			log_error("waiting: %s", strerror(errno));
			stop(master, CHILD_DRAINS);
		}
	children_release(&master->children);
	if (master->fatal)
		return MASTER_DYING;
	return master->cut ? MASTER_CUT : MASTER_CLEAN;
}
