/* SPDX-License-Identifier: ISC */
/* Remove sources after they are stored, or keep them. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/run/removal.h"
#include "tests/unit/support.h"

Suite *removal_suite(void);

static struct options options;
static struct target target;
static struct remote remote;
static struct report report;
static struct removal removal;

static void
begin(void)
{
	static char none[] = "none", path[] = "in";

	options.progress = none;
	options.remove_source = 1;
	target.path = path;
	ck_assert_int_eq(remote_init(&remote, &target, REMOTE_EITHER), 0);
	report_init(&report, &options, &remote);
	removal_init(&removal, &options, &report);
	directory_make("dir");
	directory_make("dir/sub");
	file_make("dir/sub/f", "f");
}

static void
end(void)
{
	report_release(&report);
	remote_release(&remote);
}

static char path[] = "dir/sub/f";

/* Returns a request for the source; the user named "dir". */
static struct request
make_request(void)
{
	struct request request = {
	    .source = {path, strlen("dir"), 0}, .kind = WIRE_KIND_FILE};
	struct stat found;

	ck_assert_int_eq(stat(path, &found), 0);
	request.stamp = source_stamp_of(&found);
	return request;
}

static void
expect_kept(const struct request *request, uint64_t failed)
{
	removal_remove(&removal, request, 1);
	ck_assert(file_exists(path));
	ck_assert_uint_eq(report.tally.unremoved, failed);
	ck_assert_int_eq(tally_exit(&report.tally), failed > 0 ? 23 : 0);
}

START_TEST(source_is_removed_when_file_is_stored)
{
	const struct request request = make_request();

	removal_remove(&removal, &request, 1);
	ck_assert(!file_exists(path));
	ck_assert(file_exists("dir/sub"));
	ck_assert_uint_eq(report.tally.unremoved, 0);
}
END_TEST

START_TEST(source_stays_when_file_is_not_synced)
{
	const struct request request = make_request();

	removal_remove(&removal, &request, 0);
	ck_assert(file_exists(path));
	ck_assert_int_eq(tally_exit(&report.tally), 0);
}
END_TEST

START_TEST(source_stays_without_remove_source)
{
	const struct request request = make_request();

	options.remove_source = 0;
	expect_kept(&request, 0);
}
END_TEST

START_TEST(directory_stays)
{
	struct request request = make_request();

	request.kind = WIRE_KIND_DIRECTORY;
	expect_kept(&request, 0);
}
END_TEST

START_TEST(source_stays_when_it_was_replaced)
{
	const struct request request = make_request();

	ck_assert_int_eq(rename(path, "old"), 0);
	file_make(path, "f");
	expect_kept(&request, 1);
}
END_TEST

START_TEST(source_stays_when_its_time_changed)
{
	const struct timespec times[2] = {{77, 0}, {77, 0}};
	const struct request request = make_request();

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	expect_kept(&request, 1);
}
END_TEST

/* The directory was moved, and a link has taken its name. */
START_TEST(link_is_not_followed_to_the_source)
{
	const struct request request = make_request();

	ck_assert_int_eq(rename("dir/sub", "moved"), 0);
	ck_assert_int_eq(symlink("../moved", "dir/sub"), 0);
	expect_kept(&request, 1);
}
END_TEST

START_TEST(source_stays_when_a_link_led_to_it)
{
	struct request request;

	options.follow = 1;
	ck_assert_int_eq(rename("dir/sub", "moved"), 0);
	ck_assert_int_eq(symlink("../moved", "dir/sub"), 0);
	request = make_request();
	expect_kept(&request, 0);
	ck_assert_int_eq(unlink("dir/sub"), 0);
	directory_make("dir/sub");
	ck_assert_int_eq(symlink("../../moved/f", path), 0);
	request = make_request();
	expect_kept(&request, 0);
	ck_assert(file_exists("moved/f"));
}
END_TEST

START_TEST(named_link_stays)
{
	static char name[] = "link";
	struct request request;

	ck_assert_int_eq(symlink(path, name), 0);
	request = make_request();
	request.source = (struct source){name, strlen(name), 0};
	expect_kept(&request, 0);
	ck_assert(file_exists(name));
}
END_TEST

START_TEST(missing_source_counts_as_unremoved)
{
	const struct request request = make_request();

	ck_assert_int_eq(unlink(path), 0);
	removal_remove(&removal, &request, 1);
	ck_assert_uint_eq(report.tally.unremoved, 1);
}
END_TEST

Suite *
removal_suite(void)
{
	Suite *suite = suite_create("removal");
	TCase *tcase = support_case("removal");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, source_is_removed_when_file_is_stored);
	tcase_add_test(tcase, source_stays_when_file_is_not_synced);
	tcase_add_test(tcase, source_stays_without_remove_source);
	tcase_add_test(tcase, directory_stays);
	tcase_add_test(tcase, source_stays_when_it_was_replaced);
	tcase_add_test(tcase, source_stays_when_its_time_changed);
	tcase_add_test(tcase, link_is_not_followed_to_the_source);
	tcase_add_test(tcase, source_stays_when_a_link_led_to_it);
	tcase_add_test(tcase, named_link_stays);
	tcase_add_test(tcase, missing_source_counts_as_unremoved);
	suite_add_tcase(suite, tcase);
	return suite;
}
