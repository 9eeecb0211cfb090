/* SPDX-License-Identifier: ISC */
/* A worker writes garbage into the shared scoreboard. */
#include "server/shared/scoreboard.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define WORKERS 4
#define WORDS (sizeof(struct scoreboard_slot) / sizeof(uint32_t))

enum garbage {
	ONES,
	PIDS,	  /* the PID of a process that is no worker */
	CHANCE,	  /* bytes of /dev/urandom */
	SESSIONS, /* a session with this host in each slot */
	GARBAGE
};

static struct server server;
static pid_t stranger;

/*
 * Find the scoreboard, the largest memory that a worker shares with others.
 * Returns its size.
 */
static size_t
find_shared(pid_t pid, off_t *at)
{
	char path[64], *maps, *line;
	uintmax_t begin, end;
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
	maps = file_read(path);
	for (line = strtok(maps, "\n"); line != NULL; line = strtok(NULL, "\n"))
		if (strstr(line, " rw-s ") != NULL) {
			ck_assert_int_eq(
			    sscanf(line, "%jx-%jx ", &begin, &end), 2);
			if (end - begin <= size)
				continue;
			size = (size_t)(end - begin);
			*at = (off_t)begin;
		}
	free(maps);
	ck_assert_uint_gt(size, 0);
	return size;
}

static void
fill_sessions(uint32_t *words, size_t count)
{
	static const uint8_t host[16] = {
	    [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1};

	memset(words, 0, count * sizeof(*words));
	for (size_t i = 0; i + WORDS <= count; i += WORDS) {
		words[i] = 1;
		memcpy(&words[i + 1], host, sizeof(host));
	}
}

static void
make_garbage(uint32_t *words, size_t count, enum garbage kind)
{
	int fd;

	memset(words, 0xff, count * sizeof(*words));
	if (kind == PIDS)
		for (size_t i = 0; i < count; i++)
			words[i] = (uint32_t)stranger;
	else if (kind == SESSIONS)
		fill_sessions(words, count);
	else if (kind == CHANCE) {
		fd = open("/dev/urandom", O_RDONLY);
		ck_assert_int_eq(io_read(fd, words, count * sizeof(*words)),
		    (ssize_t)(count * sizeof(*words)));
		close(fd);
	}
}

/* Overwrite the scoreboard.  Returns 0 if this process may not do so. */
static int
spoil(pid_t worker, enum garbage kind)
{
	off_t at = 0;
	size_t size = find_shared(worker, &at);
	uint32_t *words = malloc(size);
	char path[64];
	int fd;

	ck_assert_ptr_nonnull(words);
	make_garbage(words, size / sizeof(*words), kind);
	snprintf(path, sizeof(path), "/proc/%ld/mem", (long)worker);
	fd = open(path, O_RDWR);
	if (fd != -1) {
		ck_assert_int_eq(pwrite(fd, words, size, at), (ssize_t)size);
		close(fd);
	}
	free(words);
	return fd != -1;
}

static void
check_log(void)
{
	char *log = file_read(server.log);

	for (const char *at = log; *at != '\0'; at++)
		ck_assert(*at == '\n' || (*at >= 0x20 && *at <= 0x7e));
	free(log);
}

/* The master logs the state, replaces the worker, and signals no others. */
START_TEST(master_replaces_a_worker_that_writes_garbage)
{
	pid_t pids[SERVER_WORKERS];
	struct run run;

	stranger = fork();
	if (stranger == 0) {
		pause();
		_exit(0);
	}
	file_write("f", "x");
	/* The plan of the oracle would be another shared memory. */
	(void)unsetenv("FTX_ORACLE");
	SERVER_START(&server, "-w", "4");
	server_expect_workers(&server, pids, WORKERS);
	if (spoil(pids[0], (enum garbage)_i)) {
		ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
		eventually(server_count_logged(&server, ": worker ") >= WORKERS,
		    HARNESS_TIMEOUT);
		check_log();
		ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
		eventually(!process_is_alive(pids[0]), HARNESS_TIMEOUT);
		server_expect_workers(&server, pids, WORKERS);
		/*
		 * A refused client retries.  A worker that refuses one writes
		 * its own slot again.
		 */
		for (int i = 0; i < WORKERS; i++) {
			RUN(&run, "ftx", "put", "-o", "queue-timeout=5s", "f",
			    "127.0.0.1:f");
			run_check(&run, 0, NULL);
		}
		ck_assert_int_eq(
		    server_count_logged(&server, "ended after"), 1);
	} else
		harness_skip("garbage", "no memory of others is written to");
	server_stop(&server);
	ck_assert(process_is_alive(stranger));
	ck_assert_int_eq(kill(stranger, SIGKILL), 0);
	ck_assert_int_eq(waitpid(stranger, NULL, 0), stranger);
}
END_TEST

Suite *
scoreboard_suite(void)
{
	Suite *suite = suite_create("scoreboard");
	TCase *tcase = harness_case("scoreboard");

	tcase_add_loop_test(
	    tcase, master_replaces_a_worker_that_writes_garbage, 0, GARBAGE);
	suite_add_tcase(suite, tcase);
	return suite;
}
