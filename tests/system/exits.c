/* SPDX-License-Identifier: ISC */
/* Each exit status of ftx, with its cause. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/fake.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define SIZE (4 << 20)

static struct server server;
static struct proxy proxy;
static char port[16];

static void
begin(void)
{
	harness_begin();
	file_make("f", SIZE, 1);
	file_write("small", "x");
}

/* Start a server, and a proxy with this fault on the way to it. */
static void
start_behind(enum proxy_fault fault, uint64_t at)
{
	const struct proxy_plan plan = {.up = {.fault = fault, .at = at}};

	SERVER_START(&server, "-w", "1");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
}

static void
stop_both(void)
{
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
}

static void
stored(struct run *run)
{
	SERVER_START(&server, "-w", "1");
	RUN(run, "ftx", "put", "f", "small", "127.0.0.1:");
	ck_assert(file_equal("f", "in/f"));
	server_stop(&server);
}

static void
misused(struct run *run)
{
	RUN(run, "ftx", "put", "f");
}

static void
not_ftxd(struct run *run)
{
	static const char words[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
	struct fake fake;

	fake_start(&fake, words, sizeof(words) - 1, 0);
	RUN(run, "ftx", "put", "f", "127.0.0.1:");
	fake_stop(&fake);
}

static void
no_source(struct run *run)
{
	SERVER_START(&server, "-w", "1");
	RUN(run, "ftx", "put", "missing", "127.0.0.1:");
	server_stop(&server);
}

static void
refused(struct run *run)
{
	SERVER_START(&server, "-w", "1", "-o", "deny=127.0.0.0/8");
	RUN(run, "ftx", "put", "f", "127.0.0.1:");
	server_stop(&server);
}

static void
lost(struct run *run)
{
	start_behind(PROXY_CUT, SIZE / 2);
	RUN(run, "ftx", "put", "-P", port, "-o", "retry=0", "-o", "resume=no",
	    "f", "127.0.0.1:");
	stop_both();
}

/* The file system becomes read-only, as after a disk error. */
static void
output_failed(struct run *run)
{
	char seen[HARNESS_PATH], here[HARNESS_PATH / 2], path[HARNESS_PATH];
	char pid[16];

	if (server_start_on_tmpfs(&server, seen) != 0) {
		harness_skip("tmpfs", "needs root");
		run->status = 11;
		return;
	}
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(path, sizeof(path), "%s/in", here);
	snprintf(pid, sizeof(pid), "%ld", (long)server.pid);
	RUN(run, "nsenter", "-t", pid, "-m", "mount", "-o", "remount,ro", path);
	run_check(run, 0, NULL);
	RUN(run, "ftx", "put", "f", "127.0.0.1:");
	run_check(run, 11, "Read-only file system; nothing was stored");
	server_stop(&server);
}

static void
spoiled(struct run *run)
{
	start_behind(PROXY_FLIP, SIZE / 2);
	RUN(run, "ftx", "put", "-P", port, "f", "127.0.0.1:");
	ck_assert(!file_exists("in/f"));
	stop_both();
}

static void
some_stored(struct run *run)
{
	SERVER_START(&server, "-w", "1");
	RUN(run, "ftx", "put", "f", "missing", "127.0.0.1:");
	ck_assert(file_equal("f", "in/f"));
	server_stop(&server);
}

/* Begin a put that takes some seconds. */
static void
begin_slow(struct run *run)
{
	SERVER_START(&server, "-w", "1");
	RUN_BEGIN(run, "ftx", "put", "-o", "resume=no", "-l", "10000", "f",
	    "127.0.0.1:");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
}

static void
end_slow(struct run *run)
{
	run_finish(run);
	ck_assert(!file_exists("in/f"));
	server_stop(&server);
}

static void
changed(struct run *run)
{
	int fd;

	begin_slow(run);
	fd = open("f", O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(write(fd, "more", 4), 4);
	close(fd);
	end_slow(run);
}

static void
exists(struct run *run)
{
	SERVER_START(&server, "-w", "1");
	file_write("in/f", "older");
	RUN(run, "ftx", "put", "-o", "no-clobber", "f", "127.0.0.1:");
	ck_assert_uint_eq(file_size("in/f"), 5);
	server_stop(&server);
}

static void
no_space(struct run *run)
{
	char seen[HARNESS_PATH];

	if (server_start_on_tmpfs(&server, seen) != 0) {
		harness_skip("tmpfs", "needs root");
		run->status = 28;
		return;
	}
	file_make("f", 65 << 20, 1);
	RUN(run, "ftx", "put", "f", "127.0.0.1:");
	server_stop(&server);
}

static void
stalled(struct run *run)
{
	start_behind(PROXY_SILENT, SIZE / 2);
	RUN(run, "ftx", "put", "-P", port, "-o", "timeout=1s", "-o", "retry=0",
	    "-o", "resume=no", "f", "127.0.0.1:");
	ck_assert(!file_exists("in/f"));
	stop_both();
}

static void
unreachable(struct run *run)
{
	fake_unused_port();
	RUN(run, "ftx", "put", "f", "127.0.0.1:");
}

static void
busy(struct run *run)
{
	struct client peer;

	SERVER_START(&server, "-w", "1");
	peer_arrive(&peer, server.port);
	RUN(run, "ftx", "put", "-o", "queue-timeout=1s", "f", "127.0.0.1:");
	client_close(&peer);
	server_stop(&server);
}

static void
interrupted(struct run *run)
{
	begin_slow(run);
	ck_assert_int_eq(kill(run->pid, SIGINT), 0);
	end_slow(run);
}

static void
terminated(struct run *run)
{
	begin_slow(run);
	ck_assert_int_eq(kill(run->pid, SIGTERM), 0);
	end_slow(run);
}

static const struct {
	int status;
	void (*bring_about)(struct run *run);
} exits[] = {
    {0, stored},
    {1, misused},
    {2, not_ftxd},
    {3, no_source},
    {5, refused},
    {10, lost},
    {11, output_failed},
    {12, spoiled},
    {23, some_stored},
    {24, changed},
    {25, exists},
    {28, no_space},
    {30, stalled},
    {35, unreachable},
    {75, busy},
    {130, interrupted},
    {143, terminated},
};

START_TEST(each_exit_status_is_returned)
{
	struct run run = {.status = -1};

	exits[_i].bring_about(&run);
	run_check(&run, exits[_i].status, NULL);
}
END_TEST

Suite *
exits_suite(void)
{
	Suite *suite = suite_create("exits");
	TCase *tcase = tcase_create("exits");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, each_exit_status_is_returned, 0,
	    (int)(sizeof(exits) / sizeof(exits[0])));
	suite_add_tcase(suite, tcase);
	return suite;
}
