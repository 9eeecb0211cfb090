/* SPDX-License-Identifier: ISC */
/* Find, claim and create partials. */
#include "server/store/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

Suite *partial_suite(void);

static int calls, last_call;

static int
count_call(void *argument)
{
	(void)argument;
	return ++calls == last_call;
}

static struct comparer comparer;

static const struct wire_request whole = {.kind = WIRE_KIND_FILE,
    .wishes = WIRE_RESUME,
    .seconds = 7,
    .nanoseconds = 8,
    .size = 3 * PARTIAL_LEAST};

#define SENDER 1
#define OTHER 2

static struct store store;
static struct partial_finder finder;

static void
set_up(void)
{
	calls = last_call = 0;
	inbox_open(&store);
	comparer = (struct comparer){.keepalive = {count_call, NULL}};
	finder = (struct partial_finder){
	    .store = &store, .comparer = &comparer, .shows_foreign = 1};
}

static void
tear_down(void)
{
	partial_finder_release(&finder);
}

static int
find(const char *path, const struct wire_request *request,
    struct partial *partial)
{
	/* Read the names again, as a new connection does. */
	partial_finder_release(&finder);
	partial->foreign = 0;
	partial_name(
	    &store, SENDER, &partial->staged, path, strlen(path), request);
	return partial_find(&finder, request->size, partial);
}

static int
stage(struct staging_file *staged)
{
	partial_name(&store, SENDER, staged, "a/b", 3, &whole);
	return partial_stage(&store, staged);
}

/* Create a partial of length bytes. */
static void
make_partial(size_t length)
{
	struct staging_file staged;
	char *bytes = calloc(length, 1);

	ck_assert_int_eq(stage(&staged), 0);
	ck_assert_int_eq(write(staged.fd, bytes, length), (ssize_t)length);
	ck_assert_int_eq(staging_close(&staged), 0);
	free(bytes);
}

START_TEST(only_large_resumable_file_becomes_partial)
{
	struct wire_request request = whole;

	ck_assert(partial_applies(&request));
	request.size = PARTIAL_LEAST;
	ck_assert(partial_applies(&request));
	request.size = PARTIAL_LEAST - 1;
	ck_assert(!partial_applies(&request));
	request.size = WIRE_SIZE_UNKNOWN;
	ck_assert(!partial_applies(&request));
	request = whole;
	request.wishes = WIRE_NO_CLOBBER;
	ck_assert(!partial_applies(&request));
	store_close(&store);
}
END_TEST

START_TEST(only_own_host_finds_partial_when_locks_are_not_shared)
{
	struct partial partial;

	store_mark(&store, 0);
	make_partial(PARTIAL_LEAST);
	ck_assert_int_eq(find("a/b", &whole, &partial), 0);
	ck_assert_ptr_nonnull(strstr(partial.staged.name, store.mark));
	partial_release(&partial);
	snprintf(store.mark, sizeof(store.mark), "@another");
	ck_assert_int_eq(find("a/b", &whole, &partial), -1);
	ck_assert_int_eq(errno, ENOENT);
	store_mark(&store, 0);
	ck_assert_int_eq(find("a/b", &whole, &partial), 0);
	staging_discard(&store, &partial.staged);
	inbox_close(&store);
}
END_TEST

START_TEST(partial_is_found_with_its_digest)
{
	struct partial partial;
	struct digest expected;

	make_partial(PARTIAL_LEAST + 5);
	ck_assert_int_eq(find("a/b", &whole, &partial), 0);
	digest_init(&expected);
	digest_add_zeros(&expected, PARTIAL_LEAST + 5);
	ck_assert_uint_eq(partial.prefix.length, PARTIAL_LEAST + 5);
	ck_assert_uint_eq(
	    digest_value(&partial.prefix), digest_value(&expected));
	ck_assert_int_gt(calls, 0);
	staging_discard(&store, &partial.staged);
	inbox_close(&store);
}
END_TEST

