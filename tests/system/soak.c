/* SPDX-License-Identifier: ISC */
/* Lasting load: memory and descriptors do not grow, puts are served in time. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sanitized.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define WORKERS 8
#define TRICKLERS 7
#define FILES 10   /* in each session */
#define NAMES 1000 /* used again and again */
#define HELLO_TIMEOUT 1000
#define RSS_SLACK 256 /* KiB */
#define IDLE_MOST 10000

/* Maxima over all processes of the server, which grow if one leaks. */
struct sample {
	long rss; /* KiB */
	int descriptors, processes, zombies, staged;
};

/* Returns the duration of the load in milliseconds: FTX_SOAK has seconds. */
static int64_t
duration(void)
{
	const char *text = getenv("FTX_SOAK");

	return text == NULL ? 2000 : 1000 * (int64_t)strtol(text, NULL, 10);
}

static int
count_entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static void
measure_process(struct sample *sample, pid_t pid)
{
	char path[64], text[PROCESS_TEXT];
	int descriptors;
	long rss;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	descriptors = count_entries(path);
	ck_assert_int_eq(process_field(pid, "status", "VmRSS:", text), 0);
	rss = strtol(text, NULL, 10);
	if (descriptors > sample->descriptors)
		sample->descriptors = descriptors;
	if (rss > sample->rss)
		sample->rss = rss;
}

static int
count_zombies(const struct server *server)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10), parent;
		char state;

		if (pid > 0 && process_look(pid, &parent, &state) == 0 &&
		    parent == server->pid && state == 'Z')
			count++;
	}
	closedir(directory);
	return count;
}

/* Raise the maxima of the sample to the present values. */
static void
take(struct sample *sample, const struct server *server,
    const pid_t workers[SERVER_WORKERS])
{
	pid_t pids[SERVER_WORKERS];
	int count = server_workers(server, pids);
	int zombies = count_zombies(server);
	int staged = directory_count_staged(server->root);

	measure_process(sample, server->pid);
	for (int i = 0; i < WORKERS; i++)
		measure_process(sample, workers[i]);
	if (count > sample->processes)
		sample->processes = count;
	if (zombies > sample->zombies)
		sample->zombies = zombies;
	if (staged > sample->staged)
		sample->staged = staged;
}

/*
 * Send a hello byte by byte, never complete, over several connections.  If the
 * server closes one, open it again.
 */
static _Noreturn void
trickle(unsigned port)
{
	struct client peers[TRICKLERS];

	for (int i = 0; i < TRICKLERS; i++)
		peer_open(&peers[i], port, "127.0.0.2");
	for (;;) {
		(void)poll(NULL, 0, 100);
		for (int i = 0; i < TRICKLERS; i++) {
			char spill[1024];
			ssize_t count = recv(
			    peers[i].fd, spill, sizeof(spill), MSG_DONTWAIT);

			if (send(peers[i].fd, "f", 1, MSG_NOSIGNAL) == 1 &&
			    (count > 0 || (count == -1 && errno == EAGAIN)))
				continue;
			client_close(&peers[i]);
			peer_open(&peers[i], port, "127.0.0.2");
		}
	}
}

/* Store files in one session.  Returns the milliseconds it took. */
static int64_t
store_files(unsigned port, int first)
{
	struct script *script = script_new();
	io_time begun = io_now();
	struct client peer;
	char name[32];

	script_begin(script);
	for (int i = 0; i < FILES; i++) {
		snprintf(
		    name, sizeof(name), "d%d/%d", i % 4, (first + i) % NAMES);
		script_file(script, (uint32_t)i + 1, name, name);
	}
	script_bye(script);
	peer_start(&peer, port, script);
	for (int i = 0; i < FILES; i++)
		client_expect_result(&peer, (uint32_t)i + 1, STATUS_STORED);
	client_close(&peer);
	return io_now() - begun;
}

/*
 * Call store_files until end, and raise longest to its longest time.  Returns
 * the number of sessions.
 */
static int
store_until(unsigned port, io_time end, int64_t *longest)
{
	int sessions = 0;

	while (io_now() < end) {
		int64_t took = store_files(port, sessions * FILES);

		if (took > *longest)
			*longest = took;
		sessions++;
	}
	return sessions;
}

