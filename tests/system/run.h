/* SPDX-License-Identifier: ISC */
/* Run ftx, or another program, to its end; errors fail the test. */
#ifndef TESTS_SYSTEM_RUN_H
#define TESTS_SYSTEM_RUN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/system/server.h"

/* One run of a program. */
struct run {
	pid_t pid;
	io_time begun;
	int64_t elapsed; /* milliseconds */
	int status;	 /* its exit status, or 128 + the signal */
	int fds[2];
	size_t lengths[2];
	/* Output, cut if it is long, so that libcheck can print it. */
	char out[4096], err[6000];
};

/* Start ftx, or the program argv[0] of the build directory or PATH. */
void run_begin(struct run *run, const char *const argv[]);
/* Wait until its standard error holds the text. */
void run_expect(struct run *run, const char *text);
void run_finish(struct run *run);

/* Start and finish. */
void run_all(struct run *run, const char *const argv[]);
#define RUN(run, ...) run_all(run, (const char *const[]){__VA_ARGS__, NULL})
#define RUN_BEGIN(run, ...)                                                    \
	run_begin(run, (const char *const[]){__VA_ARGS__, NULL})

/* Run a line of bash, in which $FTX is the path of ftx. */
void run_shell(struct run *run, const char *line);

/* The run must have this status and, unless text is NULL, have printed it. */
void run_check(const struct run *run, int status, const char *text);

/* The run must have printed nothing, except a warning of a missing sync. */
void run_check_silent(const struct run *run);

/* Put one file to 127.0.0.1, silently; the stored file must be equal. */
void put_good(
    const struct server *server, const char *source, const char *target);

#endif