START_TEST(digest_covers_holes)
{
	struct partial partial;
	struct staging_file staged;
	struct digest expected;
	char *bytes = calloc(PARTIAL_LEAST, 1);

	ck_assert_int_eq(stage(&staged), 0);
	ck_assert_int_eq(
	    pwrite(staged.fd, bytes, PARTIAL_LEAST, _i * PARTIAL_LEAST),
	    PARTIAL_LEAST);
	ck_assert_int_eq(ftruncate(staged.fd, 3 * PARTIAL_LEAST), 0);
	ck_assert_int_eq(staging_close(&staged), 0);
	free(bytes);
	ck_assert_int_eq(find("a/b", &whole, &partial), 0);
	digest_init(&expected);
	digest_add_zeros(&expected, 3 * PARTIAL_LEAST);
	ck_assert_uint_eq(
	    digest_value(&partial.prefix), digest_value(&expected));
	staging_discard(&store, &partial.staged);
	inbox_close(&store);
}
END_TEST

START_TEST(no_partial_is_found_for_other_source_or_path)
{
	struct wire_request other[3] = {whole, whole, whole};
	struct partial partial;

	other[0].size++;
	other[1].seconds++;
	other[2].nanoseconds++;
	make_partial(PARTIAL_LEAST);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(find("a/b", &other[i], &partial), -1);
		ck_assert_int_eq(errno, ENOENT);
	}
	ck_assert_int_eq(find("a/c", &whole, &partial), -1);
	ck_assert_int_eq(errno, ENOENT);
	store_close(&store);
}
END_TEST

