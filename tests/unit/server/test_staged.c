/* SPDX-License-Identifier: ISC */
/* One file on its way in: policy, limits, verification. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "server/store/staged.h"
#include "server/store/sweep.h"
#include "tests/unit/server/client.h"
#include "tests/unit/server/inbox.h"

#define MEBIBYTE (1024 * 1024)

Suite *staged_suite(void);

static struct store store;
static struct space_account account;
static struct policy policy;
static struct directories directories;
static struct base base; /* the receiving directory */
static struct commit commit;
static struct staged content;
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
	memset(&content, 0, sizeof(content));
	content.policy = &policy;
	content.staged.fd = -1;
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
	staged_drop(&content);
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
	    &content, 7, request, &base, &directories, &nothing, &outcome);
}

static int
open_file(const char *path, uint64_t size)
{
	struct wire_request request = request_of(path, size);

	return open_request(&request);
}

static int
data(const char *text)
{
	return staged_data(&content, text, strlen(text), &outcome);
}

static int
end(const char *text, uint64_t size)
{
	const struct wire_end said = {size, client_digest(text, strlen(text))};

	return staged_end(&content, &said, &commit, &outcome);
}

/* Commit what must be the only file, which then must be stored. */
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

/* What failed is gone without a trace. */
static void
expect_nothing(enum status status)
{
	ck_assert_msg(outcome.status == status, "%s: %s",
	    status_text(outcome.status), outcome.text);
	ck_assert_uint_eq(commit.count, 0);
	staged_drop(&content);
	staged_drop(&content);
	ck_assert_uint_eq(folder_count(inbox_staging()), 0);
	ck_assert(!file_exists("in/file"));
}

START_TEST(whole_files_are_stored)
{
	ck_assert_int_eq(open_file("new/er/file", 6), 0);
	ck_assert_int_eq(data("one"), 0);
	ck_assert_int_eq(data("two"), 0);
	ck_assert(!file_exists("in/new/er/file"));
	ck_assert_int_eq(end("onetwo", 6), 0);
	expect_stored("in/new/er/file", "onetwo");
	ck_assert_int_eq(open_file("empty", 0), 0);
	ck_assert_int_eq(end("", 0), 0);
	expect_stored("in/empty", "");
}
END_TEST

START_TEST(unknown_sizes_are_any)
{
	ck_assert_int_eq(open_file("file", WIRE_SIZE_UNKNOWN), 0);
	ck_assert_int_eq(data("some"), 0);
	ck_assert_int_eq(end("some", 4), 0);
	expect_stored("in/file", "some");
	ck_assert_int_eq(open_file("empty", WIRE_SIZE_UNKNOWN), 0);
	ck_assert_int_eq(end("", 0), 0);
	expect_stored("in/empty", "");
}
END_TEST

