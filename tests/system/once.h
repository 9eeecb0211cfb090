/* SPDX-License-Identifier: ISC */
/* Run ftxd -i on descriptors; errors fail the test. */
#ifndef TESTS_SYSTEM_ONCE_H
#define TESTS_SYSTEM_ONCE_H

#include <sys/types.h>

#include "tests/lab/client.h"
#include "tests/system/run.h"

/* Fixture: an empty "in" in a fresh directory; SSH_CONNECTION is unset. */
void once_begin(void);

/*
 * Start ftxd -i on these descriptors and the directory "in".  If err is -1, its
 * standard error is the file "log".
 */
pid_t once_start(int in, int out, int err, const char *const arguments[]);
#define ONCE_START(in, out, err, ...)                                          \
	once_start(in, out, err, (const char *const[]){__VA_ARGS__, NULL})

/*
 * Wait until ftxd has ended, and check that no staged file is left.  Returns
 * its exit status.
 */
int once_wait(pid_t pid);

/* Returns the script as an open file, for standard input. */
int once_open_script(const struct script *script);

/*
 * Run ftxd -i with the script as its input, and wait until it has ended.  Its
 * replies are then in the pipe that peer reads.  Returns its exit status.
 */
int once_play(struct client *peer, const struct script *script);

/*
 * Run ftx to put "f" as "g".  As inetd does, start ftxd -i with its TCP
 * connection as descriptors 0 and 1, and as 2 if err is 2.
 */
pid_t once_serve_tcp(struct run *run, int err, const char *const arguments[]);

#endif
