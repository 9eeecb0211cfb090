/* SPDX-License-Identifier: ISC */
/* Stop a process right before one of its system calls, by ptrace. */
#include "tests/lab/stepper.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

#if defined(__linux__)

#include <sys/ptrace.h>

static int entering; /* the last stop was before a call, not after it */

/* The signal of a stop at a system call.  Source: ptrace(2). */
#define AT_CALL (SIGTRAP | 0x80)

int
stepper_begin(pid_t pid)
{
	int status;

	entering = 0;
	if (ptrace(PTRACE_SEIZE, pid, NULL, (long)PTRACE_O_TRACESYSGOOD) ==
		-1 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == -1)
		return -1;
	return waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status) ? 0
									  : -1;
}

/*
 * Wait until pid stops.  Returns its status, or -1 with errno.  Returns 0 if
 * other has ended.  If other is 0, returns 0 if pid has ended.
 */
static int
next_stop(pid_t pid, pid_t other)
{
	for (;;) {
		siginfo_t seen;
		int status;

		/* Do not reap the child: the test waits for it later. */
		if (waitid(P_ALL, 0, &seen,
			WEXITED | WSTOPPED | WNOWAIT | __WALL) == -1)
			return -1;
		if (seen.si_pid == other)
			return 0;
		if (seen.si_pid != pid) {
			errno = ECHILD;
			return -1;
		}
		if (waitpid(pid, &status, __WALL) == -1)
			return -1;
		if (WIFSTOPPED(status))
			return status;
		if (other == 0)
			return 0;
		errno = ESRCH;
		return -1;
	}
}

int
stepper_go(pid_t pid, unsigned calls, pid_t other)
{
	int pending = 0;

	for (;;) {
		int status;

		if (ptrace(PTRACE_SYSCALL, pid, NULL, (long)pending) == -1)
			return -1;
		status = next_stop(pid, other);
		if (status <= 0)
			return status;
		pending = 0;
		if (WSTOPSIG(status) == AT_CALL) {
			entering = !entering;
			if (entering && --calls == 0)
				return 1;
		} else if (status >> 16 == 0)
			pending = WSTOPSIG(status);
	}
}

void
stepper_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
		continue;
}

#else

int
stepper_begin(pid_t pid)
{
	(void)pid;
	errno = ENOTSUP;
	return -1;
}

int
stepper_go(pid_t pid, unsigned calls, pid_t other)
{
	(void)pid;
	(void)calls;
	(void)other;
	errno = ENOTSUP;
	return -1;
}

void
stepper_end(pid_t pid)
{
	(void)pid;
}

#endif
