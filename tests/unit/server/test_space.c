/* SPDX-License-Identifier: ISC */
/* Free space: the reserve, the shares of workers, and when to check. */
#include "server/store/space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/unit/support.h"

#define WORKERS 4

Suite *space_suite(void);

static struct store store;
static struct space_account account;
static struct outcome outcome;
static uint64_t available;

/* Mount a file system, and open a store on it.  Returns 0 if skipped. */
static int
open_disk(unsigned kibibytes)
{
	struct statvfs system;

	store = (struct store){.root = -1, .workers = WORKERS};
	memset(&account, 0, sizeof(account));
	if (!support_mount("mounted", kibibytes))
		return 0;
	ck_assert_int_eq(store_open(&store, "mounted", &outcome), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), 0);
	ck_assert_int_eq(fstatvfs(store.root, &system), 0);
	available = (uint64_t)system.f_bavail * system.f_frsize;
	return 1;
}

static int
check(uint64_t bytes, uint64_t held)
{
	const struct space_amount needed = {bytes, 0}, has = {held, 0};
	int result = space_check(&store, &account, &needed, &has, &outcome);

	if (result == -1) {
		ck_assert_int_eq(outcome.status, STATUS_NO_SPACE);
		ck_assert_ptr_nonnull(strstr(outcome.text, strerror(ENOSPC)));
	}
	return result;
}

/* Expect that most bytes fit, and that most + 1 bytes do not. */
static void
expect_room(uint64_t most, uint64_t held)
{
	ck_assert_int_eq(check(most - 1, held), 0);
	ck_assert_int_eq(check(most, held), 0);
	ck_assert_int_eq(check(most + 1, held), -1);
}

START_TEST(bytes_are_refused_when_too_few_stay_free)
{
	if (!open_disk(4096))
		return;
	expect_room(available, 0);
	store.free_bytes = available - 1000;
	expect_room(1000, 0);
	store.free_bytes = available;
	ck_assert_int_eq(check(0, 0), 0);
	store.free_bytes = available + 1;
	ck_assert_int_eq(check(0, 0), -1);
	ck_assert_int_eq(check(UINT64_MAX - 1, 0), -1);
	/* The larger reserve counts.  48 and 52 allow for rounding of 50%. */
	store.free_percent = 50;
	store.free_bytes = 1;
	ck_assert_int_eq(check(available / 100 * 48, 0), 0);
	ck_assert_int_eq(check(available / 100 * 52, 0), -1);
	store_close(&store);
}
END_TEST

START_TEST(allocated_blocks_count_as_free_for_their_file)
{
	if (!open_disk(4096))
		return;
	store.free_bytes = available - 1000;
	expect_room(1000 + 5000, 5000);
	/* Other files use 1000 B of the reserve.  A surplus must cover it. */
	store.free_bytes = available + 1000;
	ck_assert_int_eq(check(5000, 5999), -1);
	ck_assert_int_eq(check(5000, 6000), 0);
	ck_assert_int_eq(check(5000, 6001), 0);
	store_close(&store);
}
END_TEST

START_TEST(lack_is_reported_when_file_does_not_fit)
{
	if (!open_disk(4096))
		return;
	store.free_bytes = available - 1000;
	ck_assert_int_eq(check(1000, 0), 0);
	ck_assert_uint_eq(account.lack.bytes, 0);
	ck_assert_int_eq(check(1001, 0), -1);
	ck_assert_uint_eq(account.lack.bytes, 1);
	store.free_bytes = available + 7;
	ck_assert_int_eq(check(100, 50), -1);
	ck_assert_uint_eq(account.lack.bytes, 57);
	ck_assert_uint_eq(account.lack.files, 0);
	ck_assert_ptr_nonnull(strstr(outcome.text, "needs 50 B, "));
	/* If the size is unknown, the text names no need. */
	ck_assert_int_eq(check(0, 0), -1);
	ck_assert_ptr_null(strstr(outcome.text, "needs"));
	store_close(&store);
}
END_TEST

static int
check_files(uint64_t files, uint64_t held)
{
	const struct space_amount needed = {0, files}, has = {0, held};

	return space_check(&store, &account, &needed, &has, &outcome);
}

