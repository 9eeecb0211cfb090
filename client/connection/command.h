/* SPDX-License-Identifier: ISC */
/* Run a command whose standard input and output are the connection. */
#ifndef CLIENT_CONNECTION_COMMAND_H
#define CLIENT_CONNECTION_COMMAND_H

#include <sys/types.h>

/* Our ends of the two pipes; they do not block. */
struct command {
	pid_t pid;
	int in, out;
};

/*
 * Run a command with execvp(3).  It keeps our standard error, so it can ask for
 * a password.  It keeps our process group, so the terminal's signals reach it.
 * Returns 0, or -1 with errno if the command cannot be run.
 */
int command_start(struct command *command, char *const argv[]);

/*
 * Close the connection and wait a few seconds for the command to exit; then
 * kill it.  Returns its status as of waitpid(2), or -1 if it had to be killed.
 */
int command_end(struct command *command);

#endif
