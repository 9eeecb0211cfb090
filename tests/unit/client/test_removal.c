/* SPDX-License-Identifier: ISC */
/* Sources that are removed, and those that have to stay. */
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
static struct run run;

static void
begin(void)
{
	static char none[] = "none", path[] = "in";
	static char *paths[] = {path};

	options.progress = none;
	options.remove_source = 1;
	target.path = path;
	ck_assert_int_eq(run_init(&run, &options, &target, paths, 1), 0);
	folder_make("dir");
	folder_make("dir/sub");
	file_make("dir/sub/f", "f");
}

static void
end(void)
{
	run_release(&run);
}

static char path[] = "dir/sub/f";

/* The source as it was sent: found below the named "dir". */
static struct request
sent(void)
{
	struct request request = {
	    .source = {path, strlen("dir"), 0}, .kind = WIRE_KIND_FILE};
	struct stat found;

	ck_assert_int_eq(stat(path, &found), 0);
	request.identity = source_identify(&found);
	return request;
}

static void
expect_kept(const struct request *request, uint64_t failed)
{
	removal_follow(&run, request, 1);
	ck_assert(file_exists(path));
	ck_assert_uint_eq(run.tally.unremoved, failed);
	ck_assert_int_eq(tally_exit(&run.tally), failed > 0 ? 23 : 0);
}

START_TEST(what_is_stored_is_removed)
{
	const struct request request = sent();

	removal_follow(&run, &request, 1);
	ck_assert(!file_exists(path));
	ck_assert(file_exists("dir/sub"));
	ck_assert_uint_eq(run.tally.unremoved, 0);
}
END_TEST

START_TEST(what_is_not_synced_stays)
{
	const struct request request = sent();

	removal_follow(&run, &request, 0);
	ck_assert(file_exists(path));
	ck_assert_int_eq(tally_exit(&run.tally), 0);
}
END_TEST

START_TEST(without_the_wish)
{
	const struct request request = sent();

	options.remove_source = 0;
	expect_kept(&request, 0);
}
END_TEST

START_TEST(a_folder_stays)
{
	struct request request = sent();

	request.kind = WIRE_KIND_DIRECTORY;
	expect_kept(&request, 0);
}
END_TEST

START_TEST(another_file_stays)
{
	const struct request request = sent();

	ck_assert_int_eq(rename(path, "old"), 0);
	file_make(path, "f");
	expect_kept(&request, 1);
}
END_TEST

START_TEST(another_time_stays)
{
	const struct timespec times[2] = {{77, 0}, {77, 0}};
	const struct request request = sent();

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	expect_kept(&request, 1);
}
END_TEST

/* A directory that was replaced by a link to where the file is now. */
START_TEST(no_link_is_followed_on_the_way)
{
	const struct request request = sent();

	ck_assert_int_eq(rename("dir/sub", "moved"), 0);
	ck_assert_int_eq(symlink("../moved", "dir/sub"), 0);
	expect_kept(&request, 1);
}
END_TEST

START_TEST(a_followed_link_stays)
{
	struct request request;

	options.follow = 1;
	ck_assert_int_eq(rename("dir/sub", "moved"), 0);
	ck_assert_int_eq(symlink("../moved", "dir/sub"), 0);
	request = sent();
	expect_kept(&request, 0);
	ck_assert_int_eq(unlink("dir/sub"), 0);
	folder_make("dir/sub");
	ck_assert_int_eq(symlink("../../moved/f", path), 0);
	request = sent();
	expect_kept(&request, 0);
	ck_assert(file_exists("moved/f"));
}
END_TEST

START_TEST(a_named_link_stays)
{
	static char name[] = "link";
	struct request request;

	ck_assert_int_eq(symlink(path, name), 0);
	request = sent();
	request.source = (struct source){name, strlen(name), 0};
	expect_kept(&request, 0);
	ck_assert(file_exists(name));
}
END_TEST

START_TEST(what_is_gone_cannot_be_removed)
{
	const struct request request = sent();

	ck_assert_int_eq(unlink(path), 0);
	removal_follow(&run, &request, 1);
	ck_assert_uint_eq(run.tally.unremoved, 1);
}
END_TEST

Suite *
removal_suite(void)
{
	Suite *suite = suite_create("removal");
	TCase *tcase = support_case("removal");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, what_is_stored_is_removed);
	tcase_add_test(tcase, what_is_not_synced_stays);
	tcase_add_test(tcase, without_the_wish);
	tcase_add_test(tcase, a_folder_stays);
	tcase_add_test(tcase, another_file_stays);
	tcase_add_test(tcase, another_time_stays);
	tcase_add_test(tcase, no_link_is_followed_on_the_way);
	tcase_add_test(tcase, a_followed_link_stays);
	tcase_add_test(tcase, a_named_link_stays);
	tcase_add_test(tcase, what_is_gone_cannot_be_removed);
	suite_add_tcase(suite, tcase);
	return suite;
}
