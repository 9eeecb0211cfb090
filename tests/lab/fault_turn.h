/* SPDX-License-Identifier: ISC */
/* Inside the fault shim: decide whether a call fails, and how. */
#ifndef TESTS_LAB_FAULT_TURN_H
#define TESTS_LAB_FAULT_TURN_H

#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "tests/lab/fault.h"

enum turn_verdict {
	TURN_GO,
	TURN_SHORTEN,
	TURN_JUMP,
	TURN_LEAP,
	TURN_CLAIM, /* do nothing, but report success */
	TURN_FAIL   /* do nothing; errno is set */
};

/* One call that the program makes. */
struct turn {
	enum fault_call call;
	int fd; /* its object, or -1 */
	enum turn_verdict verdict;
	int own; /* made by the shim itself: never counted */
};

/* Decide, and do what precedes the call, such as a delay. */
struct turn turn_begin(enum fault_call call, int fd);

/* Do what follows the call; good is nonzero if it succeeded.  Keeps errno. */
void turn_end(const struct turn *turn, int good);

/* The flags of a call; without no_follow if links are to be followed. */
int turn_flags(int flags, int no_follow);

/* How many seconds to add to the clock that was read. */
time_t turn_jump(const struct turn *turn, clockid_t clock);

/* The next function of that name, which the shim hides. */
void *turn_find(const char *name);

/* The kind of a descriptor. */
enum fault_object turn_object(int fd);

/* The first polled descriptor, or -1. */
int turn_polled(struct pollfd *polled, nfds_t count);

/*
 * All calls between these two count as made by the shim.  turn_hide returns the
 * former state for turn_show.
 */
int turn_hide(void);
void turn_show(int was);

#endif
