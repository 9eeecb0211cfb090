/* SPDX-License-Identifier: ISC */
/* Run ftxd -i on descriptors; errors fail the test. */
#ifndef TESTS_SYSTEM_ONCE_H
#define TESTS_SYSTEM_ONCE_H

#include <sys/types.h>

#include "tests/lab/client.h"
#include "tests/system/run.h"

/* Fixture: an empty "in" in a fresh directory; SSH_CONNECTION is unset. */
void once_begin(void);

/* Start it on these descriptors and "in"; err -1 stands for the file "log". */
pid_t once_start(int in, int out, int err, const char *const arguments[]);
#define ONCE_START(in, out, err, ...)                                          \
	once_start(in, out, err, (const char *const[]){__VA_ARGS__, NULL})

/*
 * Wait for its end, and check that no staged file is left.  Returns its exit
 * status.
 */
int once_wait(pid_t pid);

/* The script as a file, for standard input. */
int once_said(const struct script *script);

/*
 * Run a server with the script as its input, and wait for its end.  All that it
 * replied is then in the pipe that peer reads.  Returns its exit status.
 */
int once_play(struct client *peer, const struct script *script);

/*
 * As inetd does: run ftx to put "f" as "g", and give its TCP connection to the
 * server as descriptors 0 and 1, and as 2 if err is 2.
 */
pid_t once_serve_tcp(struct run *run, int err, const char *const arguments[]);

#endif
