/* SPDX-License-Identifier: ISC */
/* ftxd, started and ended by a test; errors fail the test. */
#ifndef TESTS_SYSTEM_SERVER_H
#define TESTS_SYSTEM_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include "tests/system/harness.h"

#define SERVER_WORKERS 64

/* A server that receives into "in", below the working directory. */
struct server {
	pid_t pid;
	unsigned port;
	int out; /* its standard output, which its workers share */
	char root[HARNESS_PATH];
	char log[HARNESS_PATH];
	char line[HARNESS_PATH];   /* the first of its listening lines */
	char record[HARNESS_PATH]; /* of its calls; empty: there is none */
};

/*
 * Where FTX_ORACLE names a file, servers that are started without a launcher
 * record their calls, and server_wait has the order of them judged: the file
 * gets a line with the number of answers that said durable.
 *
 * Start it on a free port, with more arguments up to a NULL, and wait for its
 * listening line.  Sets FTX_PORT for clients that follow.
 */
void server_start(struct server *server, const char *const arguments[]);
#define SERVER_START(server, ...)                                              \
	server_start(server, (const char *const[]){__VA_ARGS__, NULL})

/* Checked fixture: harness_begin, and a server of two workers that runs. */
extern struct server served;
void server_begin(void);
void server_finish(void);

/* The same by a launcher, such as strace, whose arguments come first. */
void server_start_by(struct server *server, const char *const launcher[],
    const char *const arguments[]);

/*
 * A server whose "in" is a tmpfs of 64 MiB that only it sees and that goes with
 * it; seen is how we come there.  Returns 0, or -1 where that cannot be.
 */
int server_start_on_tmpfs(struct server *server, char seen[HARNESS_PATH]);

/*
 * Wait until it has ended.  Returns its exit status, or 128 and the signal.
 * Nothing of it may be left: no process, no staged file.
 */
int server_wait(struct server *server, int64_t milliseconds);

/* Signal it, and wait. */
int server_end(struct server *server, int signal_number, int64_t milliseconds);

/* SIGTERM, which must end it with status 0. */
void server_stop(struct server *server);

/* SIGKILL to all of it at once, as when the machine goes down. */
void server_kill(struct server *server);

/* Its children now: workers, and perhaps the sweeper.  Returns their number. */
int server_workers(const struct server *server, pid_t pids[SERVER_WORKERS]);
/* Wait until they are so many. */
void server_settle(
    const struct server *server, pid_t pids[SERVER_WORKERS], int count);

/*
 * Wait until the master and all its children have this text behind the word in
 * a file of /proc/PID: a new child sets some of that itself.
 */
void server_check_proc(const struct server *server, const char *file,
    const char *word, const char *wanted);

/* Wait until the log holds the text. */
void server_expect(const struct server *server, const char *text);
/* How often the log holds it now. */
int server_said(const struct server *server, const char *text);

#endif
