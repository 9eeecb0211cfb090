/* SPDX-License-Identifier: ISC */
/* Commit: when a group is due, and the outcome of each file. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/store/commit.h"
#include "server/store/publish.h"
#include "tests/lab/client.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

Suite *commit_suite(void);

static struct store store;
static struct directories directories;
static struct commit commit, ran; /* a copy, after commit_run */

static void
setup(void)
{
	inbox_open(&store);
	directories_init(&directories, &store);
	memset(&commit, 0, sizeof(commit));
}

static void
teardown(void)
{
	ck_assert_uint_eq(commit.count, 0);
	ck_assert_uint_eq(commit.bytes, 0);
	directories_forget(&directories);
	inbox_close(&store);
}

/* Add a verified file, whose content is its name. */
static struct commit_file *
add(uint32_t request, const char *directory, const char *name)
{
	struct commit_file *file = commit_add(&commit, strlen(name));
	struct outcome outcome;

	inbox_stage(&store, &file->staged, name);
	file->request = request;
	file->directory = directories_find(
	    &directories, directory, strlen(directory), 1, &outcome);
	ck_assert_ptr_nonnull(file->directory);
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->no_clobber = 0;
	file->digest = script_digest(name, strlen(name));
	return file;
}

/* Commit the group, and keep a copy of it with its outcomes. */
static void
run(void)
{
	commit_run(&commit, &store);
	ran = commit;
	commit_clear(&commit);
}

static const struct commit_file *
expect_outcome(uint32_t request, enum status status)
{
	size_t i = 0;

	while (i < ran.count && ran.files[i].request != request)
		i++;
	ck_assert_uint_lt(i, ran.count);
	ck_assert_msg(ran.files[i].outcome.status == status, "%u: %s: %s",
	    request, status_text(ran.files[i].outcome.status),
	    ran.files[i].outcome.text);
	return &ran.files[i];
}

static void
expect_stored(uint32_t request, const char *name, int durable)
{
	const struct commit_file *file = expect_outcome(request, STATUS_STORED);

	ck_assert_int_eq(file->durable, durable);
	ck_assert_uint_eq(file->size, strlen(name));
	ck_assert_uint_eq(file->digest, script_digest(name, strlen(name)));
}

START_TEST(empty_group_is_never_due)
{
	ck_assert(!commit_is_due(&commit));
	run();
	ck_assert_uint_eq(ran.count, 0);
}
END_TEST

/* Nonzero if the group is due, regardless of its age. */
static int
is_due(void)
{
	commit.begun = io_now() + 60000;
	return commit_is_due(&commit);
}

START_TEST(group_is_due_when_it_has_enough_files)
{
	for (int i = 0; i < COMMIT_FILES - 1; i++) {
		(void)commit_add(&commit, 0);
		ck_assert(!is_due());
	}
	(void)commit_add(&commit, 0);
	ck_assert(is_due());
	memset(&commit, 0, sizeof(commit));
}
END_TEST

START_TEST(group_is_due_when_it_has_enough_bytes)
{
	for (int more = -1; more <= 1; more++) {
		(void)commit_add(&commit, 1000);
		(void)commit_add(
		    &commit, (uint64_t)(COMMIT_BYTES - 1000 + more));
		ck_assert_int_eq(is_due(), more >= 0);
		memset(&commit, 0, sizeof(commit));
	}
}
END_TEST

START_TEST(group_is_due_when_it_is_old_enough)
{
	for (int more = -1; more <= 1; more++) {
		io_time now;
		int due;

		(void)commit_add(&commit, 1);
		do {
			now = io_now();
			commit.begun = now - COMMIT_AGE - more;
			due = commit_is_due(&commit);
		} while (io_now() != now);
		ck_assert_int_eq(due, more >= 0);
		memset(&commit, 0, sizeof(commit));
	}
}
END_TEST