START_TEST(inodes_are_refused_when_too_few_stay_free)
{
	struct statvfs numbers;
	uint64_t usable;

	if (!open_disk(4096))
		return;
	/* NOLINTNEXTLINE(cert-env33-c) */
	ck_assert_int_eq(system("mount -o remount,nr_inodes=200 mounted"), 0);
	ck_assert_int_eq(fstatvfs(store.root, &numbers), 0);
	ck_assert_uint_eq(numbers.f_files, 200);
	store.free_percent = 20;
	usable = numbers.f_favail - 40;
	ck_assert_int_eq(check_files(usable - 1, 0), 0);
	ck_assert_int_eq(check_files(usable, 0), 0);
	ck_assert_int_eq(check_files(usable + 1, 0), -1);
	ck_assert_int_eq(outcome.status, STATUS_NO_SPACE);
	ck_assert_ptr_nonnull(strstr(outcome.text, "of which 40 must stay"));
	ck_assert_uint_eq(account.lack.files, 1);
	ck_assert_uint_eq(account.lack.bytes, 0);
	ck_assert_int_eq(check_files(usable + 1, 1), 0);
	/* A file that has its inode needs no other. */
	store.free_percent = 99;
	ck_assert_int_eq(check_files(1, 1), 0);
	store_close(&store);
}
END_TEST

static void
expect_share(uint64_t usable, uint64_t share)
{
	store.free_bytes = available - usable;
	ck_assert_int_eq(check(0, 0), 0);
	ck_assert_uint_eq(space_left(&account), share);
}

START_TEST(shares_of_all_workers_are_half_of_free_space)
{
	const uint64_t parts = 2 * WORKERS;

	if (!open_disk(256 * 1024))
		return;
	expect_share(0, SPACE_SHARE_LEAST);
	expect_share(parts * (SPACE_SHARE_LEAST - 1), SPACE_SHARE_LEAST);
	expect_share(parts * SPACE_SHARE_LEAST, SPACE_SHARE_LEAST);
	expect_share(parts * (SPACE_SHARE_LEAST + 1), SPACE_SHARE_LEAST + 1);
	expect_share(parts * (SPACE_SHARE_MOST - 1), SPACE_SHARE_MOST - 1);
	expect_share(parts * SPACE_SHARE_MOST, SPACE_SHARE_MOST);
	expect_share(parts * (SPACE_SHARE_MOST + 1), SPACE_SHARE_MOST);
	store_close(&store);
}
END_TEST

START_TEST(check_is_due_when_share_is_used)
{
	if (!open_disk(4096))
		return;
	ck_assert_uint_eq(space_left(&account), 0);
	ck_assert_int_eq(check(0, 0), 0);
	account.expires = IO_NEVER;
	space_use(&account, account.share - 1);
	ck_assert_uint_eq(space_left(&account), 1);
	space_use(&account, 1);
	ck_assert_uint_eq(space_left(&account), 0);
	space_use(&account, UINT64_MAX);
	ck_assert_uint_eq(space_left(&account), 0);
	store_close(&store);
}
END_TEST

START_TEST(check_is_due_when_share_expires)
{
	if (!open_disk(4096))
		return;
	ck_assert_int_eq(check(0, 0), 0);
	ck_assert_uint_gt(account.expires, io_now() - 1);
	ck_assert_uint_le(account.expires, io_now() + SPACE_CHECK_TIME);
	account.expires = io_now();
	ck_assert_uint_eq(space_left(&account), 0);
	store_close(&store);
}
END_TEST

START_TEST(check_is_due_after_refusal)
{
	if (!open_disk(4096))
		return;
	ck_assert_int_eq(check(available + 1, 0), -1);
	ck_assert_uint_eq(space_left(&account), 0);
	store_close(&store);
}
END_TEST

/* /proc is such a file system. */
START_TEST(file_fits_when_file_system_reports_no_size)
{
	struct statvfs system;

	store = (struct store){.staging = open("/proc", O_RDONLY)};
	if (store.staging == -1 || fstatvfs(store.staging, &system) == -1 ||
	    system.f_blocks != 0)
		support_skip("proc", "there is no /proc");
	else
		ck_assert_int_eq(check(UINT64_MAX / 2, 0), 0);
	if (store.staging != -1)
		close(store.staging);
}
END_TEST

Suite *
space_suite(void)
{
	Suite *suite = suite_create("space");
	TCase *tcase = support_case("space");

	tcase_add_test(tcase, bytes_are_refused_when_too_few_stay_free);
	tcase_add_test(tcase, allocated_blocks_count_as_free_for_their_file);
	tcase_add_test(tcase, lack_is_reported_when_file_does_not_fit);
	tcase_add_test(tcase, inodes_are_refused_when_too_few_stay_free);
	tcase_add_test(tcase, shares_of_all_workers_are_half_of_free_space);
	tcase_add_test(tcase, check_is_due_when_share_is_used);
	tcase_add_test(tcase, check_is_due_when_share_expires);
	tcase_add_test(tcase, check_is_due_after_refusal);
	tcase_add_test(tcase, file_fits_when_file_system_reports_no_size);
	suite_add_tcase(suite, tcase);
	return suite;
}
