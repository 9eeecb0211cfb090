/* SPDX-License-Identifier: ISC */
/* Open directories: refuse, create, cache and sync them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os.h"
#include "server/store/directory.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

Suite *directory_suite(void);

static struct store store;
static struct directories directories;
static struct outcome outcome;

static void
setup(void)
{
	inbox_open(&store);
	directories_init(&directories, &store);
}

static void
teardown(void)
{
	directories_forget(&directories);
	inbox_close(&store);
}

static struct directory *
find(const char *path, int create)
{
	return directories_find(&directories, path, strlen(path),
	    create ? DIRECTORY_MODE : 0, &outcome);
}

/* Find or create a directory, and release it.  It stays in the cache. */
static void
visit(const char *path)
{
	struct directory *found = find(path, 1);

	ck_assert_msg(found != NULL, "%s", outcome.text);
	directory_release(found);
}

/* Expect a refusal whose text contains word. */
static void
expect_refused(const char *path, const char *word)
{
	for (int create = 0; create <= 1; create++) {
		ck_assert_ptr_null(find(path, create));
		ck_assert_int_ne(errno, ENOENT);
		ck_assert_int_eq(outcome.status, STATUS_REFUSED);
		ck_assert_msg(
		    strstr(outcome.text, word) != NULL, "%s", outcome.text);
	}
}

START_TEST(empty_path_leads_to_the_receiving_directory)
{
	struct directory *root = find("", 0);

	ck_assert_ptr_nonnull(root);
	ck_assert(file_is(root->fd, "in"));
	ck_assert_uint_eq(root->length, 0);
	ck_assert(root->linked);
	directory_release(root);
}
END_TEST

/*
 * The system reports a write-back error once for each open file.  If workers
 * shared one, only one worker would get the error.
 */
