/* SPDX-License-Identifier: ISC */
/* A staged file: checks, attributes, partials, and its commit. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/staged.h"
#include "server/store/sweep.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

#define MEBIBYTE (1024 * 1024)

Suite *staged_suite(void);

static struct store store;
static struct space_account account;
static struct policy policy;
static struct directories directories;
static struct base base; /* the receiving directory */
static struct commit commit;
static struct staged staged;
static struct outcome outcome;

static void
begin(void)
{
	memset(&account, 0, sizeof(account));
	policy = (struct policy){
	    .store = &store, .max_size = UINT64_MAX, .account = &account};
	directories_init(&directories, &store);
	memset(&base, 0, sizeof(base));
	memset(&commit, 0, sizeof(commit));
	memset(&staged, 0, sizeof(staged));
	staged.policy = &policy;
	staged.file.fd = -1;
}

static void
setup(void)
{
	inbox_open(&store);
	begin();
}

static void
teardown(void)
{
	staged_drop(&staged);
	ck_assert_uint_eq(commit.count, 0);
	directories_forget(&directories);
	inbox_close(&store);
}

static struct wire_request
request_of(const char *path, uint64_t size)
{
	return (struct wire_request){.kind = WIRE_KIND_FILE,
	    .mode = 0644,
	    .size = size,
	    .path = {path, strlen(path)}};
}

static int
open_request(const struct wire_request *request)
{
	struct partial nothing = {.staged.fd = -1};

	return staged_open(
	    &staged, request, &base, &directories, &nothing, &outcome);
}

static int
open_file(const char *path, uint64_t size)
{
	struct wire_request request = request_of(path, size);

	return open_request(&request);
}