START_TEST(age_counts_from_the_first_file)
{
	io_time before = io_now();

	(void)commit_add(&commit, 1);
	ck_assert(commit.begun >= before && commit.begun <= io_now());
	commit.begun = before - COMMIT_AGE;
	(void)commit_add(&commit, 1);
	ck_assert(commit_is_due(&commit));
	memset(&commit, 0, sizeof(commit));
}
END_TEST

START_TEST(groups_of_every_size_are_committed)
{
	static const char *const paths[] = {"", "a", "a/b", "c/d/e"};
	char name[32], path[64];

	for (uint32_t size = 1; size <= COMMIT_FILES; size++) {
		for (uint32_t i = 1; i <= size; i++) {
			snprintf(name, sizeof(name), "f%u-%u", size, i);
			add(i, paths[i % 4], name);
		}
		run();
		for (uint32_t i = 1; i <= size; i++) {
			snprintf(name, sizeof(name), "f%u-%u", size, i);
			snprintf(path, sizeof(path), "in/%s%s%s", paths[i % 4],
			    i % 4 == 0 ? "" : "/", name);
			expect_stored(i, name, 1);
			file_expect_text(path, name);
		}
		ck_assert_uint_eq(directory_count(inbox_staging()), 0);
	}
}
END_TEST

START_TEST(last_file_wins_when_names_are_equal)
{
	add(1, "", "one");
	snprintf(add(2, "", "two")->name, WIRE_COMPONENT_MAX, "one");
	run();
	expect_stored(1, "one", 1);
	expect_stored(2, "two", 1);
	file_expect_text("in/one", "two");
}
END_TEST

START_TEST(other_files_are_stored_when_one_fails)
{
	directory_make("in/b");
	file_make("in/kept", "old");
	add(1, "", "a");
	add(2, "", "b");
	add(3, "", "kept")->no_clobber = 1;
	add(4, "b", "d");
	run();
	expect_stored(1, "a", 1);
	(void)expect_outcome(2, STATUS_REFUSED);
	(void)expect_outcome(3, STATUS_EXISTS);
	expect_stored(4, "d", 1);
	file_expect_text("in/a", "a");
	file_expect_text("in/b/d", "d");
	file_expect_text("in/kept", "old");
	ck_assert_uint_eq(directory_count("in/b"), 1);
}
END_TEST

START_TEST(file_is_not_published_when_its_sync_fails)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct commit_file *bad;

	file_make("in/b", "old");
	add(1, "", "a");
	bad = add(2, "", "b");
	add(3, "", "c");
	/* fsync() of /dev/null fails. */
	ck_assert_int_eq(dup2(null, bad->staged.fd), bad->staged.fd);
	close(null);
	run();
	expect_stored(1, "a", 1);
	ck_assert_uint_ne(ran.files[1].outcome.status, STATUS_STORED);
	expect_stored(3, "c", 1);
	file_expect_text("in/b", "old");
}
END_TEST

START_TEST(files_fail_when_their_directory_cannot_be_synced)
{
	struct commit_file *file;
	int fd, kept;

	add(1, "x", "a");
	file = add(2, "x", "b");
	/* Without its descriptor, the parent cannot be synced. */
	fd = file->directory->parent->fd;
	kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	close(fd);
	run();
	ck_assert_int_eq(dup2(kept, fd), fd);
	close(kept);
	(void)expect_outcome(1, STATUS_FAILED);
	(void)expect_outcome(2, STATUS_FAILED);
	/* The next commit syncs the parent again. */
	add(3, "x", "c");
	run();
	expect_stored(3, "c", 1);
}
END_TEST

START_TEST(files_are_not_durable_when_sync_is_off)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct commit_file *file;

	store.sync = 0;
	file = add(1, "", "a");
	add(2, "x/y", "b");
	/* fsync() of /dev/null would fail, but it is not called. */
	ck_assert_int_eq(dup2(null, file->staged.fd), file->staged.fd);
	close(null);
	run();
	expect_stored(1, "a", 0);
	expect_stored(2, "b", 0);
	file_expect_text("in/x/y/b", "b");
}
END_TEST

