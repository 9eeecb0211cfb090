/* SPDX-License-Identifier: ISC */
/* Inside the fault shim: decide whether a call fails, and how. */
#ifndef TESTS_LAB_FAULT_TURN_H
#define TESTS_LAB_FAULT_TURN_H

#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "tests/lab/fault.h"

enum turn_action {
	TURN_GO,
	TURN_SHORTEN,
	TURN_JUMP,
	TURN_LEAP,
	TURN_SKIP, /* do nothing, but report success */
	TURN_FAIL  /* do nothing; errno is set */
};

/* One call that the program makes. */
struct turn {
	enum fault_call call;
	int fd; /* its object, or -1 */
	enum turn_action action;
	int own; /* made by the shim itself: never counted */
};

/* Before a call: decide, and make a delay or raise a signal. */
struct turn turn_begin(enum fault_call call, int fd);

/* After a call: make held syncs if it succeeded (good).  Preserves errno. */
void turn_end(const struct turn *turn, int good);

/* Returns flags, without no_follow if the fault is FAULT_FOLLOW. */
int turn_flags(int flags, int no_follow);

/* The seconds to add to the time of this clock. */
time_t turn_jump(const struct turn *turn, clockid_t clock);

/* The C library's function of this name, which the shim replaces. */
void *turn_find(const char *name);

/* The kind of a descriptor. */
enum fault_object turn_object(int fd);

/* The first polled descriptor, or -1. */
int turn_polled(struct pollfd *polled, nfds_t count);

/*
 * Mark the beginning and the end of the shim's own calls.  turn_disable returns
 * the former state, for turn_restore.
 */
int turn_disable(void);
void turn_restore(int was);

#endif
