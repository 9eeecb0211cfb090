/* SPDX-License-Identifier: ISC */
/* The master's child processes, and the signals that stop them. */
#include "server/process/children.h"

#include <signal.h>
#include <stdlib.h>

#include "common/log.h"

static const int stage_signals[] = {
    [CHILD_RETIRES] = SIGHUP,
    [CHILD_DRAINS] = SIGTERM,
    [CHILD_IS_CUT] = SIGINT,
};

int
children_init(struct children *children, size_t count)
{
	children->slots = calloc(count, sizeof(*children->slots));
	children->count = children->slots == NULL ? 0 : count;
	return children->slots == NULL ? -1 : 0;
}

void
children_release(struct children *children)
{
	free(children->slots);
	children->slots = NULL;
	children->count = 0;
}

struct child *
children_find_free(const struct children *children)
{
	return children_find(children, 0);
}

void
child_start(struct child *child, pid_t pid, io_time now)
{
	child->pid = pid;
	child->stage = CHILD_RUNS;
	child->started = now;
	child->next_signal = IO_NEVER;
	child->kill_at = IO_NEVER;
}

struct child *
children_find(const struct children *children, pid_t pid)
{
	for (size_t i = 0; i < children->count; i++)
		if (children->slots[i].pid == pid)
			return &children->slots[i];
	return NULL;
}

size_t
children_count(const struct children *children, enum child_kind kind)
{
	size_t found = 0;

	for (size_t i = 0; i < children->count; i++)
		if (children->slots[i].pid != 0 &&
		    children->slots[i].kind == kind)
			found++;
	return found;
}

size_t
children_count_running(const struct children *children, unsigned generation)
{
	size_t found = 0;

	for (size_t i = 0; i < children->count; i++) {
		const struct child *child = &children->slots[i];

		if (child->pid != 0 && child->kind == CHILD_WORKER &&
		    child->stage == CHILD_RUNS &&
		    child->generation == generation)
			found++;
	}
	return found;
}

void
child_stop(struct child *child, enum child_stage stage, io_time now)
{
	if (child->pid == 0 || child->stage >= stage)
		return;
	child->stage = stage;
	child->repeat = CHILD_REPEAT_FIRST;
	child->next_signal = now;
	if (stage == CHILD_DRAINS)
		child->kill_at = now + child->drain_timeout + CHILD_DRAIN_GRACE;
	else if (stage == CHILD_IS_CUT)
		child->kill_at = now + CHILD_GRACE;
}

void
children_stop(struct children *children, enum child_stage stage, io_time now)
{
	for (size_t i = 0; i < children->count; i++)
		child_stop(&children->slots[i], stage, now);
	children_signal(children, now);
}

void
children_retire_others(
    struct children *children, unsigned generation, io_time now)
{
	for (size_t i = 0; i < children->count; i++) {
		struct child *child = &children->slots[i];

		if (child->kind == CHILD_WORKER &&
		    child->generation != generation)
			child_stop(child, CHILD_RETIRES, now);
	}
	children_signal(children, now);
}

/*
 * If a signal arrives just before a child blocks, the child does not act on it.
 * The master therefore repeats the signal until the child ends.
 */
static void
send_signal(struct child *child, io_time now)
{
	if (now >= child->kill_at) {
		log_warn(
		    "process %ld does not stop: killing it", (long)child->pid);
		kill(child->pid, SIGKILL);
		child->kill_at = now + CHILD_GRACE;
	}
	if (now >= child->next_signal) {
		kill(child->pid, stage_signals[child->stage]);
		child->next_signal = now + child->repeat;
		child->repeat *= 2;
		if (child->repeat > CHILD_REPEAT_LAST)
			child->repeat = CHILD_REPEAT_LAST;
	}
}

void
children_signal(struct children *children, io_time now)
{
	for (size_t i = 0; i < children->count; i++)
		if (children->slots[i].pid != 0)
			send_signal(&children->slots[i], now);
}

io_time
children_next_signal(const struct children *children)
{
	io_time due = IO_NEVER;

	for (size_t i = 0; i < children->count; i++) {
		const struct child *child = &children->slots[i];

		if (child->pid == 0)
			continue;
		if (child->next_signal < due)
			due = child->next_signal;
		if (child->kill_at < due)
			due = child->kill_at;
	}
	return due;
}
