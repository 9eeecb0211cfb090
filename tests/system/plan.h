/* SPDX-License-Identifier: ISC */
/* Programs that run with the fault shim; errors fail the test. */
#ifndef TESTS_SYSTEM_PLAN_H
#define TESTS_SYSTEM_PLAN_H

#include "tests/lab/fault.h"
#include "tests/system/harness.h"

/* A fault, and the calls that it hits. */
struct plan_fault {
	enum fault_call call;
	enum fault_object object;
	enum fault_kind kind;
	int value;
	enum fault_call until; /* for FAULT_HOLD */
	enum fault_object until_object;
};

/* launcher precedes the arguments of the program; it ends with NULL. */
#define PLAN_LAUNCHER 8
struct plan {
	struct fault_plan *shared;
	char texts[4][3 * HARNESS_PATH];
	const char *launcher[PLAN_LAUNCHER];
};

/*
 * Make a plan of this name in the working directory, without a fault.  Returns
 * 0; or skips the test and returns -1 if the programs load no shim.
 */
int plan_make(struct plan *plan, const char *name);

/* Also record calls in this file. */
void plan_record(struct plan *plan, const char *path);

/*
 * From now on, count the matching calls, and hit the one with this number.  The
 * first one has number 1.  If always is set, hit all later ones, too.
 */
void plan_arm(
    struct plan *plan, const struct plan_fault *fault, int number, int always);

/* Remove the fault.  Returns how many calls it hit. */
int plan_disarm(struct plan *plan);

/*
 * Start ftxd on "in" with this fault, and wait until it listens or ends.  If it
 * ends, it must print a reason.  Returns how many calls were hit.
 */
int plan_start(
    struct plan *plan, const struct plan_fault *fault, int number, int always);

/* How many matching calls were made. */
int plan_count_matches(const struct plan *plan);

/* The name of the call, for messages. */
const char *plan_name(enum fault_call call);

#endif