START_TEST(what_does_not_agree_is_not_stored)
{
	static const struct {
		uint64_t announced;
		const char *sent, *digested;
		uint64_t size;
	} cases[] = {
	    {4, "sent", "sens", 4},
	    {4, "sent", "sent", 3},
	    {4, "sent", "sent", 5},
	    {5, "sent", "sent", 4},
	    {5, "sent", "sent", 5},
	    {WIRE_SIZE_UNKNOWN, "sent", "sens", 4},
	    {WIRE_SIZE_UNKNOWN, "sent", "sent", 3},
	    {WIRE_SIZE_UNKNOWN, "sent", "sent", WIRE_SIZE_UNKNOWN},
	    {0, "", "x", 0},
	    {1, "", "", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(open_file("file", cases[i].announced), 0);
		ck_assert_int_eq(data(cases[i].sent), 0);
		ck_assert_int_eq(end(cases[i].digested, cases[i].size), -1);
		expect_nothing(STATUS_DIGEST);
	}
}
END_TEST

START_TEST(more_than_announced_breaks_the_protocol)
{
	ck_assert_int_eq(open_file("file", 3), 0);
	ck_assert_int_eq(data("four"), -1);
	expect_nothing(STATUS_PROTOCOL);
	ck_assert_int_eq(open_file("file", 3), 0);
	ck_assert_int_eq(data("two"), 0);
	ck_assert_int_eq(data("o"), -1);
	expect_nothing(STATUS_PROTOCOL);
	ck_assert_int_eq(open_file("file", 0), 0);
	ck_assert_int_eq(data("x"), -1);
	expect_nothing(STATUS_PROTOCOL);
}
END_TEST

START_TEST(largest_announced_size)
{
	policy.max_size = 5;
	ck_assert_int_eq(open_file("file", 6), -1);
	expect_nothing(STATUS_NO_SPACE);
	for (uint64_t size = 4; size <= 5; size++) {
		ck_assert_int_eq(open_file("file", size), 0);
		staged_drop(&content);
	}
	/* The limit is kept from those who announced that they would. */
	ck_assert_int_eq(open_file("file", 5), 0);
	ck_assert_int_eq(data("sixsix"), -1);
	expect_nothing(STATUS_PROTOCOL);
}
END_TEST

START_TEST(largest_size_of_what_comes)
{
	policy.max_size = 5;
	ck_assert_int_eq(open_file("file", WIRE_SIZE_UNKNOWN), 0);
	ck_assert_int_eq(data("four"), 0);
	ck_assert_int_eq(data("5"), 0);
	ck_assert_int_eq(data("6"), -1);
	expect_nothing(STATUS_NO_SPACE);
	ck_assert_int_eq(open_file("file", WIRE_SIZE_UNKNOWN), 0);
	ck_assert_int_eq(data("12345"), 0);
	ck_assert_int_eq(end("12345", 5), 0);
	expect_stored("in/file", "12345");
	policy.max_size = 0;
	ck_assert_int_eq(open_file("nil", 1), -1);
	staged_drop(&content);
	ck_assert_int_eq(open_file("nil", 0), 0);
	ck_assert_int_eq(end("", 0), 0);
	expect_stored("in/nil", "");
}
END_TEST

START_TEST(only_files_are_taken)
{
	struct wire_request request = request_of("file", 0);

	request.kind = WIRE_KIND_DIRECTORY;
	ck_assert_int_eq(open_request(&request), -1);
	expect_nothing(STATUS_REFUSED);
	folder_make("in/folder");
	ck_assert_int_eq(open_file("folder", 0), -1);
	expect_nothing(STATUS_REFUSED);
	ck_assert_uint_eq(content.destination.length, strlen("folder"));
	ck_assert_mem_eq(content.destination.path, "folder", 6);
	ck_assert_int_eq(open_file("../file", 0), -1);
	ck_assert_int_eq(errno, 0);
	expect_nothing(STATUS_REFUSED);
}
END_TEST

START_TEST(what_exists_may_be_kept)
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
	ck_assert_int_eq(data("new"), 0);
	ck_assert_int_eq(end("new", 3), 0);
	expect_stored("in/old", "new");
}
END_TEST

START_TEST(what_came_meanwhile_is_kept)
{
	struct wire_request request = request_of("late", 3);

	for (int never = 0; never <= 1; never++) {
		policy.never_overwrite = never;
		request.wishes = never ? 0 : WIRE_NO_CLOBBER;
		ck_assert_int_eq(open_request(&request), 0);
		ck_assert_int_eq(data("new"), 0);
		file_make("in/late", "old");
		ck_assert_int_eq(end("new", 3), 0);
		commit_run(&commit, &store);
		ck_assert_int_eq(commit.files[0].outcome.status, STATUS_EXISTS);
		commit_clear(&commit);
		file_expect_text("in/late", "old");
		ck_assert_int_eq(unlink("in/late"), 0);
	}
}
END_TEST

START_TEST(attributes_are_those_of_the_request)
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
	ck_assert_int_eq(end("", 0), 0);
	expect_stored("in/file", "");
	ck_assert_int_eq(stat("in/file", &found), 0);
	ck_assert_uint_eq(found.st_mode & 07777, 0751);
	ck_assert_int_eq(found.st_mtim.tv_sec, 1000000000);
	ck_assert_uint_eq(found.st_gid, group);
}
END_TEST

