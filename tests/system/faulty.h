/* SPDX-License-Identifier: ISC */
/* A put that something befalls, and what holds afterwards all the same. */
#ifndef TESTS_SYSTEM_FAULTY_H
#define TESTS_SYSTEM_FAULTY_H

#include "tests/system/plan.h"
#include "tests/system/run.h"

/* All put src/a, src/b and src/c, which become in/d/a and so on. */
struct faulty_put {
	const char *options[8];
	const char *sources[4];
	int replaces; /* other files of these names are there before */
};

extern const struct faulty_put faulty_files;	/* by their names */
extern const struct faulty_put faulty_tree;	/* by -rp, over old ones */
extern const struct faulty_put faulty_careful;	/* with no-clobber */
extern const struct faulty_put faulty_removing; /* with remove-source */

/* Make the sources, and what a replacing put replaces. */
void faulty_make(void);

/* Make in/d what it has to be before that put. */
void faulty_prepare(const struct faulty_put *put);

/* Run it; with a plan it is the client that things befall. */
void faulty_run(
    struct run *run, const struct faulty_put *put, const struct plan *plan);

/* What is being tried, for the messages of the next check, and there. */
void faulty_label(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
const char *faulty_trying(void);

/*
 * Each name has its old file, its new one, or none if there was none before;
 * with status 0 all are new, and any other comes with words.
 */
void faulty_check(const struct faulty_put *put, const struct run *run);

#endif