START_TEST(root_is_opened_again_when_permitted)
{
	struct directory *root;
	int shared;

	/* Set a flag.  Only a duplicate of this descriptor has it, too. */
	ck_assert_int_eq(fcntl(store.root, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(chmod("in", _i == 0 ? 0311 : 0755), 0);
	inbox_become_nobody(&store);
	root = find("", 0);
	inbox_restore_user();
	ck_assert_msg(root != NULL, "%s", outcome.text);
	shared = (fcntl(root->fd, F_GETFL) & O_NONBLOCK) != 0;
	ck_assert_int_eq(shared, _i == 0);
	directory_release(root);
	ck_assert_int_eq(chmod("in", 0755), 0);
}
END_TEST

START_TEST(missing_directory_is_created_or_reported)
{
	struct directory *found;

	ck_assert_ptr_null(find("a/b/c", 0));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(!file_exists("in/a"));
	umask(027);
	found = find("a/b/c", 1);
	ck_assert_ptr_nonnull(found);
	ck_assert(file_is(found->fd, "in/a/b/c"));
	ck_assert_uint_eq(found->length, 5);
	ck_assert_mem_eq(found->path, "a/b/c", 5);
	ck_assert_uint_eq(file_mode("in/a/b"), S_IFDIR | 0750);
	directory_release(found);
	ck_assert_ptr_null(find("a/x/c", 0));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(symbolic_link_is_refused)
{
	directory_make("outside");
	directory_make("in/real");
	ck_assert_int_eq(symlink("../outside", "in/out"), 0);
	ck_assert_int_eq(symlink("real", "in/inside"), 0);
	ck_assert_int_eq(symlink("nowhere", "in/dangling"), 0);
	ck_assert_int_eq(symlink("../../outside", "in/real/deep"), 0);
	expect_refused("out", "symbolic link");
	expect_refused("out/x", "symbolic link");
	expect_refused("inside", "symbolic link");
	expect_refused("dangling", "symbolic link");
	expect_refused("dangling/x", "symbolic link");
	expect_refused("real/deep/x/y", "deep: a symbolic link");
	ck_assert_uint_eq(directory_count("outside"), 0);
	ck_assert(!file_exists("in/nowhere"));
	ck_assert_uint_eq(directory_count("in/real"), 1);
}
END_TEST

START_TEST(other_file_type_is_refused)
{
	file_make("in/file", "x");
	ck_assert_int_eq(mkfifo("in/fifo", 0600), 0);
	expect_refused("file", "file");
	expect_refused("file/x", "file");
	expect_refused("fifo", "fifo");
}
END_TEST

START_TEST(other_file_system_is_refused)
{
	if (!support_mount("in/mounted", 64))
		return;
	expect_refused("mounted", "file system");
	expect_refused("mounted/x", "file system");
	ck_assert_uint_eq(directory_count("in/mounted"), 0);
}
END_TEST

/* Where mounts are not detected, a rename into one fails later. */
START_TEST(other_mount_of_same_file_system_is_refused)
{
	directory_make("else");
	directory_make("in/mounted");
	if (!os_detects_mounts()) {
		support_skip("marks", "this system does not report mounts");
		return;
	}
	if (!support_bind("else", "in/mounted"))
		return;
	expect_refused("mounted", "mount");
	expect_refused("mounted/x/y", "mount");
	ck_assert_uint_eq(directory_count("else"), 0);
}
END_TEST

/* Expect that path is not writable, and that below, under it, is refused. */
static void
expect_unwritable(const char *path, const char *below)
{
	struct directory *found = find(path, 0);

	ck_assert_ptr_nonnull(found);
	ck_assert_int_eq(directory_may_write(found, &outcome), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_ptr_nonnull(strstr(outcome.text, "cannot write"));
	directory_release(found);
	expect_refused(below, "Permission");
}

START_TEST(unwritable_directory_is_refused)
{
	struct directory *found;

	directory_make("in/dir");
	ck_assert_int_eq(chmod("in/dir", 0555), 0);
	inbox_become_nobody(&store);
	expect_unwritable("dir", "dir/new");
	expect_unwritable("dir", "dir/new/er");
	inbox_restore_user();
	/* Only success is cached; a failure is checked again. */
	ck_assert_int_eq(chmod("in/dir", 0777), 0);
	inbox_become_nobody(&store);
	found = find("dir", 0);
	ck_assert_ptr_nonnull(found);
	ck_assert_int_eq(directory_may_write(found, &outcome), 0);
	ck_assert_ptr_null(find("dir/new", 0));
	ck_assert_int_eq(errno, ENOENT);
	directory_release(found);
	inbox_restore_user();
}
END_TEST

START_TEST(directory_is_refused_after_cross_device_rename)
{
	struct directory *found = find("dir", 1);

	ck_assert_int_eq(directory_may_write(found, &outcome), 0);
	found->cross_device = 1;
	ck_assert_int_eq(directory_may_write(found, &outcome), -1);
	ck_assert_int_eq(errno, EXDEV);
	ck_assert_int_eq(outcome.status, STATUS_REFUSED);
	directory_release(found);
}
END_TEST

START_TEST(directory_is_opened_again_after_a_move)
{
	struct directory *first = find("a/b", 1), *again;

	ck_assert_ptr_nonnull(first);
	ck_assert(directory_is_current(first));
	ck_assert_int_eq(rename("in/a", "in/moved"), 0);
	directory_make("in/a");
	ck_assert(!directory_is_current(first));
	ck_assert(file_is(first->fd, "in/moved/b"));
	again = find("a/b", 1);
	ck_assert_ptr_nonnull(again);
	ck_assert(file_is(again->fd, "in/a/b"));
	directory_release(again);
	directory_release(first);
}
END_TEST

START_TEST(directory_is_created_again_after_removal)
{
	visit("a");
	ck_assert_int_eq(rmdir("in/a"), 0);
	ck_assert_ptr_null(find("a", 0));
	ck_assert_int_eq(errno, ENOENT);
	visit("a");
	ck_assert_uint_eq(directory_count("in/a"), 0);
}
END_TEST

/* After a directory was moved, nothing is created in it. */
START_TEST(child_is_created_on_the_path_after_parent_moved)
{
	directory_make("outside");
	visit(_i == 0 ? "a" : "a/b");
	ck_assert_int_eq(rename("in/a", "outside/a"), 0);
	visit("a/b/c");
	ck_assert(S_ISDIR(file_mode("in/a/b/c")));
	ck_assert(!file_exists(_i == 0 ? "outside/a/b" : "outside/a/b/c"));
}
END_TEST

START_TEST(directory_in_use_stays_open_when_forgotten)
{
	size_t before = support_descriptors();
	struct directory *held = find("a/b", 1);

	ck_assert_ptr_nonnull(held);
	directories_forget(&directories);
	ck_assert_uint_eq(directories.count, 0);
	ck_assert(file_is(held->fd, "in/a/b"));
	ck_assert_int_eq(directory_sync(held), 0);
	directory_release(held);
	ck_assert_uint_eq(support_descriptors(), before);
}
END_TEST

/* Visit count directories, the root included; "first" is the oldest. */
static void
visit_many(size_t count)
{
	char path[32];

	visit("first");
	for (size_t i = 2; i < count; i++) {
		snprintf(path, sizeof(path), "d%zu", i);
		visit(path);
	}
	ck_assert_uint_eq(directories.count,
	    count < DIRECTORY_CACHE ? count : DIRECTORY_CACHE);
}

/* Returns nonzero if finding the directory opens no descriptor. */
static int
is_cached(const char *path)
{
	size_t before = support_descriptors();
	struct directory *found = find(path, 0);
	size_t after = support_descriptors();

	ck_assert_ptr_nonnull(found);
	directory_release(found);
	return after == before;
}

START_TEST(cache_keeps_a_limited_number)
{
	static const size_t counts[] = {
	    DIRECTORY_CACHE - 1, DIRECTORY_CACHE, DIRECTORY_CACHE + 1};
	size_t before = support_descriptors();

	for (size_t i = 0; i < 3; i++) {
		visit_many(counts[i]);
		ck_assert_uint_le(
		    support_descriptors() - before, DIRECTORY_CACHE);
		if (counts[i] <= DIRECTORY_CACHE)
			ck_assert(is_cached("first"));
		else
			ck_assert_uint_eq(directories.count, DIRECTORY_CACHE);
		directories_forget(&directories);
		ck_assert_uint_eq(support_descriptors(), before);
	}
}
END_TEST

START_TEST(cache_keeps_the_last_used)
{
	visit_many(DIRECTORY_CACHE);
	visit("first");
	visit("more");
	ck_assert(is_cached("first"));
	ck_assert(is_cached("more"));
	ck_assert(is_cached("d3"));
}
END_TEST

/* Returns "a/a/a...", a path of depth components. */
static const char *
deep_path(size_t depth)
{
	static char path[WIRE_PATH_MAX + 2];

	for (size_t i = 0; i < depth; i++)
		memcpy(path + 2 * i, "a/", 2);
	path[2 * depth - 1] = '\0';
	return path;
}

START_TEST(path_deeper_than_the_cache_is_opened)
{
	size_t before = support_descriptors();
	struct directory *found = find(deep_path(3 * DIRECTORY_CACHE), 1);

	ck_assert_ptr_nonnull(found);
	ck_assert_int_eq(directory_sync(found), 0);
	ck_assert(found->linked);
	directory_release(found);
	directories_forget(&directories);
	ck_assert_uint_eq(support_descriptors(), before);
}
END_TEST

START_TEST(descriptors_do_not_leak_when_they_run_out)
{
	size_t before = support_descriptors();
	struct rlimit limit;
	rlim_t usual;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	usual = limit.rlim_cur;
	limit.rlim_cur = before + 8;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_ptr_null(find(deep_path(64), 1));
		ck_assert_int_eq(errno, EMFILE);
		directories_forget(&directories);
		ck_assert_uint_eq(support_descriptors(), before);
	}
	visit("still/works");
	limit.rlim_cur = usual;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

START_TEST(entries_are_durable_when_their_directory_is_synced)
{
	struct directory *low, *high, *beside;

	directory_make("in/there");
	low = find("there/a/b", 1);
	high = find("there", 0);
	ck_assert(low != NULL && high != NULL);
	/* Even "there" is not linked: its creator may not have synced it. */
	ck_assert(!high->linked && !low->linked && !low->parent->linked);
	ck_assert_ptr_eq(low->parent->parent, high);
	ck_assert_int_eq(directory_sync(low), 0);
	ck_assert(high->linked && low->linked && low->parent->linked);
	beside = find("there/c", 1);
	ck_assert_ptr_nonnull(beside);
	ck_assert(!beside->linked);
	directory_release(beside);
	directory_release(high);
	directory_release(low);
}
END_TEST

START_TEST(no_entry_is_durable_when_a_sync_fails)
{
	struct directory *low = find("a/b", 1);
	int kept, fd;

	ck_assert_ptr_nonnull(low);
	fd = low->parent->fd;
	kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	ck_assert_int_ge(kept, 0);
	close(fd);
	ck_assert_int_eq(directory_sync(low), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert(!low->linked && !low->parent->linked);
	ck_assert_int_eq(dup2(kept, fd), fd);
	close(kept);
	ck_assert_int_eq(directory_sync(low), 0);
	ck_assert(low->linked && low->parent->linked);
	directory_release(low);
}
END_TEST

START_TEST(sync_reports_unsupported_without_error)
{
	struct directory *found = find("a", 1);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_ptr_nonnull(found);
	/* fsync() of /dev/null fails as on a file system without fsync(). */
	ck_assert_int_eq(dup2(null, found->fd), found->fd);
	ck_assert_int_eq(directory_sync(found), 1);
	close(null);
	directory_release(found);
}
END_TEST

START_TEST(group_is_inherited_from_set_group_id_directory)
{
	gid_t group = geteuid() == 0 ? 4711 : getegid();
	struct directory *set, *plain;

	directory_make("in/set");
	ck_assert_int_eq(chown("in/set", (uid_t)-1, group), 0);
	ck_assert_int_eq(chmod("in/set", 02755), 0);
	set = find("set", 0);
	plain = find("plain", 1);
	ck_assert(set != NULL && plain != NULL);
	ck_assert_uint_eq(set->group, group);
	ck_assert_uint_eq(plain->group, STORE_NO_GROUP);
	directory_release(plain);
	directory_release(set);
}
END_TEST

Suite *
directory_suite(void)
{
	Suite *suite = suite_create("directory");
	TCase *tcase = support_case("directory");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, empty_path_leads_to_the_receiving_directory);
	tcase_add_loop_test(tcase, root_is_opened_again_when_permitted, 0, 2);
	tcase_add_test(tcase, missing_directory_is_created_or_reported);
	tcase_add_test(tcase, symbolic_link_is_refused);
	tcase_add_test(tcase, other_file_type_is_refused);
	tcase_add_test(tcase, other_file_system_is_refused);
	tcase_add_test(tcase, other_mount_of_same_file_system_is_refused);
	tcase_add_test(tcase, unwritable_directory_is_refused);
	tcase_add_test(tcase, directory_is_refused_after_cross_device_rename);
	tcase_add_test(tcase, directory_is_opened_again_after_a_move);
	tcase_add_test(tcase, directory_is_created_again_after_removal);
	tcase_add_loop_test(
	    tcase, child_is_created_on_the_path_after_parent_moved, 0, 2);
	tcase_add_test(tcase, directory_in_use_stays_open_when_forgotten);
	tcase_add_test(tcase, cache_keeps_a_limited_number);
	tcase_add_test(tcase, cache_keeps_the_last_used);
	tcase_add_test(tcase, path_deeper_than_the_cache_is_opened);
	tcase_add_test(tcase, descriptors_do_not_leak_when_they_run_out);
	tcase_add_test(
	    tcase, entries_are_durable_when_their_directory_is_synced);
	tcase_add_test(tcase, no_entry_is_durable_when_a_sync_fails);
	tcase_add_test(tcase, sync_reports_unsupported_without_error);
	tcase_add_test(tcase, group_is_inherited_from_set_group_id_directory);
	suite_add_tcase(suite, tcase);
	return suite;
}
