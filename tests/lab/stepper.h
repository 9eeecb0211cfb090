/* SPDX-License-Identifier: ISC */
/* Stops a process right before a call that it makes to the system. */
#ifndef TESTS_LAB_STEPPER_H
#define TESTS_LAB_STEPPER_H

#include <sys/types.h>

/*
 * Take hold of a process, one at a time, which needs the right to trace it and
 * Linux.  Returns 0, or -1 with errno.
 */
int stepper_begin(pid_t pid);

/*
 * Let it go on until it is about to make the so manieth call from here, which
 * it then has not made, or until the other process, a child, has ended; if
 * that is 0, until it has ended itself.
 * Returns 1 if it is stopped there, 0 if one ended first, -1 with errno.
 */
int stepper_go(pid_t pid, unsigned calls, pid_t other);

/* Wait until the process, which was killed, is gone. */
void stepper_end(pid_t pid);

#endif
