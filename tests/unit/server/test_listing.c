/* SPDX-License-Identifier: ISC */
/* Check names against the listing of a directory. */
#include "server/store/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/support.h"

Suite *listing_suite(void);

static struct listing listing;
static struct outcome outcome;
static struct stat found;
static int fd;

static void
setup(void)
{
	directory_make("in");
	fd = open("in", O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(fd, -1);
}

static void
teardown(void)
{
	listing_release(&listing);
	close(fd);
}

/* Check name with the inode of file.  If names fold, both are one file. */
static int
check(const char *name, const char *file)
{
	ck_assert_int_eq(fstatat(fd, file, &found, AT_SYMLINK_NOFOLLOW), 0);
	return listing_check(&listing, fd, name, &found, &outcome);
}

static void
expect_refused(const char *name, const char *file, const char *text)
{
	ck_assert_int_eq(check(name, file), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_int_eq(outcome.status, STATUS_REFUSED);
	ck_assert_str_eq(outcome.text, text);
}

START_TEST(listed_name_is_accepted)
{
	char name[16];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "in/%d", i);
		file_make(name, "");
	}
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ck_assert_int_eq(check(name, name), 0);
	}
}
END_TEST

START_TEST(other_spelling_is_refused_and_reported)
{
	file_make("in/Report.TXT", "");
	file_make("in/caf\xc3\xa9", "");
	file_make("in/other", "");
	expect_refused("report.txt", "Report.TXT",
	    "report.txt: exists here as Report.TXT");
	expect_refused("cafe\xcc\x81", "caf\xc3\xa9",
	    "cafe\xcc\x81: exists here as caf\xc3\xa9");
	ck_assert_int_eq(check("Report.TXT", "Report.TXT"), 0);
}
END_TEST

/* FAT has short names, such as A~1, that are not listed. */
START_TEST(unknown_spelling_is_refused)
{
	file_make("in/a", "");
	file_make("other", "");
	ck_assert_int_eq(stat("other", &found), 0);
	ck_assert_int_eq(
	    listing_check(&listing, fd, "A~1", &found, &outcome), -1);
	ck_assert_int_eq(errno, EEXIST);
	ck_assert_str_eq(outcome.text, "A~1: exists here in another spelling");
}
END_TEST

START_TEST(new_name_is_found_at_once)
{
	file_make("in/a", "");
	ck_assert_int_eq(check("a", "a"), 0);
	file_make("in/b", "");
	ck_assert_int_eq(check("b", "b"), 0);
}
END_TEST

START_TEST(renamed_file_is_refused_when_listing_expires)
{
	file_make("in/a", "");
	ck_assert_int_eq(check("a", "a"), 0);
	ck_assert_int_eq(rename("in/a", "in/A"), 0);
	ck_assert_int_gt(listing.expires, io_now());
	listing.expires = io_now();
	expect_refused("a", "A", "a: exists here as A");
}
END_TEST

START_TEST(name_fails_when_directory_cannot_be_read)
{
	file_make("in/a", "");
	ck_assert_int_eq(check("a", "a"), 0);
	ck_assert_int_eq(
	    listing_check(&listing, -1, "b", &found, &outcome), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_ne(outcome.status, STATUS_STORED);
	/* After the failure, the directory is read again. */
	ck_assert_int_eq(check("a", "a"), 0);
}
END_TEST

Suite *
listing_suite(void)
{
	Suite *suite = suite_create("listing");
	TCase *tcase = support_case("listing");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, listed_name_is_accepted);
	tcase_add_test(tcase, other_spelling_is_refused_and_reported);
	tcase_add_test(tcase, unknown_spelling_is_refused);
	tcase_add_test(tcase, new_name_is_found_at_once);
	tcase_add_test(tcase, renamed_file_is_refused_when_listing_expires);
	tcase_add_test(tcase, name_fails_when_directory_cannot_be_read);
	suite_add_tcase(suite, tcase);
	return suite;
}
