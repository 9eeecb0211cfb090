/* SPDX-License-Identifier: ISC */
/* File systems that keep times, modes and holes partly or not at all. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/disk.h"
#include "tests/lab/odd_disk.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define SECOND UINT64_C(1000000000)

/* An even second, and a fraction that is no multiple of 100 ns. */
#define WHEN 1700000000
#define FRACTION 123456789

static struct server server;
static struct odd_disk disk;

/*
 * Start a server on such a disk.  Returns nonzero if it runs, zero if the test
 * was skipped.
 */
static int
begin(const struct odd_disk *wanted)
{
	disk = *wanted;
	if (odd_disk_begin(&disk, "in") != 0) {
		harness_skip("fuse", "needs root and /dev/fuse");
		return 0;
	}
	SERVER_START(&server, "-w", "1");
	return 1;
}

static void
end(void)
{
	server_stop(&server);
	odd_disk_end(&disk);
}

/* Make a file, if it does not exist, and set its time. */
static void
make(const char *path, int64_t seconds, long nanoseconds)
{
	const struct timespec times[2] = {
	    {(time_t)seconds, nanoseconds}, {(time_t)seconds, nanoseconds}};

	if (!file_exists(path))
		file_write(path, "x");
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static struct timespec
time_of(const char *path)
{
	struct stat found;

	ck_assert_int_eq(stat(path, &found), 0);
	return found.st_mtim;
}

static void
put(const char *option, const char *source, int status, const char *text)
{
	struct run run;

	RUN(&run, "ftx", "put", option, source, "127.0.0.1:");
	run_check(&run, status, text);
}

/* Put four files twice: the second run must send none. */
static void
expect_unchanged(void)
{
	struct run run;

	directory_make("src");
	make("src/even", WHEN, FRACTION);
	make("src/odd", WHEN + 1, FRACTION);
	make("src/late", WHEN + 1, (long)SECOND - 1);
	make("src/exact", WHEN, 0);
	for (int i = 0; i < 2; i++) {
		RUN(&run, "ftx", "put", "-v", "-r", "-o", "skip-unchanged",
		    "src/", "127.0.0.1:d");
		run_check(&run, 0, NULL);
		ck_assert_int_eq(strstr(run.out, "stored ") != NULL ||
			strstr(run.err, "stored ") != NULL,
		    i == 0);
	}
	/* A change by two seconds is noticed. */
	make("src/even", WHEN + 2, FRACTION);
	RUN(&run, "ftx", "put", "-v", "-o", "skip-unchanged", "src/even",
	    "127.0.0.1:d/");
	run_check(&run, 0, "stored ");
}

static const uint64_t granularities[] = {
    1, 100, 1000, 1000000, 10000000, SECOND, 2 * SECOND};

START_TEST(file_is_unchanged_when_times_are_coarse)
{
	if (!begin(&(struct odd_disk){
		.granularity = granularities[_i], ODD_ANY_TIME}))
		return;
	expect_unchanged();
	end();
}
END_TEST

/* 128-byte inodes of ext4 keep whole seconds, up to 2038. */
START_TEST(ext4_with_small_inodes_keeps_seconds_until_2038)
{
	struct run run;

	if (disk_begin("disk", "in") != 0) {
		harness_skip("loop", "needs root, loop devices and ext4");
		return;
	}
	RUN(&run, "umount", "in");
	run_check(&run, 0, NULL);
	RUN(&run, "mkfs.ext4", "-q", "-F", "-I", "128", "disk");
	run_check(&run, 0, NULL);
	RUN(&run, "mount", "-o", "loop", "disk", "in");
	run_check(&run, 0, NULL);
	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	expect_unchanged();
	make("src/last", INT32_MAX, FRACTION);
	put("-p", "src/last", 0, NULL);
	ck_assert_int_eq(time_of("in/last").tv_sec, INT32_MAX);
	make("src/over", INT64_C(1) << 32, 0);
	put("-p", "src/over", 5, "cannot keep its time, of the year 2106");
	server_stop(&server);
	disk_end("disk", "in");
}
END_TEST

/* Like libfuse 2, which sets both times or none. */
START_TEST(times_are_set_when_a_single_time_is_dropped)
{
	if (!begin(
		&(struct odd_disk){.traits = ODD_DROPS_ONE_TIME, ODD_ANY_TIME}))
		return;
	make("f", WHEN, FRACTION);
	put("-p", "f", 0, NULL);
	ck_assert_int_eq(time_of("in/f").tv_sec, WHEN);
	ck_assert_int_eq(time_of("in/f").tv_nsec, FRACTION);
	end();
}
END_TEST

/* The disk's range of times.  ftxd tries each time outside of 1970 to 2038. */
#define LEAST INT64_C(-1000)
#define MOST (INT64_C(1) << 32)

START_TEST(file_is_refused_when_its_time_is_out_of_range)
{
	static const struct {
		int64_t seconds;
		const char *refused;
	} cases[] = {
	    {LEAST - 1, "cannot keep its time, of the year 1969"},
	    {LEAST, NULL},
	    {LEAST + 1, NULL},
	    {MOST - 1, NULL},
	    {MOST, NULL},
	    {MOST + 1, "cannot keep its time, of the year 2106"},
	};

	if (!begin(&(struct odd_disk){
		.granularity = SECOND, .least = LEAST, .most = MOST}))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int refused = cases[i].refused != NULL;

		make("f", cases[i].seconds, 0);
		put("-np", "f", refused ? 5 : 0, cases[i].refused);
		put("-p", "f", refused ? 5 : 0, cases[i].refused);
		ck_assert_int_eq(file_exists("in/f"), !refused);
		if (!refused)
			ck_assert_int_eq(
			    time_of("in/f").tv_sec, cases[i].seconds);
		/* Without -p, the time of the file does not matter. */
		put("-v", "f", 0, NULL);
		ck_assert_int_eq(unlink("in/f"), 0);
	}
	ck_assert_int_eq(directory_count_staged("in"), 0);
	end();
}
END_TEST

