/* SPDX-License-Identifier: ISC */
/* Run as a daemon; the command returns once the daemon is ready. */
#include "server/process/background.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"

/*
 * If the child writes a byte, it is ready: exit with 0.  If it ends first, exit
 * with its status.
 */
static void
wait_for_child(pid_t child, int lifeline)
{
	char byte;
	int status = 0;

	if (io_read(lifeline, &byte, 1) == 1)
		_exit(0);
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			_exit(1);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int
background_begin(void)
{
	int ends[2];
	pid_t child;

	if (pipe(ends) == -1)
		return -1;
	child = fork();
	if (child == -1) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (child > 0) {
		close(ends[1]);
		wait_for_child(child, ends[0]);
	}
	close(ends[0]);
	setsid();
	if (io_close_on_exec(ends[1]) == -1)
		return -1;
	return ends[1];
}

int
background_detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status = 0;

	if (null == -1)
		return -1;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) == -1)
			status = -1;
	if (null > 2)
		close(null);
	return status;
}

int
background_ready(int lifeline)
{
	int status = background_detach();

	if (io_write_all(lifeline, "", 1) != 0)
		status = -1;
	close(lifeline);
	return status;
}
