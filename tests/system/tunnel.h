/* SPDX-License-Identifier: ISC */
/* Other programs between ftx and ftxd, such as ssh; errors fail the test. */
#ifndef TESTS_SYSTEM_TUNNEL_H
#define TESTS_SYSTEM_TUNNEL_H

#include <stddef.h>
#include <sys/types.h>

#include "tests/system/harness.h"
#include "tests/system/run.h"

/* Room for a command or the settings of a program. */
#define TUNNEL_TEXT (8 * HARNESS_PATH)

/* A process in the foreground that listens on a port of 127.0.0.1. */
struct tunnel {
	pid_t pid;
	unsigned port;
};

/* The working directory of the test. */
extern char tunnel_here[HARNESS_PATH];

/* Fixture: a fresh directory with the files "big" and "small". */
void tunnel_begin(void);

/* Start the program, and wait until it listens on the tunnel's port. */
void tunnel_start(struct tunnel *tunnel, const char *const argv[]);
void tunnel_stop(const struct tunnel *tunnel);

/* As snprintf, but the text must fit. */
void __attribute__((format(printf, 3, 4)))
tunnel_print(char *buffer, size_t size, const char *format, ...);

/* Run a program, such as one that makes keys; it must succeed. */
void tunnel_run(const char *const argv[]);
#define TUNNEL_RUN(...) tunnel_run((const char *const[]){__VA_ARGS__, NULL})

/* The run put "big" and "small" into "in/d" and printed nothing. */
void tunnel_check_stored(const struct run *run);

#endif
