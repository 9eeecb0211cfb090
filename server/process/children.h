/* SPDX-License-Identifier: ISC */
/* The processes that the master forked: what they are, how far told to stop. */
#ifndef SERVER_PROCESS_CHILDREN_H
#define SERVER_PROCESS_CHILDREN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/io.h"

enum child_kind {
	CHILD_WORKER,
	CHILD_SWEEP,
	CHILD_LOOK /* at the path of the receiving directory */
};

/* Each includes those before it. */
enum child_stage {
	CHILD_RUNS,
	CHILD_RETIRES, /* SIGHUP */
	CHILD_DRAINS,  /* SIGTERM */
	CHILD_IS_CUT   /* SIGINT */
};

/*
 * A child may ignore its last signal for so long; then SIGKILL.  One that
 * drains keeps its time by itself, but may be held up by the disk.
 */
#define CHILD_GRACE 3000
#define CHILD_DRAIN_GRACE 60000
/* The signal is repeated after so long, doubling up to the last. */
#define CHILD_REPEAT_FIRST 50
#define CHILD_REPEAT_LAST 1000

struct child {
	pid_t pid; /* 0: the slot is free */
	enum child_kind kind;
	enum child_stage stage;
	unsigned generation;
	io_time started;
	int64_t drain_timeout;
	io_time next_signal; /* IO_NEVER while it runs */
	int64_t repeat;
	io_time kill_at;
};

/* Filled from what fork(2) and waitpid(2) say, and nothing else. */
struct children {
	struct child *slots;
	size_t count;
};

/* Returns 0, or -1 with errno. */
int children_init(struct children *children, size_t count);
void children_release(struct children *children);

/* A free slot, or NULL. */
struct child *children_free(const struct children *children);

/* Enter one that was just forked, with kind, generation and drain_timeout. */
void child_begin(struct child *child, pid_t pid, io_time now);

/* The child of that number, or NULL. */
struct child *children_find(const struct children *children, pid_t pid);

size_t children_count(const struct children *children, enum child_kind kind);

/* Workers of one generation that were not told to stop. */
size_t children_count_running(
    const struct children *children, unsigned generation);

/* Tell it to stop so far, unless it was told as much before. */
void child_stop(struct child *child, enum child_stage stage, io_time now);
void children_stop(
    struct children *children, enum child_stage stage, io_time now);

/* Retire the workers of other generations. */
void children_retire_others(
    struct children *children, unsigned generation, io_time now);

/* Repeat what is due, and end by force what did not listen. */
void children_nudge(struct children *children, io_time now);

/* When that is due next. */
io_time children_due(const struct children *children);

#endif
