/* SPDX-License-Identifier: ISC */
/* The real programs, started and ended by a test; errors fail the test. */
#ifndef TESTS_SYSTEM_HARNESS_H
#define TESTS_SYSTEM_HARNESS_H

#include <check.h>
#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/io.h"
#include "tests/sanitized.h"

#define HARNESS_PATH 512
/* Milliseconds after which what must come has not come. */
#define HARNESS_PATIENCE 20000

/* Wait until the condition holds; it is looked at every few milliseconds. */
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
 * For main: find the programs, set FTX to the path of ftx, and make the folder
 * that holds the tests' folders.  Returns 0, or -1 with a message on standard
 * error.
 */
int harness_open(void);
/* Remove that folder, or, if tests failed, tell where it is. */
void harness_close(int failed);

/* The folder that outlives a test, for what must be found after it failed. */
const char *harness_top(void);

/* Checked fixture: a fresh folder as working directory, then its removal. */
void harness_begin(void);
void harness_end(void);

/* A test case with that fixture and a generous time-out. */
TCase *harness_case(const char *name);

/* Tags of cases that fail where the programs do more than is theirs. */
#define HARNESS_MEMORY "memory" /* allocate: to count what is reached, say */
#define HARNESS_TIMING "timing" /* take longer: to record each call, say */

/*
 * Print that a test is skipped and why.  Fails the test if its name is not
 * one that tests/skips allows.
 */
void harness_skip(const char *name, const char *reason);

/* The path of a program, or the bare name if it is none of ours. */
const char *harness_program(char buffer[HARNESS_PATH], const char *name);

/* A pipe that programs started later do not inherit. */
void harness_pipe(int ends[2]);

/*
 * Start a program with these descriptors as its output and error; argv[0] is
 * one in the folder of programs, or else in PATH.
 */
pid_t harness_spawn(const char *const argv[], int out, int err);

/* From the status of waitpid: the exit status, or 128 and the signal. */
int harness_status(int status);

/* The parent and state of a process.  Returns 0, or -1 if there is none. */
int process_look(pid_t pid, pid_t *parent, char *state);

/*
 * The rest of the line that begins with the word in a file of /proc/PID.
 * Returns 0, or -1 with an empty text if the process has ended.
 */
#define PROCESS_TEXT 128
int process_field(
    pid_t pid, const char *file, const char *word, char text[PROCESS_TEXT]);

/* Nonzero if the process exists and is not a zombie. */
int process_lives(pid_t pid);

#endif
