/* SPDX-License-Identifier: ISC */
/* Run a command whose standard input and output are the connection. */
#include "client/connection/command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/shared/interrupt.h"
#include "common/io.h"

/*
 * Milliseconds to wait for the command to exit: normally, if a signal has ended
 * the run, and after SIGTERM.
 */
#define EXIT_WAIT 5000
#define INTERRUPTED_WAIT 500
#define SIGTERM_WAIT 2000

/* The two ends of a pipe. */
enum {
	READING,
	WRITING
};

/* Pipes to the command, from it, and for errno if execvp(3) fails. */
enum {
	TO,
	FROM,
	REPORT,
	PIPES
};

static void
close_pipes(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++)
		for (int end = READING; end <= WRITING; end++)
			if (pipes[i][end] != -1)
				close(pipes[i][end]);
}

/* The command does not inherit these descriptors, only duplicates of two. */
static int
open_pipes(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++)
		pipes[i][READING] = pipes[i][WRITING] = -1;
	for (int i = 0; i < PIPES; i++)
		if (pipe(pipes[i]) == -1 ||
		    io_close_on_exec(pipes[i][READING]) == -1 ||
		    io_close_on_exec(pipes[i][WRITING]) == -1)
			return -1;
	if (io_set_blocking(pipes[TO][WRITING], 0) == -1)
		return -1;
	return io_set_blocking(pipes[FROM][READING], 0);
}

/* In the child: restore SIGPIPE, which ftx ignores, and run the command. */
static void
exec_command(int pipes[PIPES][2], char *const argv[])
{
	struct sigaction action;
	int error;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = SIG_DFL;
	sigaction(SIGPIPE, &action, NULL);
	if (dup2(pipes[TO][READING], STDIN_FILENO) != -1 &&
	    dup2(pipes[FROM][WRITING], STDOUT_FILENO) != -1)
		execvp(argv[0], argv);
	error = errno;
	/* If this fails, too, the parent sees only the exit status. */
	(void)io_write_all(pipes[REPORT][WRITING], &error, sizeof(error));
	_exit(127);
}

/* Returns 0 when the command runs, or the errno of execvp(3). */
static int
read_report(int report)
{
	int error;

	return io_read(report, &error, sizeof(error)) == (ssize_t)sizeof(error)
	    ? error
	    : 0;
}

/* Wait without a limit.  Returns as waitpid(2), but retries EINTR. */
static pid_t
reap(pid_t pid, int *status)
{
	pid_t ended;

	do {
		ended = waitpid(pid, status, 0);
	} while (ended == -1 && errno == EINTR);
	return ended;
}

int
command_start(struct command *command, char *const argv[])
{
	int pipes[PIPES][2];
	int error, status;

	command->pid = -1;
	if (open_pipes(pipes) == -1)
		goto fail;
	command->pid = fork();
	if (command->pid == -1)
		goto fail;
	if (command->pid == 0)
		exec_command(pipes, argv);
	close(pipes[REPORT][WRITING]);
	pipes[REPORT][WRITING] = -1;
	error = read_report(pipes[REPORT][READING]);
	if (error != 0) {
		(void)reap(command->pid, &status);
		errno = error;
		goto fail;
	}
	command->out = pipes[TO][WRITING];
	command->in = pipes[FROM][READING];
	pipes[TO][WRITING] = pipes[FROM][READING] = -1;
	close_pipes(pipes);
	return 0;
fail:
	error = errno;
	close_pipes(pipes);
	errno = error;
	return -1;
}

static void
wake(int signal_number)
{
	(void)signal_number;
}

/*
 * Wait for the command to exit, at most until deadline.  If a signal ends the
 * run, wait at most until interrupted.  SIGCHLD is blocked except in
 * pselect(2), so that none is missed after waitpid(2).  Returns as waitpid(2).
 */
static pid_t
reap_until(pid_t pid, int *status, io_time deadline, io_time interrupted)
{
	struct timespec timeout;
	sigset_t child, before, none;
	struct sigaction action, old;
	io_time now;
	pid_t ended;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	action.sa_handler = wake;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	sigaction(SIGCHLD, &action, &old);
	none = before;
	sigdelset(&none, SIGCHLD);
	for (;;) {
		ended = waitpid(pid, status, WNOHANG);
		now = io_now();
		if (interrupt_caught() && deadline > interrupted)
			deadline = interrupted;
		if (ended != 0 || now >= deadline)
			break;
		timeout = io_timespec(deadline - now);
		(void)pselect(0, NULL, NULL, NULL, &timeout, &none);
	}
	sigaction(SIGCHLD, &old, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ended;
}

int
command_end(struct command *command)
{
	io_time now = io_now();
	int status = 0;

	close(command->out);
	close(command->in);
	if (reap_until(command->pid, &status, now + EXIT_WAIT,
		now + INTERRUPTED_WAIT) != 0)
		return status;
	kill(command->pid, SIGTERM);
	now = io_now() + SIGTERM_WAIT;
	if (reap_until(command->pid, &status, now, now) != 0)
		return -1;
	kill(command->pid, SIGKILL);
	(void)reap(command->pid, &status);
	return -1;
}