#ifdef OS_LINUX
/* Commit in a child.  The child closes its copy of the lock on names. */
static pid_t
start_commit(int lock)
{
	pid_t child = fork();

	ck_assert_int_ne(child, -1);
	if (child != 0)
		return child;
	close(lock);
	commit_run(&commit, &store);
	_exit(commit.files[0].outcome.status == STATUS_STORED ? 0 : 1);
}

/* If names fold, check and rename are one critical section. */
START_TEST(publishing_waits_for_the_lock_when_names_fold)
{
	int lock, status;
	pid_t child;

	store.system.names = NAMES_FOLD;
	(void)add(1, "", "a");
	lock = publish_lock_names(&store);
	ck_assert_int_ne(lock, -1);
	child = start_commit(lock);
	(void)poll(NULL, 0, 100);
	ck_assert_int_eq(waitpid(child, &status, WNOHANG), 0);
	ck_assert(!file_exists("in/a"));
	close(lock);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	file_expect_text("in/a", "a");
	ck_assert_int_eq(staging_close(&commit.files[0].staged), 0);
	commit_clear(&commit);
}
END_TEST
#endif

/* The spelling is the same, so the second file replaces the first. */
START_TEST(file_is_replaced_when_names_fold_and_it_is_listed)
{
	store.system.names = NAMES_FOLD;
	(void)add(1, "dir", "a");
	(void)add(2, "dir", "a");
	run();
	expect_stored(1, "a", 1);
	expect_stored(2, "a", 1);
}
END_TEST

/*
 * On mergerfs, a rename to another branch fails with EXDEV.  The server then
 * refuses the next file for that directory at once.
 */
START_TEST(directory_is_refused_after_a_rename_failed_with_exdev)
{
	struct directory *root = add(1, "", "file")->directory;
	struct outcome outcome;
	int other;

	if (!support_mount("other", 64)) {
		run();
		return;
	}
	ck_assert_int_eq(directory_may_write(root, &outcome), 0);
	other = open("other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(dup2(other, root->fd), root->fd);
	close(other);
	root->references++;
	run();
	(void)expect_outcome(1, STATUS_REFUSED);
	ck_assert_int_eq(directory_may_write(root, &outcome), -1);
	ck_assert_int_eq(outcome.status, STATUS_REFUSED);
	directory_release(root);
}
END_TEST

Suite *
commit_suite(void)
{
	Suite *suite = suite_create("commit");
	TCase *tcase = support_case("commit");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, empty_group_is_never_due);
	tcase_add_test(tcase, group_is_due_when_it_has_enough_files);
	tcase_add_test(tcase, group_is_due_when_it_has_enough_bytes);
	tcase_add_test(tcase, group_is_due_when_it_is_old_enough);
	tcase_add_test(tcase, age_counts_from_the_first_file);
	tcase_add_test(tcase, groups_of_every_size_are_committed);
	tcase_add_test(tcase, last_file_wins_when_names_are_equal);
	tcase_add_test(tcase, other_files_are_stored_when_one_fails);
	tcase_add_test(tcase, file_is_not_published_when_its_sync_fails);
	tcase_add_test(tcase, files_fail_when_their_directory_cannot_be_synced);
	tcase_add_test(tcase, files_are_not_durable_when_sync_is_off);
#ifdef OS_LINUX
	tcase_add_test(tcase, publishing_waits_for_the_lock_when_names_fold);
#endif
	tcase_add_test(
	    tcase, file_is_replaced_when_names_fold_and_it_is_listed);
	tcase_add_test(
	    tcase, directory_is_refused_after_a_rename_failed_with_exdev);
	suite_add_tcase(suite, tcase);
	return suite;
}
