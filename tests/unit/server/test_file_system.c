/* SPDX-License-Identifier: ISC */
/* Learn the properties of a file system; compare and set times. */
#include "server/store/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/support.h"

#define SECOND 1000000000L

Suite *file_system_suite(void);

static struct file_system system_;

static int
open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY);

	ck_assert_int_ne(fd, -1);
	return fd;
}

START_TEST(properties_of_tmpfs_are_found)
{
	int fd;

	if (!support_mount("in", 64))
		return;
	fd = open_directory("in");
	umask(077);
	ck_assert_int_eq(file_system_learn(&system_, fd), 0);
	ck_assert(system_.known);
	ck_assert_int_ne(system_.names, NAMES_FOLD);
	ck_assert_int_eq(system_.modes, MODES_KEPT);
	ck_assert_int_eq(system_.new_names, NEW_BY_LINK);
	ck_assert(!system_.sets_both_times);
	ck_assert(!system_.fills_holes);
	ck_assert_uint_eq(system_.granularity, 1);
	ck_assert_int_le(system_.first_kept, 0);
	ck_assert_int_ge(system_.last_kept, INT32_MAX);
	ck_assert(!file_system_folds(&system_, fd));
	ck_assert_uint_eq(directory_count("in"), 0);
	close(fd);
}
END_TEST

/* If learning fails, the server assumes folded names, kept times and modes. */
START_TEST(assumptions_are_safe_when_learning_fails)
{
	const struct timespec far = {INT64_C(1) << 40, 0};
	int fd;

	directory_make("in");
	fd = open_directory("in");
	ck_assert_int_eq(rmdir("in"), 0);
	ck_assert_int_eq(file_system_learn(&system_, fd), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(!system_.known);
	ck_assert(file_system_folds(&system_, fd));
	ck_assert(system_.sets_both_times);
	ck_assert_int_eq(system_.modes, MODES_KEPT);
	ck_assert(file_system_keeps_time(&system_, fd, &far));
	close(fd);
}
END_TEST

START_TEST(no_files_are_left_when_file_system_is_full)
{
	char block[4096] = "";
	int fd, file;

	if (!support_mount("in", 64))
		return;
	fd = open_directory("in");
	file = open("in/fill", O_WRONLY | O_CREAT, 0600);
	while (write(file, block, sizeof(block)) > 0)
		continue;
	close(file);
	ck_assert_int_eq(file_system_learn(&system_, fd), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_uint_eq(directory_count("in"), 1);
	ck_assert_int_eq(unlink("in/fill"), 0);
	ck_assert_int_eq(file_system_learn(&system_, fd), 0);
	close(fd);
}
END_TEST

START_TEST(only_probe_names_are_owned)
{
	ck_assert(file_system_is_probe("Probe-directory-1-2-3"));
	ck_assert(!file_system_is_probe("probe"));
	ck_assert(!file_system_is_probe("r0123456789abcdef"));
	ck_assert(!file_system_is_probe(""));
}
END_TEST

/* A requested time, the time found, and whether they match. */
static const struct {
	uint64_t granularity;
	struct timespec requested, found;
	int same;
} pairs[] = {
    {1, {5, 7}, {5, 7}, 1},
    {1, {5, 7}, {5, 6}, 0},
    {1, {5, 7}, {5, 8}, 0},
    {1, {5, 7}, {4, 7}, 0},
    {0, {5, 7}, {5, 7}, 1},
    {0, {5, 7}, {5, 0}, 0},
    {100, {5, 789}, {5, 700}, 1},
    {100, {5, 789}, {5, 800}, 1},
    {100, {5, 789}, {5, 600}, 0},
    {100, {5, 789}, {5, 900}, 0},
    {100, {5, 789}, {5, 789}, 0},
    {100, {5, 700}, {5, 700}, 1},
    {100, {5, 700}, {5, 800}, 0},
    {100, {5, 999999999}, {6, 0}, 1},
    {SECOND, {5, 250000000}, {5, 0}, 1},
    {SECOND, {5, 250000000}, {6, 0}, 1},
    {SECOND, {5, 250000000}, {4, 0}, 0},
    {SECOND, {5, 250000000}, {7, 0}, 0},
    {SECOND, {5, 0}, {5, 0}, 1},
    {SECOND, {5, 0}, {6, 0}, 0},
    {SECOND, {5, 0}, {4, 0}, 0},
    {SECOND, {-2, 250000000}, {-2, 0}, 1},
    {SECOND, {-2, 250000000}, {-1, 0}, 1},
    {SECOND, {-2, 250000000}, {0, 0}, 0},
    {2 * SECOND, {5, 0}, {4, 0}, 1},
    {2 * SECOND, {5, 0}, {6, 0}, 1},
    {2 * SECOND, {5, 0}, {5, 0}, 0},
    {2 * SECOND, {5, 1}, {4, 0}, 1},
    {2 * SECOND, {5, 999999999}, {6, 0}, 1},
    {2 * SECOND, {5, 0}, {2, 0}, 0},
    {2 * SECOND, {5, 0}, {8, 0}, 0},
    {2 * SECOND, {6, 0}, {4, 0}, 0},
    {2 * SECOND, {6, 0}, {8, 0}, 0},
    {2 * SECOND, {-3, 0}, {-4, 0}, 1},
    {2 * SECOND, {-3, 0}, {-2, 0}, 1},
    {2 * SECOND, {INT64_MIN, 0}, {INT64_MAX, 0}, 0},
    {2 * SECOND, {INT64_MAX, 0}, {INT64_MIN, 0}, 0},
    {2 * SECOND, {INT64_MAX, 0}, {0, 0}, 0},
};

START_TEST(time_matches_when_rounded_up_or_down)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		system_.granularity = pairs[i].granularity;
		ck_assert_msg(file_system_is_time(&system_, &pairs[i].found,
				  &pairs[i].requested) == pairs[i].same,
		    "pair %zu", i);
	}
}
END_TEST

