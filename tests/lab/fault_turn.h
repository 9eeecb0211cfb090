/* SPDX-License-Identifier: ISC */
/* Inside the fault shim: whose turn it is, and what becomes of the call. */
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
	TURN_CLAIM, /* do nothing, and say that it is done */
	TURN_FAIL   /* do nothing; errno is set */
};

/* One call that the program makes. */
struct turn {
	enum fault_call call;
	int fd; /* what it works on, or -1 */
	enum turn_verdict verdict;
	int own; /* the shim's own call, which is nobody's business */
};

/* Decide, and do what has to come before. */
struct turn turn_begin(enum fault_call call, int fd);

/* Do what has to come after the call, which went well or not; keeps errno. */
void turn_end(const struct turn *turn, int good);

/* The flags of a call, without this one where links are to be followed. */
int turn_flags(int flags, int no_follow);

/* How many seconds the clock that the call has read is off. */
time_t turn_jump(const struct turn *turn, clockid_t clock);

/* The function of that name that the program would have called otherwise. */
void *turn_find(const char *name);

/* What a descriptor is. */
enum fault_object turn_object(int fd);

/* The first descriptor that is polled, or -1. */
int turn_polled(struct pollfd *polled, nfds_t count);

/* Between these two all calls are the shim's own.  Returns what it was. */
int turn_hide(void);
void turn_show(int was);

#endif
