/* SPDX-License-Identifier: ISC */
/* One tree on many file systems: ftx reports what each cannot keep. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/lab/volume.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/odd_tree.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* The size of a file, and the bytes after which its connection is cut. */
#define LARGE (6 << 20)
#define CUT_AT (4 << 20)
/* The long form, for tests/endurance, cuts at each multiple of this. */
#define CUT_STEP (600 << 10)
/* Files that fill the disk.  They are too small for partials. */
#define BIG (1000 << 10)
#define BIG_COUNT 30
#define SMALL_COUNT 8
/* Bytes that are left free on a large file system before these files. */
#define ROOM (16 << 20)
#define FILLERS 10

#define SECONDS INT64_C(1000000000)
#define PROGRAM(name) "command -v " name " >/dev/null; "
#define KERNEL(type)                                                           \
	"grep -qw " type " /proc/filesystems || modprobe -q " type "; "
#define LOOP "test -e /dev/loop-control; "
#define LOOP_MOUNT(type, options)                                              \
	"mount -t " type " -o loop" options " \"$1\" \"$2\""
#define E2FSCK "e2fsck -fn \"$1\""
/* The directory below an overlay or a bind mount. */
#define UNDER                                                                  \
	"mkdir -p \"$2.under\"; mount -t tmpfs -o size=24m none "              \
	"\"$2.under\"; "

/* Refused by file systems with times from 1980 to 2107. */
#define DOS_TIMES                                                              \
	(ODD_BEFORE_1980 | ODD_BEFORE_1970 | ODD_FRACTION_BEFORE_1970 |        \
	    ODD_YEAR_9999)

/* ext4 whose inodes have room for fractions of a second. */
#define EXT4_LIMITS                                                            \
	{                                                                      \
		.refused = ODD_YEAR_9999                                       \
	}

static const struct row {
	struct volume_kind kind;
	struct odd_limits limits;
	int forgets; /* files do not survive an unmount */
} rows[] = {
    {{"ext3", LOOP KERNEL("ext3") PROGRAM("mkfs.ext3"),
	 "truncate -s 32M \"$1\"; mkfs.ext3 -q \"$1\"", LOOP_MOUNT("ext3", ""),
	 NULL, NULL, E2FSCK},
	EXT4_LIMITS, 0},
    {{"ext4", LOOP KERNEL("ext4") PROGRAM("mkfs.ext4"),
	 "truncate -s 32M \"$1\"; mkfs.ext4 -q \"$1\"", LOOP_MOUNT("ext4", ""),
	 NULL, NULL, E2FSCK},
	EXT4_LIMITS, 0},
    {{"ext4-no-journal", LOOP KERNEL("ext4") PROGRAM("mkfs.ext4"),
	 "truncate -s 32M \"$1\"; mkfs.ext4 -q -O ^has_journal \"$1\"",
	 LOOP_MOUNT("ext4", ""), NULL, NULL, E2FSCK},
	EXT4_LIMITS, 0},
    {{"ext4-small-inodes", LOOP KERNEL("ext4") PROGRAM("mkfs.ext4"),
	 "truncate -s 32M \"$1\"; mkfs.ext4 -q -I 128 \"$1\"",
	 LOOP_MOUNT("ext4", ""), NULL, NULL, E2FSCK},
	{.refused = ODD_AFTER_2038 | ODD_YEAR_9999, .granularity = SECONDS}, 0},
    {{"ext4-casefold",
	 LOOP KERNEL("ext4") PROGRAM("mkfs.ext4")
	     PROGRAM("chattr") "test -e /sys/fs/ext4/features/casefold",
	 "truncate -s 32M \"$1\"; mkfs.ext4 -q -O casefold \"$1\"; "
	 "mount -o loop \"$1\" \"$2\"; mkdir \"$2/sub\"; "
	 "chattr +F \"$2/sub\"; umount \"$2\"",
	 "mkdir -p \"$2.under\"; mount -o loop \"$1\" \"$2.under\"; "
	 "mount --bind \"$2.under/sub\" \"$2\"; umount -l \"$2.under\"",
	 NULL, NULL, E2FSCK},
	{.refused = ODD_YEAR_9999 | ODD_CASE | ODD_NORMAL}, 0},
    {{"xfs", LOOP KERNEL("xfs") PROGRAM("mkfs.xfs"), "mkfs.xfs -q \"$1\"",
	 LOOP_MOUNT("xfs", ""), NULL, NULL, "xfs_repair -n \"$1\""},
	{.refused = ODD_YEAR_9999}, 0},
    {{"btrfs", LOOP KERNEL("btrfs") PROGRAM("mkfs.btrfs"),
	 "mkfs.btrfs -q \"$1\"; mount -o loop \"$1\" \"$2\"; "
	 "btrfs subvolume create \"$2/sub\"; btrfs quota enable \"$2\"; "
	 "btrfs qgroup limit 24M \"$2/sub\"; umount \"$2\"",
	 LOOP_MOUNT("btrfs", ",subvol=sub"), NULL, NULL, "btrfs check \"$1\""},
	{.granularity = 0}, 0},
    {{"exfat",
	 LOOP KERNEL("fuseblk") PROGRAM("mkfs.exfat")
	     PROGRAM("mount.exfat-fuse") "test -e /dev/fuse",
	 "truncate -s 32M \"$1\"; mkfs.exfat \"$1\"", NULL,
	 "loop=$(losetup -f --show \"$1\"); "
	 "(until mountpoint -q \"$2\"; do sleep 0.01; done; "
	 "losetup -d \"$loop\") 9>&- & "
	 "exec mount.exfat-fuse -d -o umask=077 \"$loop\" \"$2\"",
	 NULL, "fsck.exfat -n \"$1\""},
	{ODD_BYTES | ODD_SIGNS | ODD_CASE | DOS_TIMES, SECONDS, 1, 1}, 0},
    {{"ntfs",
	 KERNEL("fuse") PROGRAM("mkfs.ntfs")
	     PROGRAM("ntfs-3g") "test -e /dev/fuse",
	 "truncate -s 32M \"$1\"; mkfs.ntfs -F -Q -q \"$1\"", NULL,
	 "exec ntfs-3g -o no_detach,umask=077 \"$1\" \"$2\"", NULL,
	 "ntfsfix -n \"$1\""},
	{ODD_BYTES | ODD_FRACTION_BEFORE_1970, 100, 1, 0}, 0},
    {{"vfat", LOOP KERNEL("vfat") PROGRAM("mkfs.vfat"),
	 "truncate -s 32M \"$1\"; mkfs.vfat \"$1\"", LOOP_MOUNT("vfat", ""),
	 NULL, NULL, "fsck.vfat -n \"$1\""},
	{ODD_BYTES | ODD_SIGNS | ODD_CASE | DOS_TIMES, 2 * SECONDS, 1, 0}, 0},
    {{"tmpfs", NULL, NULL, "mount -t tmpfs -o size=24m none \"$2\"", NULL, NULL,
	 NULL},
	{.granularity = 0}, 1},
    {{"overlay", KERNEL("overlay"),
	 UNDER "mkdir \"$2.under/l\" \"$2.under/u\" \"$2.under/w\"",
	 "cd \"$2.under\"; mount -t overlay -o "
	 "lowerdir=l,upperdir=u,workdir=w none \"../$2\"",
	 NULL, NULL, "umount \"$2.under\""},
	{.granularity = 0}, 0},
    {{"bind", NULL, UNDER "mkdir \"$2.under/d\"",
	 "mount --bind \"$2.under/d\" \"$2\"", NULL, NULL,
	 "umount \"$2.under\""},
	{.granularity = 0}, 0},
};

