/* SPDX-License-Identifier: ISC */
/* Puts that a fault hits, and checks of the files after them. */
#ifndef TESTS_SYSTEM_FAULTY_H
#define TESTS_SYSTEM_FAULTY_H

#include "tests/system/plan.h"
#include "tests/system/run.h"

/* A put of the files of one directory, such as src/a to in/d/a. */
struct faulty_put {
	const char *options[8];
	const char *directory, *sources[4];
	const char *names[4]; /* of the files, there and in in/d */
	int replaces;	      /* old files of these names exist before */
	int resumes;	      /* a fault may leave a partial, to be resumed */
	/*
	 * More preparation: begin runs once, prepare before each run; or NULL.
	 */
	void (*begin)(void), (*prepare)(void);
};

extern const struct faulty_put faulty_files;	  /* each file is an argument */
extern const struct faulty_put faulty_tree;	  /* -rp, replaces old files */
extern const struct faulty_put faulty_no_clobber; /* with no-clobber */
extern const struct faulty_put faulty_removing;	  /* with remove-source */
extern const struct faulty_put faulty_sparse;	  /* data and holes */
extern const struct faulty_put faulty_kept;	  /* the same, with a partial */
extern const struct faulty_put
    faulty_spoiled; /* with a partial of other content */
extern const struct faulty_put
    faulty_same; /* one of three files is unchanged */
extern const struct faulty_put faulty_compared; /* the same, by digests */

/* Make the sources, and old files to replace. */
void faulty_make(void);

/* Prepare for all runs; the server must run. */
void faulty_begin(const struct faulty_put *put);

/* Prepare in/d before each run. */
void faulty_prepare(const struct faulty_put *put);

/* Run the put.  If plan is not NULL, its fault hits the client. */
void faulty_run(
    struct run *run, const struct faulty_put *put, const struct plan *plan);

/* Run the put again without a fault: it must store all files. */
void faulty_repeat(const struct faulty_put *put);

/* Set and get the description of the fault, for messages of later checks. */
void faulty_describe(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
const char *faulty_description(void);

/*
 * Each name must have its old file, its new one, or none if there was none
 * before.  If the status is 0, all must be new; any other status comes with a
 * message.
 */
void faulty_check(const struct faulty_put *put, const struct run *run);

/* Fail the test if no call was hit.  Only Linux has the calls for holes. */
void faulty_check_reached(enum fault_call call, int count);

#endif
