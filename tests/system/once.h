/* SPDX-License-Identifier: ISC */
/* ftxd -i, started by a test on descriptors; errors fail the test. */
#ifndef TESTS_SYSTEM_ONCE_H
#define TESTS_SYSTEM_ONCE_H

#include <sys/types.h>

#include "tests/system/peer.h"
#include "tests/system/run.h"

/* Fixture: a fresh folder with an empty "in", and nobody has come by ssh. */
void once_begin(void);

/*
 * Start it on these descriptors, receiving into "in"; err is -1 for the file
 * "log".
 */
pid_t once_start(int in, int out, int err, const char *const arguments[]);
#define ONCE_START(in, out, err, ...)                                          \
	once_start(in, out, err, (const char *const[]){__VA_ARGS__, NULL})

/* Its exit status, when it has ended; nothing of it is left. */
int once_wait(pid_t pid);

/* What was said, as a file to be standard input. */
int once_said(const struct script *script);

/*
 * Play a script from a file, and look at what was answered only when the
 * server's process is gone: everything must be in the pipe.
 */
int once_play(struct client *peer, const struct script *script);

/*
 * As inetd has it: a connection by TCP, from ftx, which puts "f" as "g", is
 * what 0 and 1 are, and 2, too, where err is 2.
 */
pid_t once_serve_tcp(struct run *run, int err, const char *const arguments[]);

#endif
