/* SPDX-License-Identifier: ISC */
/*
 * Free space on real file systems: min-free holds, and files that fit are
 * stored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "server/store/space.h"
#include "tests/lab/volume.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define NEEDS(type)                                                            \
	"test -e /dev/loop-control; command -v mkfs." type                     \
	" >/dev/null; grep -qw " type                                          \
	" /proc/filesystems || modprobe -q " type
#define LOOP_MOUNT "mount -o loop \"$1\" \"$2\""
#define MEBIBYTE (1 << 20)
/* Bytes that a file system uses to map the blocks of these files. */
#define METADATA (32 << 10)

/* A put of four times this size announces no allocated bytes. */
#define UNANNOUNCED (64 * MEBIBYTE)

static const struct volume_kind ext4_small = {"ext4", NEEDS("ext4"),
    "truncate -s 24M \"$1\"; mkfs.ext4 -q -m 0 -N 30000 \"$1\"", LOOP_MOUNT,
    NULL, NULL, "e2fsck -fn \"$1\""};
static const struct volume_kind ext4 = {"ext4", NEEDS("ext4"),
    "truncate -s 256M \"$1\"; mkfs.ext4 -q -m 0 \"$1\"", LOOP_MOUNT, NULL, NULL,
    "e2fsck -fn \"$1\""};
static const struct volume_kind xfs = {"xfs", NEEDS("xfs"),
    "truncate -s 340M \"$1\"; mkfs.xfs -q \"$1\"", LOOP_MOUNT, NULL, NULL,
    "xfs_repair -n \"$1\""};
static const struct volume_kind btrfs = {"btrfs", NEEDS("btrfs"),
    "mkfs.btrfs -q \"$1\"", LOOP_MOUNT, NULL, NULL, "btrfs check \"$1\""};

static struct volume volume;
static struct server server;

/* If such a file system cannot be mounted, skip the test and return 0. */
static int
begin(const struct volume_kind *kind)
{
	if (volume_begin(&volume, kind, "image", "in") == 0)
		return 1;
	harness_skip(kind->name, "not all that it needs is there");
	return 0;
}

static uint64_t
bytes_free(void)
{
	struct statvfs system;

	ck_assert_int_eq(statvfs("in", &system), 0);
	return (uint64_t)system.f_bavail * system.f_frsize;
}

static uint64_t
bytes_of_half(void)
{
	struct statvfs system;

	ck_assert_int_eq(statvfs("in", &system), 0);
	return (uint64_t)system.f_blocks * system.f_frsize / 2;
}

/* Half must stay free, less metadata and a share for each worker. */
static void
expect_half_free(unsigned workers)
{
	ck_assert_uint_ge(bytes_free() + METADATA + workers * SPACE_SHARE_LEAST,
	    bytes_of_half());
}

static void
end_all(void)
{
	server_stop(&server);
	volume_end(&volume);
}

/*
 * Request count directories, numbered from first.  Returns how many were made.
 */
static unsigned
make_directories(struct client *peer, unsigned first, unsigned count)
{
	struct script *script = script_new();
	unsigned made = 0;
	char path[16];

	for (unsigned i = first; i < first + count; i++) {
		snprintf(path, sizeof(path), "d%u", i);
		script_request(script, WIRE_DIRECTORY, i, path, 0, 0);
	}
	client_play(peer, script);
	for (unsigned i = 0; i < count; i++) {
		ck_assert(client_next(peer));
		ck_assert_int_eq(peer->frame.type, WIRE_RESULT);
		made += peer->payload[0] == STATUS_STORED;
		ck_assert(peer->payload[0] == STATUS_STORED ||
		    peer->payload[0] == STATUS_NO_SPACE);
	}
	return made;
}

START_TEST(min_free_holds_when_directories_are_made)
{
	struct script *script = script_new();
	const unsigned batch = 256, most = 56 * batch;
	unsigned asked = 0;
	struct client peer;

	if (!begin(&ext4_small))
		return;
	SERVER_START(
	    &server, "-w", "1", "-o", "min-free=50%", "-o", "fsync=no");
	script_begin(script);
	peer_start(&peer, server.port, script);
	while (make_directories(&peer, asked + 1, batch) == batch) {
		asked += batch;
		ck_assert_uint_lt(asked, most);
	}
	expect_half_free(1);
	/* A directory that exists needs no space. */
	script = script_new();
	script_request(script, WIRE_DIRECTORY, most + 1, "d1", 0, 0);
	client_play(&peer, script);
	client_expect_result(&peer, most + 1, STATUS_STORED);
	client_close(&peer);
	end_all();
}
END_TEST