/* Whether others take the space in the middle of a frame or between two. */
START_TEST(writing_stops_when_the_share_is_used)
{
	static char piece[MEBIBYTE];

	store.sync = 0;
	ck_assert_int_eq(open_file("file", WIRE_SIZE_UNKNOWN), 0);
	ck_assert_uint_eq(account.share, SPACE_SHARE_LEAST);
	account.until = IO_NEVER;
	store.free_bytes = UINT64_MAX;
	ck_assert_int_eq(
	    staged_data(&content, piece, _i ? sizeof(piece) : 1, &outcome),
	    _i ? -1 : 0);
	if (!_i)
		ck_assert_int_eq(
		    staged_data(&content, piece, SPACE_SHARE_LEAST, &outcome),
		    -1);
	ck_assert_uint_eq(content.written + account.block, SPACE_SHARE_LEAST);
	expect_nothing(STATUS_NO_SPACE);
}
END_TEST

/* Begin a file that could be kept and found again. */
static void
open_kept(uint64_t size)
{
	struct partial partial = {.staged.fd = -1};
	struct wire_request request = request_of("file", size);

	request.wishes = WIRE_RESUME;
	partial_name(
	    &store, policy.sender, &partial.staged, "file", 4, &request);
	ck_assert_int_eq(staged_open(&content, 7, &request, &base, &directories,
			     &partial, &outcome),
	    0);
}

/* So many are kept of one sender, and no more. */
START_TEST(what_is_kept_is_bounded)
{
	static char piece[MEBIBYTE];
	const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	const int most = (int)sweep_default_quota.sender.files,
		  before = most - 2 + _i;
	struct wire_request request = request_of("", MEBIBYTE);
	struct staging_file staged;
	char path[16];
	int left = 0;

	request.wishes = WIRE_RESUME;
	for (int i = 0; i < before; i++) {
		snprintf(path, sizeof(path), "p%d", i);
		partial_name(&store, policy.sender, &staged, path, strlen(path),
		    &request);
		ck_assert_int_eq(partial_stage(&store, &staged), 0);
		ck_assert_int_eq(futimens(staged.fd, old), 0);
		ck_assert_int_eq(staging_close(&staged), 0);
	}
	open_kept(4 * MEBIBYTE);
	ck_assert_int_eq(
	    staged_data(&content, piece, sizeof(piece), &outcome), 0);
	memcpy(&staged, &content.staged, sizeof(staged));
	ck_assert(staged_keep(&content));
	ck_assert_int_eq(unlinkat(store.staging, staged.name, 0), 0);
	for (int i = 0; i < before; i++) {
		snprintf(path, sizeof(path), "p%d", i);
		partial_name(&store, policy.sender, &staged, path, strlen(path),
		    &request);
		left += unlinkat(store.staging, staged.name, 0) == 0;
	}
	ck_assert_int_eq(left, before < most ? before : most - 1);
}
END_TEST