START_TEST(directory_is_refused_when_its_time_is_out_of_range)
{
	struct run run;

	if (!begin(&(struct odd_disk){.granularity = 1, .most = INT32_MAX}))
		return;
	directory_make("src");
	make("src/f", WHEN, 0);
	make("src", -5, 0);
	RUN(&run, "ftx", "put", "-rp", "src", "127.0.0.1:");
	run_check(&run, 23, "cannot keep its time, of the year 1969");
	ck_assert(file_exists("in/src/f"));
	end();
}
END_TEST

START_TEST(file_is_refused_when_times_are_not_kept)
{
	if (!begin(&(struct odd_disk){.traits = ODD_DROPS_TIMES, ODD_ANY_TIME}))
		return;
	make("f", WHEN, FRACTION);
	put("-p", "f", 5, "keeps no times");
	put("-np", "f", 5, "keeps no times");
	ck_assert(!file_exists("in/f"));
	put("-v", "f", 0, NULL);
	put("-oskip-unchanged", "f", 0, NULL);
	end();
}
END_TEST

/* Without -p, the file keeps the mode that it was created with. */
START_TEST(file_is_refused_when_modes_cannot_change)
{
	if (!begin(
		&(struct odd_disk){.traits = ODD_REFUSES_MODES, ODD_ANY_TIME}))
		return;
	server_expect(&server, "warning: this file system refuses to change");
	make("f", WHEN, FRACTION);
	put("-v", "f", 0, NULL);
	put("-p", "f", 5, "refuses to change modes");
	put("-np", "f", 5, "refuses to change modes");
	ck_assert_int_eq(
	    server_count_logged(&server, "warning: this file system"), 1);
	end();
}
END_TEST

START_TEST(modes_are_ignored_with_a_warning)
{
	if (!begin(
		&(struct odd_disk){.traits = ODD_IGNORES_MODES, ODD_ANY_TIME}))
		return;
	server_expect(&server, "warning: this file system keeps no modes");
	make("f", WHEN, FRACTION);
	put("-p", "f", 0, NULL);
	ck_assert_int_eq(time_of("in/f").tv_sec, WHEN);
	end();
}
END_TEST

/*
 * Like exfat-fuse, the disk shows times that exFAT cannot keep, until it is
 * unmounted.
 */
START_TEST(fat_times_are_assumed_when_all_limits_match)
{
	if (!begin(&(struct odd_disk){.traits = ODD_FOLDS | ODD_NO_NEW_NAMES |
		    ODD_IGNORES_MODES | ODD_DROPS_ONE_TIME,
		.granularity = SECOND,
		ODD_ANY_TIME}))
		return;
	make("f", 315532800 - 1, 0);
	put("-p", "f", 5, "cannot keep its time, of the year 1979");
	make("f", 315532800, 0);
	put("-p", "f", 0, NULL);
	make("f", INT64_C(4354819199), 0);
	put("-p", "f", 0, NULL);
	make("f", INT64_C(4354819200), 0);
	put("-p", "f", 5, "cannot keep its time, of the year 2108");
	end();
}
END_TEST

/* The disk reports that it fills holes, and that 410 MB are free. */
START_TEST(file_is_refused_when_filled_holes_need_room)
{
	if (!begin(&(struct odd_disk){ODD_ANY_TIME}))
		return;
	file_write("holes", "");
	ck_assert_int_eq(truncate("holes", 1 << 20), 0);
	put("-p", "holes", 0, NULL);
	ck_assert_int_eq(truncate("holes", 400 << 20), 0);
	put("-p", "holes", 28, "needs 419 MB");
	put("-n", "holes", 28, "needs 419 MB");
	end();
}
END_TEST

Suite *
odd_times_suite(void)
{
	Suite *suite = suite_create("odd_times");
	TCase *tcase = harness_case("odd_times");

	tcase_add_loop_test(tcase, file_is_unchanged_when_times_are_coarse, 0,
	    (int)(sizeof(granularities) / sizeof(*granularities)));
	tcase_add_test(tcase, ext4_with_small_inodes_keeps_seconds_until_2038);
	tcase_add_test(tcase, times_are_set_when_a_single_time_is_dropped);
	tcase_add_test(tcase, file_is_refused_when_its_time_is_out_of_range);
	tcase_add_test(
	    tcase, directory_is_refused_when_its_time_is_out_of_range);
	tcase_add_test(tcase, file_is_refused_when_times_are_not_kept);
	tcase_add_test(tcase, file_is_refused_when_modes_cannot_change);
	tcase_add_test(tcase, modes_are_ignored_with_a_warning);
	tcase_add_test(tcase, fat_times_are_assumed_when_all_limits_match);
	tcase_add_test(tcase, file_is_refused_when_filled_holes_need_room);
	suite_add_tcase(suite, tcase);
	return suite;
}