START_TEST(min_free_holds_when_allocated_bytes_are_unknown)
{
	static uint8_t piece[MEBIBYTE];
	struct script *script = script_new();
	struct client peer;
	uint32_t sent = 0;

	if (!begin(&ext4))
		return;
	SERVER_START(&server, "-w", "1", "-o", "min-free=50%");
	script_begin(script);
	script_request(script, WIRE_PUT, 1, "f", 4 * UNANNOUNCED, 0);
	peer_start(&peer, server.port, script);
	while (sent < 4 * UNANNOUNCED) {
		struct pollfd input = {.fd = peer.fd, .events = POLLIN};

		script = script_new();
		script_frame(script, WIRE_DATA, 1, piece, sizeof(piece));
		client_play(&peer, script);
		sent += sizeof(piece);
		expect_half_free(1);
		if (io_poll(&input, 1, io_now()) > 0)
			break;
	}
	client_expect_result(&peer, 1, STATUS_NO_SPACE);
	client_close(&peer);
	end_all();
}
END_TEST

/* Standard input has no size that could be checked in advance. */
START_TEST(min_free_holds_when_all_workers_write)
{
	static const char many[] =
	    "for i in $(seq 64); do $FTX put -q - 127.0.0.1:$i <big & done; "
	    "for i in $(seq 64); do wait -n; echo $? >>statuses; done";
	struct run run;
	char *statuses;
	int ended;

	if (!begin(&ext4))
		return;
	file_make("big", 16 * MEBIBYTE, 1);
	SERVER_START(
	    &server, "-w", "64", "-C", "64", "-o", "min-free=50%", "-q");
	RUN_BEGIN(&run, "bash", "-c", many);
	do {
		expect_half_free(64);
		(void)poll(NULL, 0, 1);
		ended = file_exists("statuses") &&
		    file_size("statuses") > 64 * 2 - 1;
	} while (!ended);
	run_finish(&run);
	run_check(&run, 0, NULL);
	statuses = file_read("statuses");
	ck_assert_ptr_nonnull(strstr(statuses, "28\n"));
	free(statuses);
	end_all();
}
END_TEST

/* XFS allocates more for a growing file than its content needs. */
START_TEST(file_is_stored_when_preallocation_uses_free_space)
{
	uint64_t size;

	if (!begin(&xfs))
		return;
	size = bytes_free() / 100 * 78;
	file_make("f", size, 1);
	SERVER_START(&server, "-w", "1");
	put_good(&server, "f", "f");
	end_all();
}
END_TEST

/* If the server cannot sync one file system, skip the test and return 0. */
static int
syncs_file_system(void)
{
#ifdef OS_LINUX
	return 1;
#else
	harness_skip("syncfs", "only Linux syncs one file system");
	return 0;
#endif
}

/* btrfs frees space when it commits, up to 30 seconds later. */
START_TEST(file_is_stored_when_space_is_freed_late)
{
	uint64_t size;

	if (!syncs_file_system() || !begin(&btrfs))
		return;
	size = bytes_free() / 100 * 60;
	file_make("f", size, 1);
	SERVER_START(&server, "-w", "1");
	put_good(&server, "f", "before");
	ck_assert_int_eq(unlink("in/before"), 0);
	ck_assert_uint_lt(bytes_free(), size);
	put_good(&server, "f", "after");
	end_all();
}
END_TEST

/* The limit holds for all workers together, and for any number of refusals. */
START_TEST(file_system_is_synced_at_most_once_a_minute)
{
	struct run run;
	char *calls;

	if (!syncs_file_system())
		return;
	/* A process can have only one tracer, and the leak checker is one. */
	ck_assert_int_eq(setenv("ASAN_OPTIONS", "detect_leaks=0", 1), 0);
	RUN(&run, "strace", "-o", "/dev/null", "true");
	if (run.status != 0) {
		harness_skip("order", "strace is missing or may not trace");
		return;
	}
	file_write("f", "x");
	server_start_by(&server,
	    (const char *const[]){"strace", "-D", "-f", "-qq", "-o", "calls",
		"-e", "trace=syncfs", "-e", "signal=none", NULL},
	    (const char *const[]){"-w", "2", "-o", "min-free=1000T", NULL});
	for (int i = 0; i < 4; i++) {
		RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
		run_check(&run, 28, "No space left on device");
	}
	server_stop(&server);
	calls = file_read("calls");
	ck_assert_ptr_nonnull(strchr(calls, '\n'));
	ck_assert_str_eq(strchr(calls, '\n'), "\n");
	free(calls);
}
END_TEST

Suite *
space_suite(void)
{
	Suite *suite = suite_create("space");
	TCase *tcase = harness_case("space");

	tcase_add_test(tcase, min_free_holds_when_directories_are_made);
	tcase_add_test(tcase, min_free_holds_when_allocated_bytes_are_unknown);
	tcase_add_test(tcase, min_free_holds_when_all_workers_write);
	tcase_add_test(
	    tcase, file_is_stored_when_preallocation_uses_free_space);
	tcase_add_test(tcase, file_is_stored_when_space_is_freed_late);
	tcase_add_test(tcase, file_system_is_synced_at_most_once_a_minute);
	suite_add_tcase(suite, tcase);
	return suite;
}
