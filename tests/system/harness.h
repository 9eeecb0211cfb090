/* SPDX-License-Identifier: ISC */
/* Start and end the real programs; errors fail the test. */
#ifndef TESTS_SYSTEM_HARNESS_H
#define TESTS_SYSTEM_HARNESS_H

#include <check.h>
#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/io.h"

#define HARNESS_PATH 512
/* The longest wait for anything, in milliseconds. */
#define HARNESS_TIMEOUT 20000

/* Check the condition every 5 ms until it holds. */
#define eventually(condition, milliseconds)                                    \
	do {                                                                   \
		io_time until_ = io_now() + (milliseconds);                    \
		while (!(condition)) {                                         \
			ck_assert_msg(io_now() < until_, "not in %d ms: %s",   \
			    (int)(milliseconds), #condition);                  \
			(void)poll(NULL, 0, 5);                                \
		}                                                              \
	} while (0)

/*
 * For main: find the programs, set FTX to the path of ftx, and make the top
 * directory of all tests.  Returns 0, or -1 with a message on standard error.
 */
int harness_open(void);
/* Remove the top directory; if tests failed, print its path instead. */
void harness_close(int failed);

/* Returns the top directory, for files that must outlive a failed test. */
const char *harness_top(void);

/* Checked fixture: a fresh working directory, removed at the end. */
void harness_begin(void);
void harness_end(void);

/* Make a test case with this fixture and a timeout of 60 s. */
TCase *harness_case(const char *name);

/* Tags of test cases that fail with instrumented programs. */
#define HARNESS_MEMORY "memory" /* they need more memory */
#define HARNESS_TIMING "timing" /* they are slower */

/*
 * Report that a test is skipped.  Fails the test if tests/skips does not list
 * the name.
 */
void harness_skip(const char *name, const char *reason);

/* Returns the path of ftx or ftxd, or the bare name of another program. */
const char *harness_program(char buffer[HARNESS_PATH], const char *name);

/* Make a pipe that later programs do not inherit. */
void harness_pipe(int ends[2]);

/*
 * Start a program with these descriptors as standard output and error; argv[0]
 * is in the build directory or PATH.
 */
pid_t harness_spawn(const char *const argv[], int out, int err);

/* Returns the exit status, or 128 + the signal, for a status of waitpid. */
int harness_status(int status);

/* Get the parent and state of a process. Returns 0, or -1 if there is none. */
int process_look(pid_t pid, pid_t *parent, char *state);

/*
 * Get the rest of the line that begins with word in this file of /proc/PID.
 * Returns 0, or -1 with an empty text if the process has ended.
 */
#define PROCESS_TEXT 128
int process_field(
    pid_t pid, const char *file, const char *word, char text[PROCESS_TEXT]);

/* Nonzero if the process exists and is not a zombie. */
int process_is_alive(pid_t pid);

#endif