static void
check_flat(const struct sample *before, const struct sample *after)
{
	if (!IS_SANITIZED)
		ck_assert_int_le(after->rss, before->rss + RSS_SLACK);
	/* During a sample, a worker may have all files of a session open. */
	ck_assert_int_le(after->descriptors, before->descriptors + FILES);
	ck_assert_int_le(after->processes, WORKERS + 1);
	ck_assert_int_eq(after->zombies, 0);
	ck_assert_int_le(after->staged, FILES);
}

START_TEST(memory_and_descriptors_stay_under_load)
{
	const int64_t slice = duration() / 20;
	struct sample early = {0}, late = {0};
	pid_t workers[SERVER_WORKERS], tricklers;
	struct server server;
	int64_t longest = 0;
	int sessions = 0;

	SERVER_START(&server, "-q", "-w", "8", "-C", "8", "-o",
	    "hello-timeout=1s", "-o", "fsync=no");
	server_expect_workers(&server, workers, WORKERS);
	tricklers = fork();
	if (tricklers == 0)
		trickle(server.port);
	/* The first fifth warms up. */
	for (int i = 0; i < 20; i++) {
		sessions +=
		    store_until(server.port, io_now() + slice, &longest);
		if (i >= 4)
			take(i < 12 ? &early : &late, &server, workers);
	}
	ck_assert_int_eq(kill(tricklers, SIGKILL), 0);
	ck_assert_int_eq(waitpid(tricklers, NULL, 0), tricklers);
	printf("soak: %d connections, %d files, longest %ld ms; early and late "
	       "%ld and %ld KiB, %d and %d descriptors, %d processes\n",
	    sessions, sessions * FILES, (long)longest, early.rss, late.rss,
	    early.descriptors, late.descriptors, late.processes);
	check_flat(&early, &late);
	ck_assert_int_lt(longest, 2 * HELLO_TIMEOUT);
	ck_assert_int_eq(server_count_logged(&server, "ended after"), 0);
	server_stop(&server);
}
END_TEST

/* Connect without waiting for the handshake, as a flood does. */
static int
connect_idle(unsigned port)
{
	struct sockaddr_in to = {.sin_family = AF_INET}, from = to;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_close_on_exec(fd), 0);
	ck_assert_int_eq(io_set_blocking(fd, 0), 0);
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)port);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	(void)connect(fd, (struct sockaddr *)&to, sizeof(to));
	return fd;
}

/* Returns how many idle connections this process may open. */
static int
idle_count(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (getenv("FTX_SOAK") == NULL)
		return 500;
	return limit.rlim_cur < IDLE_MOST + 100 ? (int)limit.rlim_cur - 100
						: IDLE_MOST;
}

/* The server refuses all but the few that one host may have. */
START_TEST(put_is_served_when_10000_clients_are_idle)
{
	static int fds[IDLE_MOST];
	struct sample before = {0}, after = {0};
	pid_t workers[SERVER_WORKERS];
	struct server server;
	int count = idle_count();
	struct run run;

	file_write("f", "x");
	SERVER_START(&server, "-q", "-w", "8", "-C", "7", "-b", "4096");
	server_expect_workers(&server, workers, WORKERS);
	put_good(&server, "f", "f");
	take(&before, &server, workers);
	for (int i = 0; i < count; i++)
		fds[i] = connect_idle(server.port);
	RUN(&run, "ftx", "put", "f", "127.0.0.1:g");
	run_check(&run, 0, NULL);
	printf("soak: among %d idle connections a put took %ld ms\n", count,
	    (long)run.elapsed);
	ck_assert_int_lt(run.elapsed, 10000);
	take(&after, &server, workers);
	for (int i = 0; i < count; i++)
		close(fds[i]);
	if (!IS_SANITIZED)
		ck_assert_int_le(after.rss, before.rss + 1024);
	ck_assert_int_le(after.descriptors, before.descriptors + 64);
	ck_assert_int_eq(after.zombies, 0);
	put_good(&server, "f", "h");
	server_stop(&server);
}
END_TEST

Suite *
soak_suite(void)
{
	Suite *suite = suite_create("soak");
	TCase *tcase = harness_case("soak");

	tcase_set_timeout(tcase, 120 + (double)duration() / 1000);
	tcase_add_test(tcase, memory_and_descriptors_stay_under_load);
	tcase_add_test(tcase, put_is_served_when_10000_clients_are_idle);
	suite_add_tcase(suite, tcase);
	return suite;
}
