/* SPDX-License-Identifier: ISC */
/* Partials are removed if space is short, and offered to their sender. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/disk.h"
#include "tests/lab/volume.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define MEBIBYTE (1 << 20)

static struct server server;
static char directory[64];

static void
begin(void)
{
	harness_begin();
	snprintf(directory, sizeof(directory), "in/.ftx-%ld", (long)geteuid());
}

/* Leave a partial of this size that no request refers to. */
static void
plant(const char *name, size_t length)
{
	static char block[MEBIBYTE];
	char path[128];
	int fd;

	fd = open("in/planted", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	memset(block, 1, sizeof(block));
	ck_assert_int_eq(write(fd, block, length), (ssize_t)length);
	close(fd);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	ck_assert_int_eq(rename("in/planted", path), 0);
}

/* Ask for a file of 4 MiB, and do not wait for the reply. */
static void
ask_from(struct client *peer, const char *path, const char *from)
{
	struct script *script = script_new();

	script_begin(script);
	script_request(script, WIRE_ASK, 1, path, 4 * MEBIBYTE, WIRE_RESUME);
	peer_open(peer, server.port, from);
	client_play(peer, script);
	(void)client_greeting(peer);
	client_expect(peer, WIRE_BASED, 0);
}

static void
ask(struct client *peer, const char *path)
{
	ask_from(peer, path, NULL);
}

/* Returns the offset at which the server wants to resume. */
static uint64_t
expect_go(struct client *peer)
{
	struct wire_go go;

	client_expect(peer, WIRE_GO, 1);
	ck_assert_int_eq(
	    wire_read_go(peer->payload, peer->frame.length, &go), 0);
	return go.offset;
}

static void
send_zeros(struct client *peer, int mebibytes)
{
	static const uint8_t zeros[MEBIBYTE];
	struct script *script = script_new();

	while (mebibytes-- > 0)
		script_frame(script, WIRE_DATA, 1, zeros, sizeof(zeros));
	client_play(peer, script);
}

/* Ask for the file, and send its first mebibytes. */
static void
send_part(struct client *peer, const char *path, int mebibytes)
{
	ask(peer, path);
	ck_assert_uint_eq(expect_go(peer), 0);
	send_zeros(peer, mebibytes);
}

static void
send_waiting(struct client *peer)
{
	struct script *script = script_new();

	script_frame(script, WIRE_WAITING, 0, NULL, 0);
	client_play(peer, script);
}

static void
remove_kept(void)
{
	struct run run;

	RUN(&run, "sh", "-c", "rm in/.ftx-*/r*");
	run_check(&run, 0, NULL);
}

/*
 * One client falls silent; the other one still sends "waiting" frames.  A new
 * connection resumes the silent client's file.  Another one asks for the
 * talking client's file, and starts from 0.  Both partials of that file are
 * kept.
 */
START_TEST(silent_session_gives_up_its_partial_when_another_asks)
{
	struct client silent, talking, back, other, third;

	SERVER_START(&server, "-w", "5", "-C", "5");
	send_part(&silent, "silent", 2);
	send_part(&talking, "talking", 1);
	eventually(
	    directory_staged_bytes("in") == 3 * MEBIBYTE, HARNESS_TIMEOUT);
	ask(&back, "silent");
	ask(&other, "talking");
	for (int i = 0; i < 8; i++) {
		send_waiting(&talking);
		(void)poll(NULL, 0, 1000);
	}
	ck_assert_uint_eq(expect_go(&back), 2 * MEBIBYTE);
	ck_assert_uint_eq(expect_go(&other), 0);
	peer_expect_fatal(&silent, STATUS_STALLED);
	ck_assert_int_eq(
	    server_count_logged(&server, "another connection resumes"), 1);
	send_zeros(&other, 2);
	client_close(&other);
	eventually(server_count_logged(
		       &server, "after 2097152 bytes, partial kept") == 2,
	    HARNESS_TIMEOUT);
	client_close(&talking);
	server_expect(&server, "after 1048576 bytes, partial kept");
	ask(&third, "talking");
	ck_assert_uint_eq(expect_go(&third), 2 * MEBIBYTE);
	client_close(&third);
	client_close(&back);
	client_close(&silent);
	remove_kept();
	server_stop(&server);
}
END_TEST

/* One address leaves a partial.  If compare=yes, another one may resume it. */
START_TEST(sender_finds_its_own_partial)
{
	static const struct {
		const char *compare, *from;
		uint64_t offer;
	} rows[] = {{"compare=yes", NULL, MEBIBYTE},
	    {"compare=yes", "127.0.0.2", MEBIBYTE},
	    {"compare=no", NULL, MEBIBYTE}, {"compare=no", "127.0.0.2", 0}};
	struct client first, second;

	SERVER_START(&server, "-w", "2", "-C", "2", "-o", rows[_i].compare);
	send_part(&first, "f", 1);
	client_close(&first);
	server_expect(&server, "partial kept");
	ask_from(&second, "f", rows[_i].from);
	ck_assert_uint_eq(expect_go(&second), rows[_i].offer);
	client_close(&second);
	remove_kept();
	server_stop(&server);
}
END_TEST

#define CALLS(name, on, what)                                                  \
	.call = FAULT_##name, .object = (on), .kind = FAULT_##what

/*
 * statvfs does not show a quota, so a call fails.  If a partial can be removed,
 * the server retries the call; otherwise the put fails.
 */
START_TEST(call_is_retried_once_when_room_is_missing)
{
	static const struct plan_fault faults[] = {
	    {CALLS(WRITE, FAULT_A_FILE, ERROR), .value = EDQUOT},
	    {CALLS(WRITE, FAULT_A_FILE, ERROR), .value = ENOSPC},
	    {CALLS(MKDIR, FAULT_A_DIRECTORY, ERROR), .value = EDQUOT},
	    {CALLS(RENAME, FAULT_A_DIRECTORY, ERROR), .value = ENOSPC},
	};
	struct plan plan;
	struct run run;

	file_make("f", 100000, 1);
	if (plan_make(&plan, "plan") != 0)
		return;
	server_start_by(&server, plan.launcher,
	    (const char *const[]){"-w", "1", "-o", "min-free=0", NULL});
	for (int there = 1; there >= 0; there--) {
		if (there)
			plant("r1", MEBIBYTE);
		plan_arm(&plan, &faults[_i], 1, 0);
		RUN(&run, "ftx", "put", "f",
		    there ? "127.0.0.1:d/f" : "127.0.0.1:e/f");
		run_check(&run, there ? 0 : 28, NULL);
		ck_assert_int_eq(plan_disarm(&plan), 1);
		ck_assert_int_eq(directory_count_staged("in"), 0);
	}
	ck_assert(file_equal("f", "in/d/f"));
	server_stop(&server);
}
END_TEST

/*
 * The server must remove the partial to keep min-free.  The fault stops the
 * process that checks the partial's lock.  Meanwhile the client receives
 * "working" frames.  The server can still end.
 */
START_TEST(sweep_ends_when_the_server_stops)
{
	static const struct plan_fault fault = {
	    CALLS(FCNTL, FAULT_A_FILE, SIGNAL), .value = SIGSTOP};
	struct script *script;
	struct statvfs system;
	struct plan plan;
	struct client peer;
	char free[32];

	if (disk_begin("disk", "in") != 0) {
		harness_skip("loop", "needs root, loop devices and ext4");
		return;
	}
	if (plan_make(&plan, "plan") == 0) {
		ck_assert_int_eq(mkdir(directory, 0700), 0);
		plant("r1", MEBIBYTE);
		ck_assert_int_eq(statvfs("in", &system), 0);
		snprintf(free, sizeof(free), "min-free=%llu",
		    (unsigned long long)system.f_bavail * system.f_frsize +
			(512 << 10));
		server_start_by(&server, plan.launcher,
		    (const char *const[]){"-w", "1", "-o", free, "-o",
			"drain-timeout=1s", "-o", "partial-ttl=1d", NULL});
		script = script_new();
		script_begin(script);
		peer_start(&peer, server.port, script);
		plan_arm(&plan, &fault, 1, 0);
		script = script_new();
		script_request(script, WIRE_PUT, 1, "f", 1, 0);
		client_play(&peer, script);
		ck_assert(client_receive(&peer));
		ck_assert_int_eq(peer.frame.type, WIRE_WORKING);
		eventually(
		    atomic_load(&plan.shared->hit) == 1, HARNESS_TIMEOUT);
		(void)plan_disarm(&plan);
		remove_kept();
		ck_assert_int_eq(
		    server_end(&server, SIGTERM, HARNESS_TIMEOUT), 0);
		client_close(&peer);
	}
	disk_end("disk", "in");
}
END_TEST

/* The quota limits the whole volume, and statvfs does not show it. */
START_TEST(partial_is_removed_when_it_fills_a_quota)
{
	static const struct volume_kind limited = {.name = "btrfs",
	    .needs = "test -e /dev/loop-control; command -v mkfs.btrfs; "
		     "grep -qw btrfs /proc/filesystems || modprobe -q btrfs",
	    .make = "mkfs.btrfs -q \"$1\"",
	    .mount = "mount -t btrfs -o loop \"$1\" \"$2\"; "
		     "btrfs quota enable \"$2\"; "
		     "btrfs qgroup limit 16M 0/5 \"$2\"",
	    .check = "btrfs check \"$1\""};
	struct volume volume;
	struct run run;

	file_make("large", 24 * MEBIBYTE, 1);
	file_write("small", "abc");
	if (volume_unshare_mounts() != 0 ||
	    volume_begin(&volume, &limited, "disk", "in") != 0) {
		harness_skip("btrfs", "needs root, loop devices and btrfs");
		return;
	}
	SERVER_START(&server, "-w", "1");
	RUN(&run, "ftx", "put", "large", "127.0.0.1:large");
	run_check(&run, 28, "partial kept");
	ck_assert_int_eq(directory_count_staged("in"), 1);
	put_good(&server, "small", "small");
	ck_assert_int_eq(directory_count_staged("in"), 0);
	server_stop(&server);
	volume_end(&volume);
}
END_TEST

Suite *
partials_suite(void)
{
	Suite *suite = suite_create("partials");
	TCase *tcase = tcase_create("partials");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(
	    tcase, silent_session_gives_up_its_partial_when_another_asks);
	tcase_add_loop_test(tcase, sender_finds_its_own_partial, 0, 4);
	tcase_add_loop_test(
	    tcase, call_is_retried_once_when_room_is_missing, 0, 4);
	tcase_add_test(tcase, sweep_ends_when_the_server_stops);
	tcase_add_test(tcase, partial_is_removed_when_it_fills_a_quota);
	suite_add_tcase(suite, tcase);
	return suite;
}
