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
 * Continue the process, and stop it before the calls-th system call from here.
 * Returns 1, or -1 with errno.  Returns 0 if the child other ends first.  If
 * other is 0, returns 0 if the process itself ends first.
 */
int stepper_go(pid_t pid, unsigned calls, pid_t other);

/* Wait until the killed process has ended. */
void stepper_end(pid_t pid);

#endif