/* Write the content as the session does, and finish the file. */
static void
finish(const char *text)
{
	const struct wire_end end = {strlen(text), 0};

	ck_assert_int_eq(
	    write(staged.file.fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(staged_finish(&staged, 7, &end, &commit, &outcome), 0);
}

/* Commit the group; expect that its only file is stored. */
static void
expect_stored(const char *path, const char *text)
{
	ck_assert_uint_eq(commit.count, 1);
	ck_assert_uint_eq(commit.files[0].request, 7);
	commit_run(&commit, &store);
	ck_assert_int_eq(commit.files[0].outcome.status, STATUS_STORED);
	commit_clear(&commit);
	file_expect_text(path, text);
}

/* Expect a failure with this status, which leaves no file. */
static void
expect_nothing(enum status status)
{
	ck_assert_msg(outcome.status == status, "%s: %s",
	    status_text(outcome.status), outcome.text);
	ck_assert_uint_eq(commit.count, 0);
	staged_drop(&staged);
	staged_drop(&staged);
	ck_assert_uint_eq(directory_count(inbox_staging()), 0);
	ck_assert(!file_exists("in/file"));
}

START_TEST(file_is_stored_when_finished)
{
	ck_assert_int_eq(open_file("new/er/file", 6), 0);
	ck_assert(!file_exists("in/new/er/file"));
	finish("onetwo");
	expect_stored("in/new/er/file", "onetwo");
	ck_assert_int_eq(open_file("empty", 0), 0);
	finish("");
	expect_stored("in/empty", "");
}
END_TEST

START_TEST(file_is_refused_when_kind_path_or_target_is_invalid)
{
	struct wire_request request = request_of("file", 0);

	request.kind = WIRE_KIND_DIRECTORY;
	ck_assert_int_eq(open_request(&request), -1);
	expect_nothing(STATUS_REFUSED);
	directory_make("in/dir");
	ck_assert_int_eq(open_file("dir", 0), -1);
	expect_nothing(STATUS_REFUSED);
	ck_assert_uint_eq(staged.destination.length, strlen("dir"));
	ck_assert_mem_eq(staged.destination.path, "dir", 3);
	ck_assert_int_eq(open_file("../file", 0), -1);
	ck_assert_int_eq(errno, 0);
	expect_nothing(STATUS_REFUSED);
}
END_TEST

START_TEST(existing_file_is_kept_when_clobbering_is_forbidden)
{
	struct wire_request request = request_of("old", 3);

	file_make("in/old", "old");
	request.wishes = WIRE_NO_CLOBBER;
	ck_assert_int_eq(open_request(&request), -1);
	expect_nothing(STATUS_EXISTS);
	request.wishes = 0;
	policy.never_overwrite = 1;
	ck_assert_int_eq(open_request(&request), -1);
	expect_nothing(STATUS_EXISTS);
	file_expect_text("in/old", "old");
	policy.never_overwrite = 0;
	ck_assert_int_eq(open_request(&request), 0);
	finish("new");
	expect_stored("in/old", "new");
}
END_TEST

START_TEST(file_made_meanwhile_is_kept_when_clobbering_is_forbidden)
{
	struct wire_request request = request_of("late", 3);

	for (int never = 0; never <= 1; never++) {
		policy.never_overwrite = never;
		request.wishes = never ? 0 : WIRE_NO_CLOBBER;
		ck_assert_int_eq(open_request(&request), 0);
		file_make("in/late", "old");
		finish("new");
		commit_run(&commit, &store);
		ck_assert_int_eq(commit.files[0].outcome.status, STATUS_EXISTS);
		commit_clear(&commit);
		file_expect_text("in/late", "old");
		ck_assert_int_eq(unlink("in/late"), 0);
	}
}
END_TEST

START_TEST(file_gets_the_attributes_of_its_request)
{
	struct wire_request request = request_of("file", 0);
	gid_t group = geteuid() == 0 ? 4711 : getegid();
	struct stat found;

	ck_assert_int_eq(chown("in", (uid_t)-1, group), 0);
	ck_assert_int_eq(chmod("in", 02755), 0);
	request.mode = 0751;
	request.attributes = WIRE_EXACT_MODE | WIRE_TIME;
	request.seconds = 1000000000;
	ck_assert_int_eq(open_request(&request), 0);
	finish("");
	expect_stored("in/file", "");
	ck_assert_int_eq(stat("in/file", &found), 0);
	ck_assert_uint_eq(found.st_mode & 07777, 0751);
	ck_assert_int_eq(found.st_mtim.tv_sec, 1000000000);
	ck_assert_uint_eq(found.st_gid, group);
}
END_TEST

/* Open a file that can become a partial. */
static void
open_resumable(uint64_t size)
{
	struct partial partial = {.staged.fd = -1};
	struct wire_request request = request_of("file", size);

	request.wishes = WIRE_RESUME;
	partial_name(
	    &store, policy.sender, &partial.staged, "file", 4, &request);
	ck_assert_int_eq(staged_open(&staged, &request, &base, &directories,
			     &partial, &outcome),
	    0);
}

START_TEST(oldest_partials_are_removed_when_bounds_are_exceeded)
{
	static char piece[MEBIBYTE];
	const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	const int most = (int)sweep_default_quota.sender.files,
		  before = most - 2 + _i;
	struct wire_request request = request_of("", MEBIBYTE);
	struct staging_file file;
	char path[16];
	int left = 0;

	request.wishes = WIRE_RESUME;
	for (int i = 0; i < before; i++) {
		snprintf(path, sizeof(path), "p%d", i);
		partial_name(
		    &store, policy.sender, &file, path, strlen(path), &request);
		ck_assert_int_eq(partial_stage(&store, &file), 0);
		ck_assert_int_eq(futimens(file.fd, old), 0);
		ck_assert_int_eq(staging_close(&file), 0);
	}
	open_resumable(4 * MEBIBYTE);
	ck_assert_int_eq(
	    write(staged.file.fd, piece, sizeof(piece)), sizeof(piece));
	staged_add_written(&staged, sizeof(piece));
	ck_assert(!staged_is_worth_keeping(&staged, sizeof(piece) - 1));
	ck_assert(staged_is_worth_keeping(&staged, sizeof(piece)));
	memcpy(&file, &staged.file, sizeof(file));
	ck_assert(staged_keep(&staged));
	ck_assert_int_eq(unlinkat(store.staging, file.name, 0), 0);
	for (int i = 0; i < before; i++) {
		snprintf(path, sizeof(path), "p%d", i);
		partial_name(
		    &store, policy.sender, &file, path, strlen(path), &request);
		left += unlinkat(store.staging, file.name, 0) == 0;
	}
	ck_assert_int_eq(left, before < most ? before : most - 1);
}
END_TEST

START_TEST(oldest_partial_is_removed_when_inodes_run_out)
{
	char name[STAGING_NAME];
	int made = 0, fd;

	memset(&store, 0, sizeof(store));
	if (!support_mount("in", 4096))
		return;
	/* NOLINTNEXTLINE(cert-env33-c) */
	ck_assert_int_eq(system("mount -o remount,nr_inodes=40 in"), 0);
	ck_assert_int_eq(store_open(&store, "in", &outcome), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), 0);
	begin();
	do {
		snprintf(name, sizeof(name), "r%d", made++);
		fd = openat(store.staging, name, O_WRONLY | O_CREAT, 0600);
		if (fd != -1)
			close(fd);
	} while (fd != -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(open_file("file", 3), 0);
	finish("abc");
	expect_stored("in/file", "abc");
	ck_assert_uint_eq(directory_count(inbox_staging()), made - 2);
	for (int i = 0; i < made; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		(void)unlinkat(store.staging, name, 0);
	}
	directories_forget(&directories);
	inbox_close(&store);
}
END_TEST

Suite *
staged_suite(void)
{
	Suite *suite = suite_create("staged");
	TCase *tcase = support_case("staged"), *full = support_case("full");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, file_is_stored_when_finished);
	tcase_add_test(
	    tcase, file_is_refused_when_kind_path_or_target_is_invalid);
	tcase_add_test(
	    tcase, existing_file_is_kept_when_clobbering_is_forbidden);
	tcase_add_test(
	    tcase, file_made_meanwhile_is_kept_when_clobbering_is_forbidden);
	tcase_add_test(tcase, file_gets_the_attributes_of_its_request);
	tcase_add_loop_test(
	    tcase, oldest_partials_are_removed_when_bounds_are_exceeded, 0, 4);
	suite_add_tcase(suite, tcase);
	tcase_add_test(full, oldest_partial_is_removed_when_inodes_run_out);
	suite_add_tcase(suite, full);
	return suite;
}
