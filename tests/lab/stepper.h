/* SPDX-License-Identifier: ISC */
/* Stop a process right before one of its system calls, by ptrace. */
#ifndef TESTS_LAB_STEPPER_H
#define TESTS_LAB_STEPPER_H

#include <sys/types.h>

/*
 * Trace a process, one at a time.  Returns 0, or -1 with errno; needs Linux and
 * the right to trace.
 */
int stepper_begin(pid_t pid);

/*
 * Continue until the process is about to make its calls-th system call from
 * here, or until the child other has ended; 0: until the process itself has
 * ended.  Returns 1 if it is stopped before the call, 0 if one ended first, -1
 * with errno.
 */
int stepper_go(pid_t pid, unsigned calls, pid_t other);

/* Wait until the killed process has ended. */
void stepper_end(pid_t pid);

#endif