static int
keeps(int fd, int64_t seconds)
{
	const struct timespec modified = {(time_t)seconds, 0};

	return file_system_keeps_time(&system_, fd, &modified);
}

START_TEST(time_in_known_range_is_kept_without_trial)
{
	system_ = (struct file_system){.granularity = 1,
	    .first_kept = 10,
	    .last_kept = 20,
	    .first_possible = 10,
	    .last_possible = 20};
	ck_assert(!keeps(-1, 9));
	ck_assert(keeps(-1, 10));
	ck_assert(keeps(-1, 11));
	ck_assert(keeps(-1, 19));
	ck_assert(keeps(-1, 20));
	ck_assert(!keeps(-1, 21));
	system_.granularity = 0;
	ck_assert(!keeps(-1, 15));
}
END_TEST

START_TEST(time_outside_known_range_is_tried)
{
	int fd;

	directory_make("in");
	fd = open_directory("in");
	ck_assert_int_eq(file_system_learn(&system_, fd), 0);
	system_.first_kept = system_.last_kept = 0;
	ck_assert(keeps(fd, 1000000000));
	ck_assert(keeps(fd, -1));
	/* The test's file system cannot keep this time. */
	ck_assert(!keeps(fd, INT64_MAX));
	ck_assert_uint_eq(directory_count("in"), 0);
	close(fd);
}
END_TEST

START_TEST(access_time_is_set_when_required)
{
	const struct timespec modified = {1000000, 5};
	struct stat found;
	int fd;

	file_make("f", "x");
	fd = open("f", O_RDWR);
	ck_assert_int_ne(fd, -1);
	system_ = (struct file_system){.granularity = 1};
	ck_assert_int_eq(file_system_set_time(&system_, fd, &modified), 0);
	ck_assert_int_eq(fstat(fd, &found), 0);
	ck_assert_int_eq(found.st_mtim.tv_sec, 1000000);
	ck_assert_int_gt(found.st_atim.tv_sec, 1000000);
	system_.sets_both_times = 1;
	ck_assert_int_eq(file_system_set_time(&system_, fd, &modified), 0);
	ck_assert_int_eq(fstat(fd, &found), 0);
	ck_assert_int_eq(found.st_atim.tv_sec, 1000000);
	close(fd);
}
END_TEST

Suite *
file_system_suite(void)
{
	Suite *suite = suite_create("file_system");
	TCase *tcase = support_case("file_system");

	tcase_add_test(tcase, properties_of_tmpfs_are_found);
	tcase_add_test(tcase, assumptions_are_safe_when_learning_fails);
	tcase_add_test(tcase, no_files_are_left_when_file_system_is_full);
	tcase_add_test(tcase, only_probe_names_are_owned);
	tcase_add_test(tcase, time_matches_when_rounded_up_or_down);
	tcase_add_test(tcase, time_in_known_range_is_kept_without_trial);
	tcase_add_test(tcase, time_outside_known_range_is_tried);
	tcase_add_test(tcase, access_time_is_set_when_required);
	suite_add_tcase(suite, tcase);
	return suite;
}
