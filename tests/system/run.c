/* SPDX-License-Identifier: ISC */
/* Run ftx, or another program, to its end; errors fail the test. */
#include "tests/system/run.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "tests/system/files.h"

void
run_begin(struct run *run, const char *const argv[])
{
	int out[2], err[2];

	memset(run, 0, sizeof(*run));
	harness_pipe(out);
	harness_pipe(err);
	run->begun = io_now();
	run->pid = harness_spawn(argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	run->fds[0] = out[0];
	run->fds[1] = err[0];
}

/* Wait for output until the deadline, and read what has come. */
static void
run_listen(struct run *run, io_time deadline)
{
	char *buffers[2] = {run->out, run->err};
	const size_t sizes[2] = {sizeof(run->out), sizeof(run->err)};
	struct pollfd polled[2];
	char spill[4096];

	for (int i = 0; i < 2; i++)
		polled[i] =
		    (struct pollfd){.fd = run->fds[i], .events = POLLIN};
	if (io_poll(polled, 2, deadline) <= 0)
		return;
	for (int i = 0; i < 2; i++) {
		size_t room = sizes[i] - 1 - run->lengths[i];
		ssize_t count;

		if (run->fds[i] < 0 || polled[i].revents == 0)
			continue;
		if (room > 0)
			count = io_read(
			    run->fds[i], buffers[i] + run->lengths[i], room);
		else
			count = io_read(run->fds[i], spill, sizeof(spill));
		if (count <= 0) {
			close(run->fds[i]);
			run->fds[i] = -1;
		} else if (room > 0)
			run->lengths[i] += (size_t)count;
	}
}

void
run_expect(struct run *run, const char *text)
{
	io_time until = io_now() + HARNESS_TIMEOUT;

	while (strstr(run->err, text) == NULL) {
		ck_assert_msg(io_now() < until && run->fds[1] >= 0,
		    "no \"%s\" in \"%s\"", text, run->err);
		run_listen(run, until);
	}
}

void
run_finish(struct run *run)
{
	io_time until = io_now() + 2 * HARNESS_TIMEOUT;
	int status;

	while (run->fds[0] >= 0 || run->fds[1] >= 0) {
		ck_assert_msg(io_now() < until,
		    "the program does not end: \"%s\"", run->err);
		run_listen(run, until);
	}
	ck_assert_int_eq(waitpid(run->pid, &status, 0), run->pid);
	run->elapsed = io_now() - run->begun;
	run->status = harness_status(status);
}

void
run_all(struct run *run, const char *const argv[])
{
	run_begin(run, argv);
	run_finish(run);
}

void
run_shell(struct run *run, const char *line)
{
	RUN(run, "bash", "-c", line);
}

void
run_check(const struct run *run, int status, const char *text)
{
	ck_assert_msg(run->status == status, "status %d instead of %d: \"%s\"",
	    run->status, status, run->err);
	ck_assert_msg(text == NULL || strstr(run->err, text) != NULL,
	    "no \"%s\" in \"%s\"", text, run->err);
}

void
run_check_silent(const struct run *run)
{
	static const char unsynced[] =
	    "ftx: 127.0.0.1: warning: stored, but not synced: it may be lost "
	    "when the power fails\n";

	ck_assert_msg(run->out[0] == '\0' &&
		(run->err[0] == '\0' || strcmp(run->err, unsynced) == 0),
	    "success was not silent: \"%s%s\"", run->out, run->err);
}

void
put_good(const struct server *server, const char *source, const char *target)
{
	char remote[HARNESS_PATH + 16], path[2 * HARNESS_PATH];
	struct run run;

	snprintf(remote, sizeof(remote), "127.0.0.1:%s", target);
	RUN(&run, "ftx", "put", "--", source, remote);
	run_check(&run, 0, NULL);
	run_check_silent(&run);
	snprintf(path, sizeof(path), "%s/%s", server->root, target);
	ck_assert_msg(file_equal(source, path), "%s is not %s", path, source);
}
