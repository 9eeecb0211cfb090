/* SPDX-License-Identifier: ISC */
/* Inside the fault shim: decide whether a call fails, and how. */
#define _GNU_SOURCE
#include "tests/lab/fault_turn.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/record.h"

/* The most syncs that FAULT_HOLD delays at a time. */
#define HELD_MAX 64

static struct fault_plan *plan;
static _Thread_local int disabled; /* nonzero during the shim's own calls */
static int held[HELD_MAX], held_count;

int
turn_disable(void)
{
	int was = disabled;

	disabled = 1;
	return was;
}

void
turn_restore(int was)
{
	disabled = was;
}

/* Try the symbols that the C library's headers may choose for the name. */
void *
turn_find(const char *name)
{
	static const char *const forms[][2] = {{"__", "64_time64"},
	    {"__", "_time64"}, {"", "64"}, {"__", "64"}, {"", ""}};
	int was = turn_disable(), error = errno;
	void *found = NULL;
	char text[64];

	for (size_t i = 0; found == NULL && i < sizeof(forms) / sizeof(*forms);
	     i++) {
		snprintf(text, sizeof(text), "%s%s%s", forms[i][0], name,
		    forms[i][1]);
		found = dlsym(RTLD_NEXT, text);
	}
	if (found == NULL)
		abort();
	turn_restore(was);
	errno = error;
	return found;
}

__attribute__((constructor)) static void
open_plan(void)
{
	const char *path = getenv(FAULT_PLAN);
	int was = turn_disable(), fd;
	void *mapped;

	record_open(getenv(FAULT_RECORD));
	fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd != -1) {
		mapped = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
		close(fd);
		if (mapped == MAP_FAILED)
			abort();
		plan = mapped;
		atomic_fetch_add(&plan->loaded, 1);
	}
	turn_restore(was);
}

enum fault_object
turn_object(int fd)
{
	int was = turn_disable(), error = errno;
	enum fault_object object = FAULT_ANYTHING;
	struct stat found;

	if (fd >= 0 && fstat(fd, &found) == 0) {
		if (S_ISREG(found.st_mode) && fd > STDERR_FILENO)
			object = FAULT_A_FILE;
		else if (S_ISDIR(found.st_mode))
			object = FAULT_A_DIRECTORY;
		else if (S_ISSOCK(found.st_mode) || S_ISFIFO(found.st_mode))
			object = FAULT_A_PEER;
	}
	turn_restore(was);
	errno = error;
	return object;
}

int
turn_polled(struct pollfd *polled, nfds_t count)
{
	return count > 0 ? polled[0].fd : -1;
}

static int
matches_plan(const struct turn *turn)
{
	int object = atomic_load(&plan->object);

	return atomic_load(&plan->kind) != FAULT_NONE &&
	    atomic_load(&plan->call) == (int)turn->call &&
	    atomic_load(&plan->spared) != getpid() &&
	    (object == FAULT_ANYTHING || object == (int)turn_object(turn->fd));
}

static enum turn_action
hold_sync(int fd)
{
	int was = turn_disable();
	int copy = held_count < HELD_MAX ? dup(fd) : -1;

	if (copy == -1)
		abort();
	held[held_count++] = copy;
	turn_restore(was);
	return TURN_SKIP;
}

static enum turn_action
apply_fault(const struct turn *turn, int number)
{
	int value = atomic_load(&plan->value);

	switch ((enum fault_kind)atomic_load(&plan->kind)) {
	case FAULT_ERROR:
		errno = value;
		return TURN_FAIL;
	case FAULT_SHORT:
		return TURN_SHORTEN;
	case FAULT_STORM:
		errno = EINTR;
		return number % 2 != 0 ? TURN_FAIL : TURN_GO;
	case FAULT_DELAY:
		(void)poll(NULL, 0, value);
		return TURN_GO;
	case FAULT_JUMP:
		return TURN_JUMP;
	case FAULT_LEAP:
		return TURN_LEAP;
	case FAULT_SIGNAL:
		(void)raise(value);
		return TURN_GO;
	case FAULT_SKIP:
		return TURN_SKIP;
	case FAULT_HOLD:
		return hold_sync(turn->fd);
	case FAULT_FOLLOW:
	case FAULT_NONE:
		break;
	}
	return TURN_GO;
}

struct turn
turn_begin(enum fault_call call, int fd)
{
	struct turn turn = {call, fd, TURN_GO, disabled};
	int number, at;

	if (turn.own || plan == NULL)
		return turn;
	turn_disable();
	atomic_fetch_add(&plan->seen[call], 1);
	if (matches_plan(&turn)) {
		number = atomic_fetch_add(&plan->matched, 1) + 1;
		at = atomic_load(&plan->at);
		if (number == at ||
		    (number > at && atomic_load(&plan->always))) {
			atomic_fetch_add(&plan->hit, 1);
			turn.action = apply_fault(&turn, number);
		}
	}
	turn_restore(0);
	return turn;
}

int
turn_flags(int flags, int no_follow)
{
	if (disabled || plan == NULL ||
	    atomic_load(&plan->kind) != FAULT_FOLLOW)
		return flags;
	return flags & ~no_follow;
}

time_t
turn_jump(const struct turn *turn, clockid_t clock)
{
	enum turn_action action =
	    clock == CLOCK_REALTIME ? TURN_JUMP : TURN_LEAP;

	return turn->action == action ? atomic_load(&plan->value) : 0;
}

/*
 * Make the held syncs.  The copies stay open: to close one would release the
 * locks of this process on its file, and a sweep might remove it.
 */
static void
make_held_syncs(void)
{
	int was = turn_disable();

	while (held_count > 0) {
		int fd = held[--held_count];

		record_sync(fd, fsync(fd) == 0);
	}
	turn_restore(was);
}

void
turn_end(const struct turn *turn, int good)
{
	int error = errno;

	if (!turn->own && held_count > 0 && good &&
	    atomic_load(&plan->until) == (int)turn->call &&
	    atomic_load(&plan->until_object) == (int)turn_object(turn->fd))
		make_held_syncs();
	errno = error;
}
