/* SPDX-License-Identifier: ISC */
/* A session in a child process, and its client in the test. */
#include "tests/unit/server/serving.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

static void
ignore_signal(int number)
{
	(void)number;
}

static enum session_stop
report_stop(void *argument)
{
	struct serving_stop *stop = argument;
	int requested = atomic_load(&stop->requested);

	atomic_store(&stop->seen, requested);
	return (enum session_stop)requested;
}

void
serving_open(struct serving *serving)
{
	static const struct sigaction wake = {.sa_handler = ignore_signal};
	int ends[2];

	inbox_open(&serving->store);
	if (serving->stop == NULL)
		serving->stop = os_shared_memory(sizeof(*serving->stop));
	ck_assert_ptr_nonnull(serving->stop);
	atomic_store(&serving->stop->requested, SESSION_RUN);
	atomic_store(&serving->stop->seen, SESSION_RUN);
	serving->config = (struct session_config){.store = &serving->store,
	    .max_size = UINT64_MAX,
	    .hello_timeout = SERVING_LONG,
	    .idle_timeout = SERVING_LONG,
	    .drain_timeout = SERVING_LONG,
	    .stop = report_stop,
	    .argument = serving->stop};
	ck_assert_int_eq(sigaction(SIGUSR1, &wake, NULL), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	serving->end = ends[0];
	client_open(&serving->client, ends[1]);
}

void
serving_tick(int milliseconds)
{
	static const struct sigaction wake = {.sa_handler = ignore_signal};
	const struct timeval interval = {0, milliseconds * 1000};
	const struct itimerval timer = {interval, interval};

	ck_assert_int_eq(sigaction(SIGALRM, &wake, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

void
serving_start(struct serving *serving)
{
	size_t before;
	int end;

	serving->server = fork();
	ck_assert_int_ne(serving->server, -1);
	if (serving->server != 0) {
		close(serving->end);
		return;
	}
	client_close(&serving->client);
	before = support_descriptors();
	if (serving->tick > 0)
		serving_tick(serving->tick);
	end = SERVING_ENDED +
	    (int)session_run(
		&serving->config, serving->end, serving->end, "test");
	/* exit, not _exit, so that a sanitizer checks for leaks. */
	exit(support_descriptors() == before ? end : 1);
}

void
serving_join(struct serving *serving, enum session_end end)
{
	int status;

	ck_assert_int_eq(waitpid(serving->server, &status, 0), serving->server);
	ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), SERVING_ENDED + (int)end);
	inbox_close(&serving->store);
}

void
serving_close(struct serving *serving, enum session_end end)
{
	client_close(&serving->client);
	serving_join(serving, end);
}

void
serving_hello(struct serving *serving)
{
	client_hello(&serving->client, WIRE_LOWEST, WIRE_HIGHEST);
	client_base(&serving->client, WIRE_BASE_DIRECTORY, "");
}

void
serving_expect_based(struct serving *serving)
{
	(void)client_greeting(&serving->client);
	client_expect_based(&serving->client, "", "");
}

void
serving_begin(struct serving *serving)
{
	serving_hello(serving);
	serving_start(serving);
	serving_expect_based(serving);
}

void
serving_request_stop(struct serving *serving, enum session_stop stop)
{
	io_time deadline = io_now() + CLIENT_TIMEOUT;

	atomic_store(&serving->stop->requested, (int)stop);
	while (atomic_load(&serving->stop->seen) != (int)stop) {
		ck_assert(io_now() < deadline);
		ck_assert_int_eq(kill(serving->server, SIGUSR1), 0);
		(void)poll(NULL, 0, 2);
	}
}

void
serving_pause(int milliseconds)
{
	io_time until = io_now() + milliseconds;

	while (io_now() < until)
		(void)poll(NULL, 0, (int)(until - io_now()));
}
