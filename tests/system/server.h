/* SPDX-License-Identifier: ISC */
/* Start, watch and end ftxd; errors fail the test. */
#ifndef TESTS_SYSTEM_SERVER_H
#define TESTS_SYSTEM_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include "tests/system/harness.h"

#define SERVER_WORKERS 64

/* A server that receives into "in" in the working directory. */
struct server {
	pid_t pid;
	unsigned port;
	int out; /* its standard output, shared by its workers */
	char root[HARNESS_PATH];
	char log[HARNESS_PATH];
	char line[HARNESS_PATH];   /* its first listening line */
	char record[HARNESS_PATH]; /* the record of its calls, or empty */
};

/*
 * Start ftxd on a free port with these arguments, which end with NULL, and wait
 * for its listening line.  Sets FTX_PORT for later clients.
 *
 * If FTX_ORACLE names a file, the server records its calls.  server_wait then
 * checks the record, and appends the number of durable results to the file.
 */
void server_start(struct server *server, const char *const arguments[]);
#define SERVER_START(server, ...)                                              \
	server_start(server, (const char *const[]){__VA_ARGS__, NULL})

/* Checked fixture: call harness_begin, and start a server with two workers. */
extern struct server served;
void server_begin(void);
void server_finish(void);

/* As server_start, through a launcher such as strace, and without a record. */
void server_start_by(struct server *server, const char *const launcher[],
    const char *const arguments[]);

/*
 * Start a server whose "in" is a tmpfs of 64 MiB in its own mount namespace.
 * Sets seen to the path of "in" outside of it.  Returns 0, or -1 if that is not
 * possible.
 */
int server_start_on_tmpfs(struct server *server, char seen[HARNESS_PATH]);

/*
 * Wait until it has ended; no process and no staged file may be left.  Returns
 * its exit status, or 128 + the signal.
 */
int server_wait(struct server *server, int64_t milliseconds);

/* Send the signal, and wait. */
int server_end(struct server *server, int signal_number, int64_t milliseconds);

/* Send SIGTERM, which must end it with status 0. */
void server_stop(struct server *server);

/* Send SIGKILL to all its processes at once, as if the machine went down. */
void server_kill(struct server *server);

/* Get its children: workers, and perhaps the sweeper. Returns their number. */
int server_workers(const struct server *server, pid_t pids[SERVER_WORKERS]);
/* Wait until none of the first count pids is a child of the server. */
void server_expect_replaced(
    const struct server *server, const pid_t *pids, int count);

/* Wait until the server has count children. */
void server_expect_workers(
    const struct server *server, pid_t pids[SERVER_WORKERS], int count);

/*
 * Wait until a file of /proc/PID has this text after the word, for the master
 * and all its children.  A new child may not have set it yet.
 */
void server_check_proc(const struct server *server, const char *file,
    const char *word, const char *wanted);

/* Wait until the log contains the text. */
void server_expect(const struct server *server, const char *text);
/* Returns how many times the log contains the text now. */
int server_count_logged(const struct server *server, const char *text);

#endif
