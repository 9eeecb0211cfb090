/* SPDX-License-Identifier: ISC */
/* Run work in a child process while the parent calls keepalive. */
#include "server/shared/child.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "common/io.h"

#define KEEPALIVE_INTERVAL 100 /* milliseconds */

/* Returns the child's exit status, or -1. */
static int
wait_for(pid_t child, int pipe_end, const struct keepalive *keepalive)
{
	struct pollfd polled = {.fd = pipe_end, .events = POLLIN};
	int status;

	/* The child holds the other end of the pipe until it exits. */
	while (io_poll(&polled, 1, io_now() + KEEPALIVE_INTERVAL) == 0)
		if (keepalive_call(keepalive) != 0) {
			(void)kill(child, SIGKILL);
			break;
		}
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
child_run(int (*work)(void *argument), void *argument,
    const struct keepalive *keepalive)
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
		status = wait_for(child, ends[0], keepalive);
	close(ends[0]);
	return status;
}
