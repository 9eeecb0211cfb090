/* SPDX-License-Identifier: ISC */
/* A program that is started with the fault shim; errors fail the test. */
#ifndef TESTS_SYSTEM_PLAN_H
#define TESTS_SYSTEM_PLAN_H

#include "tests/lab/fault.h"
#include "tests/system/harness.h"

/* What is to be done to which call. */
struct plan_fault {
	enum fault_call call;
	enum fault_object object;
	enum fault_kind kind;
	int value;
	enum fault_call until; /* for FAULT_HOLD */
	enum fault_object until_object;
};

/* The arguments that come before those of the program, up to a NULL. */
#define PLAN_LAUNCHER 8
struct plan {
	struct fault_plan *shared;
	char texts[4][3 * HARNESS_PATH];
	const char *launcher[PLAN_LAUNCHER];
};

/*
 * Make a plan in the working directory, in which nothing is to be done.  Each
 * name makes another.  Returns 0, or -1 where the programs take no shim: then
 * it has said that the test is skipped.
 */
int plan_make(struct plan *plan, const char *name);

/* Also record what happens, to this file. */
void plan_record(struct plan *plan, const char *path);

/* From now on let it befall the call of that number, counted from here. */
void plan_arm(
    struct plan *plan, const struct plan_fault *fault, int number, int always);

/* Let nothing befall any more.  Returns how often it did. */
int plan_disarm(struct plan *plan);

/*
 * Start ftxd, receiving into "in", with this befalling it until it listens or
 * ends; it must end well or give a reason.  Returns how often it did befall.
 */
int plan_start(
    struct plan *plan, const struct plan_fault *fault, int number, int always);

/* How many calls it was that could have been befallen. */
int plan_met(const struct plan *plan);

/* The call's name, for messages. */
const char *plan_name(enum fault_call call);

#endif