/* What has come is large enough, but the rest can never come. */
START_TEST(what_cannot_be_completed_is_not_kept)
{
	static char piece[MEBIBYTE];
	struct rlimit limit, old;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 2 * MEBIBYTE;
	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	open_kept(4 * MEBIBYTE);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(
		    staged_data(&content, piece, sizeof(piece), &outcome), 0);
	ck_assert_int_eq(
	    staged_data(&content, piece, sizeof(piece), &outcome), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_ptr_nonnull(strstr(outcome.text, strerror(EFBIG)));
	ck_assert(!staged_keep(&content));
	expect_nothing(STATUS_NO_SPACE);
}
END_TEST

/* Inodes run out as files are made: the oldest partial gives way. */
START_TEST(a_partial_gives_its_inode)
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
	ck_assert_int_eq(data("abc"), 0);
	ck_assert_int_eq(end("abc", 3), 0);
	expect_stored("in/file", "abc");
	ck_assert_uint_eq(folder_count(inbox_staging()), made - 2);
	for (int i = 0; i < made; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		(void)unlinkat(store.staging, name, 0);
	}
	directories_forget(&directories);
	inbox_close(&store);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	static char piece[MEBIBYTE];
	struct wire_request request = request_of("file", MEBIBYTE);

	memset(&store, 0, sizeof(store));
	if (!support_mount("in", 256))
		return;
	ck_assert_int_eq(store_open(&store, "in", &outcome), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), 0);
	begin();
	request.allocated = MEBIBYTE;
	ck_assert_int_eq(open_request(&request), -1);
	expect_nothing(STATUS_NO_SPACE);
	/* It said that it needs no room on the disk, and then did. */
	request.allocated = 0;
	ck_assert_int_eq(open_request(&request), 0);
	ck_assert_int_eq(
	    staged_data(&content, piece, sizeof(piece), &outcome), -1);
	ck_assert_ptr_nonnull(strstr(outcome.text, strerror(ENOSPC)));
	expect_nothing(STATUS_NO_SPACE);
	/* The next one fits. */
	ck_assert_int_eq(open_file("file", 4), 0);
	ck_assert_int_eq(data("fits"), 0);
	ck_assert_int_eq(end("fits", 4), 0);
	expect_stored("in/file", "fits");
	directories_forget(&directories);
	store_close(&store);
}
END_TEST

/* Where holes are filled they take up room, announced or not. */
START_TEST(filled_holes_need_room)
{
	struct wire_request request = request_of("file", WIRE_SIZE_UNKNOWN);
	const uint64_t hole = 6 * MEBIBYTE;

	memset(&store, 0, sizeof(store));
	if (!support_mount("in", 4096))
		return;
	ck_assert_int_eq(store_open(&store, "in", &outcome), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), 0);
	begin();
	store.system.fills_holes = 1;
	ck_assert_int_eq(open_request(&request), 0);
	ck_assert_uint_eq(account.share, SPACE_SHARE_LEAST);
	account.until = IO_NEVER;
	store.free_bytes = UINT64_MAX;
	ck_assert_int_eq(staged_hole(&content, hole, &outcome), -1);
	ck_assert_uint_eq(content.written + account.block, SPACE_SHARE_LEAST);
	ck_assert_uint_eq(content.file.received, content.written);
	expect_nothing(STATUS_NO_SPACE);
	store.free_bytes = 0;
	request.size = hole;
	ck_assert_int_eq(open_request(&request), -1);
	expect_nothing(STATUS_NO_SPACE);
	store.system.fills_holes = 0;
	ck_assert_int_eq(open_request(&request), 0);
	ck_assert_int_eq(staged_hole(&content, hole, &outcome), 0);
	staged_drop(&content);
	directories_forget(&directories);
	store_close(&store);
}
END_TEST

Suite *
staged_suite(void)
{
	Suite *suite = suite_create("staged");
	TCase *tcase = support_case("content"), *full = support_case("full");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, whole_files_are_stored);
	tcase_add_test(tcase, unknown_sizes_are_any);
	tcase_add_test(tcase, what_does_not_agree_is_not_stored);
	tcase_add_test(tcase, more_than_announced_breaks_the_protocol);
	tcase_add_test(tcase, largest_announced_size);
	tcase_add_test(tcase, largest_size_of_what_comes);
	tcase_add_test(tcase, only_files_are_taken);
	tcase_add_test(tcase, what_exists_may_be_kept);
	tcase_add_test(tcase, what_came_meanwhile_is_kept);
	tcase_add_test(tcase, attributes_are_those_of_the_request);
	tcase_add_loop_test(tcase, writing_stops_when_the_share_is_used, 0, 2);
	tcase_add_loop_test(tcase, what_is_kept_is_bounded, 0, 4);
	tcase_add_test(tcase, what_cannot_be_completed_is_not_kept);
	suite_add_tcase(suite, tcase);
	tcase_add_test(full, a_partial_gives_its_inode);
	tcase_add_test(full, a_full_disk_is_told);
	tcase_add_test(full, filled_holes_need_room);
	suite_add_tcase(suite, full);
	return suite;
}