START_TEST(search_stops_when_keepalive_stops_it)
{
	struct partial partial;

	make_partial(PARTIAL_LEAST);
	last_call = 2;
	ck_assert_int_eq(find("a/b", &whole, &partial), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(partial.staged.fd, -1);
	store_close(&store);
}
END_TEST

START_TEST(partial_larger_than_the_file_is_ignored)
{
	struct partial partial;

	make_partial(3 * PARTIAL_LEAST + 1);
	ck_assert_int_eq(find("a/b", &whole, &partial), -1);
	ck_assert_int_eq(errno, EFBIG);
	store_close(&store);
}
END_TEST

START_TEST(locked_partial_is_not_claimed)
{
	struct partial partial;
	struct staging_file staged;
	int status;
	pid_t other;

	ck_assert_int_eq(stage(&staged), 0);
	other = fork();
	if (other == 0) {
		last_call = 2;
		_exit(find("a/b", &whole, &partial) == -1 && errno == EAGAIN &&
			    calls == 2
			? 0
			: 1);
	}
	ck_assert_int_eq(waitpid(other, &status, 0), other);
	ck_assert_int_eq(status, 0);
	staging_discard(&store, &staged);
	inbox_close(&store);
}
END_TEST

/*
 * Stage the file, whose name must differ from taken.  A child then does the
 * same, until no name is free.  Returns how many were staged; 99 or more means
 * an error.
 */
static int
stage_in_turn(const char *taken)
{
	struct staging_file staged;
	int status;
	pid_t next;

	if (stage(&staged) == -1)
		return errno == EAGAIN ? 0 : 99;
	if (strcmp(staged.name, taken) == 0 ||
	    !partial_same_file(staged.name, taken) ||
	    !partial_same_sender(staged.name, taken))
		return 99;
	next = fork();
	if (next == 0)
		_exit(stage_in_turn(staged.name));
	if (waitpid(next, &status, 0) != next)
		return 99;
	staging_discard(&store, &staged);
	return 1 + WEXITSTATUS(status);
}

START_TEST(four_attempts_at_once_have_different_names)
{
	struct staging_file name;

	partial_name(&store, SENDER, &name, "a/b", 3, &whole);
	memcpy(name.name + strlen(name.name) - 1, "x", 1);
	ck_assert_int_eq(stage_in_turn(name.name), 4);
	inbox_close(&store);
}
END_TEST

/* Create a partial of this size, sender and attempt. */
static void
make_attempt(uint64_t sender, char attempt, off_t mebibytes)
{
	struct staging_file staged;
	int fd;

	partial_name(&store, sender, &staged, "a/b", 3, &whole);
	staged.name[strlen(staged.name) - 1] = attempt;
	fd = openat(store.staging, staged.name, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(ftruncate(fd, mebibytes * PARTIAL_LEAST), 0);
	close(fd);
}

/* Expect that a partial of this size is found, and remove it. */
static void
expect_found(off_t mebibytes, int foreign)
{
	struct partial partial;

	ck_assert_int_eq(find("a/b", &whole, &partial), 0);
	ck_assert_int_eq(partial.prefix.length, mebibytes * PARTIAL_LEAST);
	ck_assert_int_eq(partial.foreign, foreign);
	staging_discard(&store, &partial.staged);
}

START_TEST(own_and_longer_partials_are_tried_first)
{
	make_attempt(SENDER, '0', 1);
	make_attempt(SENDER, '1', 2);
	make_attempt(OTHER, '0', 3);
	make_attempt(OTHER, '2', 1);
	expect_found(2, 0);
	expect_found(1, 0);
	expect_found(3, 1);
	expect_found(1, 1);
	inbox_close(&store);
}
END_TEST

START_TEST(foreign_partial_is_found_only_when_permitted)
{
	struct partial partial;

	make_attempt(OTHER, '0', 2);
	finder.shows_foreign = 0;
	ck_assert_int_eq(find("a/b", &whole, &partial), -1);
	ck_assert_int_eq(errno, ENOENT);
	make_attempt(SENDER, '0', 1);
	expect_found(1, 0);
	finder.shows_foreign = 1;
	expect_found(2, 1);
	inbox_close(&store);
}
END_TEST

/* Earlier versions left partials without a sender in the name. */
START_TEST(name_without_sender_is_foreign)
{
	struct staging_file staged, old = {.fd = -1};

	make_partial(PARTIAL_LEAST);
	partial_name(&store, SENDER, &staged, "a/b", 3, &whole);
	snprintf(old.name, sizeof(old.name), "%.17s", staged.name);
	ck_assert(partial_is_name(old.name) && !partial_has_sender(old.name));
	ck_assert_int_eq(
	    renameat(store.staging, staged.name, store.staging, old.name), 0);
	expect_found(1, 1);
	inbox_close(&store);
}
END_TEST

START_TEST(scoreboard_shows_wanted_partial_while_waiting)
{
	struct scoreboard board;
	struct partial partial;
	struct staging_file staged;
	int status;
	pid_t other;

	ck_assert_int_eq(scoreboard_init(&board, 2), 0);
	ck_assert_int_eq(stage(&staged), 0);
	comparer.board = &board;
	comparer.slot = 1;
	other = fork();
	if (other == 0)
		_exit(find("a/b", &whole, &partial) == 0 ? 0 : 1);
	while (!scoreboard_is_wanted(&board, staged.name))
		(void)io_poll(NULL, 0, io_now() + 1);
	ck_assert_int_eq(waitpid(other, &status, WNOHANG), 0);
	ck_assert_int_eq(staging_close(&staged), 0);
	ck_assert_int_eq(waitpid(other, &status, 0), other);
	ck_assert_int_eq(status, 0);
	ck_assert(!scoreboard_is_wanted(&board, staged.name));
	ck_assert_int_eq(unlinkat(store.staging, staged.name, 0), 0);
	inbox_close(&store);
}
END_TEST

/* Lock the file, and remove it after 20 ms, as a sweep does. */
static pid_t
sweep_slowly(const char *name)
{
	int ready[2];
	char byte;
	pid_t child;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int fd = openat(store.staging, name, O_RDWR);

		if (staging_lock(fd) == -1 || write(ready[1], "", 1) != 1)
			_exit(1);
		(void)io_poll(NULL, 0, io_now() + 20);
		_exit(unlinkat(store.staging, name, 0) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return child;
}

START_TEST(partial_is_created_again_when_swept)
{
	struct staging_file staged;
	int status;
	pid_t sweeper;

	ck_assert_int_eq(stage(&staged), 0);
	ck_assert_int_eq(staging_close(&staged), 0);
	sweeper = sweep_slowly(staged.name);
	ck_assert_int_eq(stage(&staged), 0);
	ck_assert_int_eq(waitpid(sweeper, &status, 0), sweeper);
	ck_assert_int_eq(status, 0);
	ck_assert(partial_is_name(staged.name));
	staging_discard(&store, &staged);
	inbox_close(&store);
}
END_TEST

START_TEST(staging_truncates_the_partial)
{
	struct staging_file staged;

	make_partial(PARTIAL_LEAST);
	ck_assert_int_eq(stage(&staged), 0);
	ck_assert(partial_is_name(staged.name));
	ck_assert_int_eq(lseek(staged.fd, 0, SEEK_END), 0);
	staging_discard(&store, &staged);
	inbox_close(&store);
}
END_TEST

/* A complete file gets its mode, perhaps 0444, before it is published. */
START_TEST(unwritable_partial_is_created_again)
{
	struct partial partial;
	struct staging_file staged;

	inbox_become_nobody(&store);
	make_partial(PARTIAL_LEAST);
	partial_name(&store, SENDER, &staged, "a/b", 3, &whole);
	ck_assert_int_eq(fchmodat(store.staging, staged.name, 0444, 0), 0);
	ck_assert_int_eq(find("a/b", &whole, &partial), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(stage(&staged), 0);
	ck_assert(partial_is_name(staged.name));
	staging_discard(&store, &staged);
	inbox_restore_user();
	inbox_close(&store);
}
END_TEST

/* After a publish by link, a crash can leave the staging name. */
START_TEST(published_partial_is_not_modified)
{
	struct partial partial;
	struct staging_file staged;
	struct stat found;

	make_partial(PARTIAL_LEAST);
	partial_name(&store, SENDER, &staged, "a/b", 3, &whole);
	ck_assert_int_eq(
	    linkat(store.staging, staged.name, store.root, "published", 0), 0);
	if (_i == 0) {
		ck_assert_int_eq(find("a/b", &whole, &partial), -1);
		ck_assert_int_eq(errno, ENOENT);
	} else {
		ck_assert_int_eq(stage(&staged), 0);
		staging_discard(&store, &staged);
	}
	ck_assert_int_eq(fstatat(store.root, "published", &found, 0), 0);
	ck_assert_int_eq(found.st_size, PARTIAL_LEAST);
	inbox_close(&store);
}
END_TEST

Suite *
partial_suite(void)
{
	Suite *suite = suite_create("partial");
	TCase *tcase = support_case("partial");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, only_large_resumable_file_becomes_partial);
	tcase_add_test(
	    tcase, only_own_host_finds_partial_when_locks_are_not_shared);
	tcase_add_test(tcase, partial_is_found_with_its_digest);
	tcase_add_loop_test(tcase, digest_covers_holes, 0, 3);
	tcase_add_test(tcase, no_partial_is_found_for_other_source_or_path);
	tcase_add_test(tcase, search_stops_when_keepalive_stops_it);
	tcase_add_test(tcase, partial_larger_than_the_file_is_ignored);
	tcase_add_test(tcase, locked_partial_is_not_claimed);
	tcase_add_test(tcase, four_attempts_at_once_have_different_names);
	tcase_add_test(tcase, own_and_longer_partials_are_tried_first);
	tcase_add_test(tcase, foreign_partial_is_found_only_when_permitted);
	tcase_add_test(tcase, name_without_sender_is_foreign);
	tcase_add_test(tcase, scoreboard_shows_wanted_partial_while_waiting);
	tcase_add_test(tcase, partial_is_created_again_when_swept);
	tcase_add_test(tcase, staging_truncates_the_partial);
	tcase_add_test(tcase, unwritable_partial_is_created_again);
	tcase_add_loop_test(tcase, published_partial_is_not_modified, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
