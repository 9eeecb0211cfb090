/* SPDX-License-Identifier: ISC */
/* A put that something befalls, and what holds afterwards all the same. */
#ifndef TESTS_SYSTEM_FAULTY_H
#define TESTS_SYSTEM_FAULTY_H

#include "tests/system/plan.h"
#include "tests/system/run.h"

/* All put what is in a folder, such as src/a, which becomes in/d/a. */
struct faulty_put {
	const char *options[8];
	const char *folder, *sources[4];
	const char *names[4]; /* in the folder, and of what they become */
	int replaces;	      /* other files of these names are there before */
	int resumes;	      /* what came may be kept, and is gone on with */
	/* What else there has to be once, and before each run; or NULL. */
	void (*begin)(void), (*prepare)(void);
};

extern const struct faulty_put faulty_files;	/* by their names */
extern const struct faulty_put faulty_tree;	/* by -rp, over old ones */
extern const struct faulty_put faulty_careful;	/* with no-clobber */
extern const struct faulty_put faulty_removing; /* with remove-source */
extern const struct faulty_put faulty_sparse;	/* data and holes */
extern const struct faulty_put faulty_kept;	/* the same, half of it there */
extern const struct faulty_put faulty_spoiled;	/* what is there is another's */
extern const struct faulty_put faulty_same;	/* one of three is there */
extern const struct faulty_put faulty_compared; /* the same, by digests */

/* Make the sources, and what a replacing put replaces. */
void faulty_make(void);

/* Make what it needs of the server, which runs. */
void faulty_begin(const struct faulty_put *put);

/* Make in/d what it has to be before that put. */
void faulty_prepare(const struct faulty_put *put);

/* Run it; with a plan it is the client that things befall. */
void faulty_run(
    struct run *run, const struct faulty_put *put, const struct plan *plan);

/* Run it again when nothing befalls it: all must be there then. */
void faulty_repeat(const struct faulty_put *put);

/* What is being tried, for the messages of the next check, and there. */
void faulty_label(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
const char *faulty_trying(void);

/*
 * Each name has its old file, its new one, or none if there was none before;
 * with status 0 all are new, and any other comes with words.
 */
void faulty_check(const struct faulty_put *put, const struct run *run);

/* A walk has met such a call so often; only on Linux there are holes. */
void faulty_check_reached(enum fault_call call, int count);

#endif
