/* SPDX-License-Identifier: ISC */
/* Start, watch and end ftxd; errors fail the test. */
#include "tests/system/server.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "tests/system/files.h"
#include "tests/system/oracle.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"

#define ARGUMENTS_MAX 400

/* The name of a recorded server's plan, made from the name of its record. */
#define RECORD_PLAN "%.32s.plan"

/* Read a line.  Returns its length, or 0 if there is none. */
static size_t
read_line(int fd, char *buffer, size_t size)
{
	io_time deadline = io_now() + HARNESS_TIMEOUT;
	size_t length = 0;

	while (length + 1 < size && io_now() < deadline) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};

		if (io_poll(&polled, 1, deadline) <= 0)
			continue;
		if (io_read(fd, buffer + length, 1) <= 0 ||
		    buffer[length++] == '\n')
			break;
	}
	buffer[length] = '\0';
	return length;
}

/* Wait until all writers have closed the pipe. */
static void
wait_for_end(int fd)
{
	io_time deadline = io_now() + HARNESS_TIMEOUT;
	char spill[HARNESS_PATH];

	for (;;) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};

		ck_assert_msg(io_now() < deadline,
		    "a process of the server was left behind");
		if (io_poll(&polled, 1, deadline) > 0 &&
		    io_read(fd, spill, sizeof(spill)) == 0)
			break;
	}
}

/* Read the port from "... listening on HOST:PORT, ...". */
static void
learn_port(struct server *server)
{
	const char *place, *comma;
	char text[16];

	read_line(server->out, server->line, sizeof(server->line));
	place = strstr(server->line, "listening on ");
	if (place == NULL) {
		char *log = file_read(server->log);

		ck_abort_msg("no listening line but \"%s\"; log: %.4000s",
		    server->line, log);
	}
	comma = strchr(place, ',');
	ck_assert_ptr_nonnull(comma);
	while (comma[-1] >= '0' && comma[-1] <= '9')
		comma--;
	server->port = (unsigned)strtoul(comma, NULL, 10);
	ck_assert_uint_gt(server->port, 0);
	snprintf(text, sizeof(text), "%u", server->port);
	ck_assert_int_eq(setenv("FTX_PORT", text, 1), 0);
}

/* Append more, which ends with NULL, to argv.  Returns the new count. */
static size_t
append(const char *argv[ARGUMENTS_MAX], size_t count, const char *const more[])
{
	for (size_t i = 0; more[i] != NULL; i++) {
		ck_assert_uint_lt(count + 1, ARGUMENTS_MAX);
		argv[count++] = more[i];
	}
	argv[count] = NULL;
	return count;
}