static const struct row *row;
static struct server server;
static unsigned version;

/* The sources are on a tmpfs, which keeps all times. */
static void
make_sources(void)
{
	char path[32];
	struct run run;

	directory_make("src");
	RUN(&run, "mount", "-t", "tmpfs", "none", "src");
	run_check(&run, 0, NULL);
	odd_tree_make("src/tree", version);
	file_make("large", LARGE, 1);
	directory_make("big");
	directory_make("small");
	for (unsigned i = 0; i < BIG_COUNT; i++) {
		snprintf(path, sizeof(path), "big/%02u", i);
		file_make(path, BIG, i);
	}
	for (unsigned i = 0; i < SMALL_COUNT; i++) {
		snprintf(path, sizeof(path), "small/%02u", i);
		file_make(path, 3000 + i, i);
	}
}

/* Put the odd tree with these options, and compare. */
static void
put_tree(const char *options, enum odd_outcome outcome)
{
	char line[256];
	struct run run;

	snprintf(line, sizeof(line),
	    "$FTX put -vr %s src/tree/ 127.0.0.1:t 2>output", options);
	run_shell(&run, line);
	odd_tree_check(&row->limits, outcome, "output", "src/tree", "in/t");
}

/* If the file system cannot keep no-clobber, ftx reports that at once. */
static void
put_new_only(void)
{
	struct run run;

	RUN(&run, "ftx", "put", "-o", "no-clobber", "large", "127.0.0.1:new");
	if (row->limits.no_exclusive) {
		run_check(&run, 5, "refused: ");
		ck_assert(!file_exists("in/new"));
		return;
	}
	run_check(&run, 0, NULL);
	ck_assert(file_equal("large", "in/new"));
	ck_assert_int_eq(unlink("in/new"), 0);
}

static void
put_and_put_again(void)
{
	put_tree("-p", ODD_STORED);
	odd_tree_make("src/tree", ++version);
	put_tree("-p", ODD_STORED);
	put_tree("-o skip-unchanged", ODD_UNCHANGED);
	odd_tree_make("src/other", ++version);
	ck_assert_int_eq(rename("src/tree", "src/kept"), 0);
	ck_assert_int_eq(rename("src/other", "src/tree"), 0);
	put_tree("-p -o no-clobber", ODD_EXISTS);
	ck_assert_int_eq(rename("src/tree", "src/other"), 0);
	ck_assert_int_eq(rename("src/kept", "src/tree"), 0);
	put_new_only();
	odd_tree_check_still(&row->limits, "src/tree", "in/t");
}

