/* SPDX-License-Identifier: ISC */
/* The master's child processes, and the signals that stop them. */
#ifndef SERVER_PROCESS_CHILDREN_H
#define SERVER_PROCESS_CHILDREN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/io.h"

enum child_kind {
	CHILD_WORKER,
	CHILD_SWEEP,
	CHILD_CHECK /* checks the path of the receiving directory */
};

/* How soon a child must end, and the signal for it.  Stages only rise. */
enum child_stage {
	CHILD_RUNS,
	CHILD_RETIRES, /* SIGHUP */
	CHILD_DRAINS,  /* SIGTERM */
	CHILD_IS_CUT   /* SIGINT */
};

/*
 * Milliseconds until SIGKILL: from the first SIGINT, or from the end of
 * drain-timeout.  The child itself ends at drain-timeout, unless a slow disk
 * delays it.
 */
#define CHILD_GRACE 3000
#define CHILD_DRAIN_GRACE 60000
/* Milliseconds between two signals.  The time doubles, up to the last. */
#define CHILD_REPEAT_FIRST 50
#define CHILD_REPEAT_LAST 1000

struct child {
	pid_t pid; /* 0: the slot is free */
	enum child_kind kind;
	enum child_stage stage;
	unsigned generation; /* of the master when it forked the child */
	io_time started;
	int64_t drain_timeout;
	io_time next_signal; /* IO_NEVER in CHILD_RUNS */
	int64_t repeat;	     /* from next_signal to the one after it */
	io_time kill_at;     /* when SIGKILL is due, or IO_NEVER */
};

/* A fork(2) fills a slot; only waitpid(2) frees it. */
struct children {
	struct child *slots; /* owned */
	size_t count;
};

/* Returns 0, or -1 with errno. */
int children_init(struct children *children, size_t count);
void children_release(struct children *children);

/* A free slot, or NULL. */
struct child *children_find_free(const struct children *children);

/* Fill a slot; the caller sets kind, generation and drain_timeout. */
void child_start(struct child *child, pid_t pid, io_time now);

/* The child with this pid, or NULL. */
struct child *children_find(const struct children *children, pid_t pid);

size_t children_count(const struct children *children, enum child_kind kind);

/* The number of workers of one generation in CHILD_RUNS. */
size_t children_count_running(
    const struct children *children, unsigned generation);

/*
 * Raise the stage to this one, unless it is already as high.  The signal is
 * due now; children_signal sends it.
 */
void child_stop(struct child *child, enum child_stage stage, io_time now);

/* Call child_stop for all children, and send the signals. */
void children_stop(
    struct children *children, enum child_stage stage, io_time now);

/* Retire the workers of all other generations, and send the signals. */
void children_retire_others(
    struct children *children, unsigned generation, io_time now);

/* Send the signals that are due, SIGKILL included. */
void children_signal(struct children *children, io_time now);

/* When the next signal is due, or IO_NEVER. */
io_time children_next_signal(const struct children *children);

#endif