void
server_start_by(struct server *server, const char *const launcher[],
    const char *const arguments[])
{
	char program[HARNESS_PATH];
	const char *argv[ARGUMENTS_MAX];
	const char *first[] = {harness_program(program, "ftxd"), "-p", "0",
	    "-d", server->root, NULL};
	int ends[2], log;
	size_t count;

	server->record[0] = '\0';
	snprintf(server->root, sizeof(server->root), "in");
	snprintf(server->log, sizeof(server->log), "log");
	if (!file_exists(server->root))
		directory_make(server->root);
	count = append(argv, 0, launcher);
	count = append(argv, count, first);
	append(argv, count, arguments);
	log =
	    open(server->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	ck_assert_int_ge(log, 0);
	harness_pipe(ends);
	server->pid = harness_spawn(argv, ends[1], log);
	close(ends[1]);
	close(log);
	server->out = ends[0];
	learn_port(server);
}

void
server_start(struct server *server, const char *const arguments[])
{
	const char *const none[] = {NULL};
	static int count;
	struct plan plan;
	char name[32], plan_name[64];

	snprintf(name, sizeof(name), "record.%d", ++count);
	snprintf(plan_name, sizeof(plan_name), RECORD_PLAN, name);
	if (getenv("FTX_ORACLE") == NULL || plan_make(&plan, plan_name) != 0) {
		server_start_by(server, none, arguments);
		return;
	}
	plan_record(&plan, name);
	server_start_by(server, plan.launcher, arguments);
	snprintf(server->record, sizeof(server->record), "%s", name);
}

/*
 * Check the record of the server.  Append the number of its durable results to
 * the file that FTX_ORACLE names.
 */
static void
check_record(struct server *server)
{
	struct oracle oracle;
	char plan_name[HARNESS_PATH];
	FILE *totals;

	if (server->record[0] == '\0')
		return;
	oracle_check(&oracle, server->record);
	ck_assert_msg(oracle.violations == 0, "%d violations, first: %s",
	    oracle.violations, oracle.first);
	totals = fopen(getenv("FTX_ORACLE"), "a");
	ck_assert_ptr_nonnull(totals);
	fprintf(totals, "%d\n", oracle.durable);
	ck_assert_int_eq(fclose(totals), 0);
	ck_assert_int_eq(unlink(server->record), 0);
	snprintf(plan_name, sizeof(plan_name), RECORD_PLAN, server->record);
	ck_assert_int_eq(unlink(plan_name), 0);
	server->record[0] = '\0';
}

int
server_start_on_tmpfs(struct server *server, char seen[HARNESS_PATH])
{
	static const char *const launcher[] = {"unshare", "-m", "--propagation",
	    "private", "sh", "-c",
	    "mount -t tmpfs -o size=64m none in && exec \"$@\"", "sh", NULL};
	static const char *const arguments[] = {
	    "-w", "1", "-o", "min-free=0", NULL};
	char here[HARNESS_PATH / 2];
	struct run run;

	if (geteuid() != 0)
		return -1;
	RUN(&run, "unshare", "-m", "--propagation", "private", "mount", "-t",
	    "tmpfs", "none", "/tmp");
	if (run.status != 0)
		return -1;
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	server_start_by(server, launcher, arguments);
	snprintf(
	    seen, HARNESS_PATH, "/proc/%ld/root%s/in", (long)server->pid, here);
	return 0;
}

int
server_wait(struct server *server, int64_t milliseconds)
{
	int status = 0;
	pid_t ended = 0;

	eventually((ended = waitpid(server->pid, &status, WNOHANG)) != 0,
	    milliseconds);
	ck_assert_int_eq(ended, server->pid);
	/* Its workers hold the pipe open until the last one ends. */
	wait_for_end(server->out);
	close(server->out);
	ck_assert_int_eq(directory_count_staged(server->root), 0);
	check_record(server);
	return harness_status(status);
}

int
server_end(struct server *server, int signal_number, int64_t milliseconds)
{
	pid_t workers[SERVER_WORKERS];
	int count = server_workers(server, workers);
	int status;

	ck_assert_int_eq(kill(server->pid, signal_number), 0);
	status = server_wait(server, milliseconds);
	for (int i = 0; i < count; i++)
		ck_assert_msg(!process_is_alive(workers[i]),
		    "worker %ld was left behind", (long)workers[i]);
	return status;
}

void
server_stop(struct server *server)
{
	int status = server_end(server, SIGTERM, HARNESS_TIMEOUT);

	ck_assert_msg(status == 0, "ftxd ended with %d", status);
}

void
server_kill(struct server *server)
{
	pid_t pids[SERVER_WORKERS];
	int status, count = server_workers(server, pids);

	ck_assert_int_eq(kill(server->pid, SIGKILL), 0);
	for (int i = 0; i < count; i++)
		(void)kill(pids[i], SIGKILL);
	ck_assert_int_eq(waitpid(server->pid, &status, 0), server->pid);
	for (int i = 0; i < count; i++)
		eventually(!process_is_alive(pids[i]), HARNESS_TIMEOUT);
	close(server->out);
}

int
server_workers(const struct server *server, pid_t pids[SERVER_WORKERS])
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL && count < SERVER_WORKERS) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10), parent;
		char state;

		if (pid > 0 && process_look(pid, &parent, &state) == 0 &&
		    parent == server->pid && state != 'Z')
			pids[count++] = pid;
	}
	closedir(directory);
	return count;
}

void
server_expect_workers(
    const struct server *server, pid_t pids[SERVER_WORKERS], int count)
{
	eventually(server_workers(server, pids) == count, HARNESS_TIMEOUT);
}

static int
count_running(const struct server *server, const pid_t *pids, int count)
{
	pid_t children[SERVER_WORKERS];
	int running = 0, found = server_workers(server, children);

	for (int i = 0; i < found; i++)
		for (int j = 0; j < count; j++)
			running += children[i] == pids[j];
	return running;
}

void
server_expect_replaced(
    const struct server *server, const pid_t *pids, int count)
{
	eventually(count_running(server, pids, count) == 0, HARNESS_TIMEOUT);
}

/* Returns the first process with another text, or 0. */
static pid_t
find_other(const struct server *server, const char *file, const char *word,
    const char *wanted, char text[PROCESS_TEXT])
{
	pid_t pids[SERVER_WORKERS + 1];
	int count = server_workers(server, pids);

	pids[count++] = server->pid;
	for (int i = 0; i < count; i++)
		if (process_field(pids[i], file, word, text) != 0 ||
		    strncmp(text, wanted, strlen(wanted)) != 0)
			return pids[i];
	return 0;
}

void
server_check_proc(const struct server *server, const char *file,
    const char *word, const char *wanted)
{
	io_time until = io_now() + HARNESS_TIMEOUT;
	char text[PROCESS_TEXT];
	pid_t other;

	while ((other = find_other(server, file, word, wanted, text)) != 0) {
		ck_assert_msg(io_now() < until, "%ld: %s \"%s\", not \"%s\"",
		    (long)other, word, text, wanted);
		(void)poll(NULL, 0, 5);
	}
}

int
server_count_logged(const struct server *server, const char *text)
{
	char *log = file_read(server->log);
	int count = 0;

	for (char *at = strstr(log, text); at != NULL;
	     at = strstr(at + 1, text))
		count++;
	free(log);
	return count;
}

void
server_expect(const struct server *server, const char *text)
{
	io_time until = io_now() + HARNESS_TIMEOUT;

	while (server_count_logged(server, text) == 0) {
		ck_assert_msg(io_now() < until, "no \"%s\" in the log", text);
		(void)poll(NULL, 0, 5);
	}
}

struct server served;

void
server_begin(void)
{
	harness_begin();
	SERVER_START(&served, "-w", "2");
}

void
server_finish(void)
{
	server_stop(&served);
	harness_end();
}