/* The second put must not send the bytes before the cut again. */
static void
put_with_cut(uint64_t at)
{
	struct proxy_plan plan = {
	    .up = {.fault = PROXY_CUT, .at = at}, .faulty = 1};
	struct proxy proxy;
	struct run run;
	char port[16];

	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "large",
	    "127.0.0.1:large");
	run_check(&run, 10, NULL);
	ck_assert(!file_exists("in/large"));
	RUN(&run, "ftx", "put", "-P", port, "large", "127.0.0.1:large");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("large", "in/large"));
	if (at >= CUT_AT)
		ck_assert_uint_lt(*proxy.passed, LARGE + (1 << 20));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	ck_assert_int_eq(unlink("in/large"), 0);
}

/* Leave about ROOM bytes free, unless a quota leaves less. */
static void
make_filler(void)
{
	static int number;
	char name[32], size[32];
	struct statvfs space;
	struct run run;

	RUN(&run, "sync", "-f", "in");
	ck_assert_int_eq(statvfs("in", &space), 0);
	if (space.f_bavail * space.f_frsize <= ROOM + ROOM / 2)
		return;
	snprintf(name, sizeof(name), "in/filler.%d", number++);
	snprintf(size, sizeof(size), "%llu",
	    (unsigned long long)(space.f_bavail * space.f_frsize - ROOM));
	RUN(&run, "fallocate", "-l", size, name);
}

static void
check_files(const char *directory, int count, const char *output, int *stored,
    int *failed)
{
	char source[32], copy[32], line[64];

	for (int i = 0; i < count; i++) {
		snprintf(source, sizeof(source), "%s/%02d", directory, i);
		snprintf(copy, sizeof(copy), "in/%s/%02d", directory, i);
		snprintf(line, sizeof(line), "stored %s -> ", source);
		if (strstr(output, line) != NULL) {
			ck_assert_msg(file_equal(source, copy),
			    "%s differs from its source", copy);
			++*stored;
			continue;
		}
		ck_assert_msg(!file_exists(copy), "%s exists", copy);
		snprintf(line, sizeof(line), "ftx: %s -> ", source);
		ck_assert_msg(strstr(output, line) != NULL,
		    "no message about %s", source);
		++*failed;
	}
}

/* Put one of the directories.  Returns how many files were stored. */
static int
put_files(const char *directory, int count)
{
	int stored = 0, failed = 0;
	char line[128], *output;
	struct run run;

	snprintf(line, sizeof(line), "$FTX put -vr %s/ 127.0.0.1:%s 2>output",
	    directory, directory);
	run_shell(&run, line);
	output = file_read("output");
	check_files(directory, count, output, &stored, &failed);
	ck_assert_msg(
	    run.status == (failed == 0 ? 0 : 23) && stored + failed == count,
	    "%s: status %d: %.3000s", directory, run.status, output);
	free(output);
	return stored;
}

/* If space runs out, ftx reports it, and all stored files are whole. */
static void
fill_up(void)
{
	int stored, tries = 0;

	/*
	 * XFS frees more room when ftxd syncs it: try again if all files fit.
	 */
	do {
		ck_assert_int_lt(tries++, FILLERS);
		make_filler();
		stored = put_files("big", BIG_COUNT);
		ck_assert_int_gt(stored, 0);
		ck_assert_int_eq(directory_remove("in/big"), 0);
	} while (stored == BIG_COUNT);
	ck_assert_int_eq(put_files("small", SMALL_COUNT), SMALL_COUNT);
}

START_TEST(promise_holds_on_each_file_system)
{
	int is_long = getenv("FTX_ENDURANCE") != NULL;
	struct volume volume;
	struct run run;

	row = &rows[_i];
	if (volume_begin(&volume, &row->kind, "image", "in") != 0) {
		harness_skip(row->kind.name, "not all that it needs is there");
		return;
	}
	make_sources();
	SERVER_START(&server, "-w", "2", "-C", "2", "-o", "min-free=0");
	put_and_put_again();
	if (is_long)
		for (uint64_t at = CUT_STEP; at < LARGE; at += CUT_STEP)
			put_with_cut(at);
	else
		put_with_cut(CUT_AT);
	for (int i = 0; i < (is_long ? 5 : 1); i++)
		fill_up();
	server_stop(&server);
	if (!row->forgets) {
		volume_remount(&volume);
		odd_tree_check_still(&row->limits, "src/tree", "in/t");
	}
	volume_end(&volume);
	RUN(&run, "umount", "src");
	run_check(&run, 0, NULL);
}
END_TEST

Suite *
filesystems_suite(void)
{
	Suite *suite = suite_create("filesystems");
	TCase *tcase = harness_case("filesystems");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, promise_holds_on_each_file_system, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(suite, tcase);
	return suite;
}
