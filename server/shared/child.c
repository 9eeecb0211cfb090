/* SPDX-License-Identifier: ISC */
/* Work that is done in a child, while its parent can still act. */
#include "server/shared/child.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "common/io.h"

/* Between two calls of the tick, in milliseconds. */
#define TICK_TIME 100

static int
wait_for(pid_t child, int ended, const struct tick *tick)
{
	struct pollfd polled = {.fd = ended, .events = POLLIN};
	int status;

	/* The other end of the pipe is the child's, and ends with it. */
	while (io_poll(&polled, 1, io_now() + TICK_TIME) == 0)
		if (tick != NULL && tick_call(tick) != 0) {
			(void)kill(child, SIGKILL);
			break;
		}
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
child_run(int (*work)(void *argument), void *argument, const struct tick *tick)
{
	int ends[2], status = -1;
	pid_t child;

	if (pipe(ends) == -1)
		return -1;
	child = fork();
	if (child == 0)
		_exit(work(argument));
	close(ends[1]);
	if (child != -1)
		status = wait_for(child, ends[0], tick);
	close(ends[0]);
	return status;
}
