/* SPDX-License-Identifier: ISC */
/* A command whose standard input and output are a connection. */
#ifndef CLIENT_CONNECTION_COMMAND_H
#define CLIENT_CONNECTION_COMMAND_H

#include <sys/types.h>

#include "common/status.h"

/* Both descriptors are pipes of our side, and do not block. */
struct command {
	pid_t pid;
	int in, out;
};

/*
 * Run it, found by execvp(3), with our standard error, in our process group:
 * it can ask the terminal for a password, and is reached by what is typed
 * there.  Returns 0, or -1 with errno if it cannot be run.
 */
int command_start(struct command *command, char *const argv[]);

/*
 * Close the connection and wait for the command's end: it has a few seconds
 * for that, and is then made to.  Returns what waitpid(2) says, or -1 if it
 * had to be ended.
 */
int command_end(struct command *command);

#endif
