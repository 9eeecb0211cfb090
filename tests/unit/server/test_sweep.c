/* SPDX-License-Identifier: ISC */
/* Sweep abandoned files and partials from the staging directory. */
#include "server/store/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/store/partial.h"
#include "server/store/sender.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/support.h"

#define HOUR INT64_C(3600000)

Suite *sweep_suite(void);

/* Start a child that keeps a staged file locked until it reads from hold. */
static pid_t
start_holder(const struct store *store, mode_t mode, int hold, int ready)
{
	struct staging_file staged;
	pid_t child = fork();
	char byte;

	ck_assert_int_ne(child, -1);
	if (child != 0)
		return child;
	if (staging_create(store, &staged) == -1 ||
	    fchmod(staged.fd, mode) == -1 || write(ready, "", 1) != 1 ||
	    read(hold, &byte, 1) != 1)
		_exit(1);
	_exit(0);
}

/* The mode of an incomplete file, and modes of complete files. */
static const mode_t modes[] = {0600, 0666, 0444, 0400};

START_TEST(abandoned_file_is_swept_when_unlocked)
{
	struct store store;
	int hold[2], ready[2];
	int status;
	char byte;
	pid_t holder;

	inbox_open(&store);
	ck_assert_int_eq(pipe(hold), 0);
	ck_assert_int_eq(pipe(ready), 0);
	inbox_become_nobody(&store);
	holder = start_holder(&store, modes[_i], hold[0], ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(sweep_abandoned(&store), 0);
	ck_assert_int_eq(write(hold[1], "", 1), 1);
	ck_assert_int_eq(waitpid(holder, &status, 0), holder);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(sweep_abandoned(&store), 1);
	ck_assert_int_eq(sweep_abandoned(&store), 0);
	inbox_restore_user();
	inbox_close(&store);
	for (int i = 0; i < 2; i++) {
		close(hold[i]);
		close(ready[i]);
	}
}
END_TEST

START_TEST(sweep_keeps_other_file_types)
{
	struct store store;

	inbox_open(&store);
	file_make("victim", "kept");
	ck_assert_int_eq(fchdir(store.staging), 0);
	directory_make("directory");
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(symlink("../../victim", "link"), 0);
	file_make("abandoned", "x");
	ck_assert_int_eq(sweep_abandoned(&store), 1);
	ck_assert(!file_exists("abandoned"));
	ck_assert(S_ISDIR(file_mode("directory")));
	ck_assert(S_ISFIFO(file_mode("fifo")));
	ck_assert(S_ISLNK(file_mode("link")));
	file_expect_text("../../victim", "kept");
	store_close(&store);
}
END_TEST

/* The largest process ID; no process has it. */
#define NOBODY "7fffffff"

/* A process that is killed does not remove its probes. */
START_TEST(probe_is_swept_when_its_process_died)
{
	struct store store;

	inbox_open(&store);
	store_mark(&store, 0);
	ck_assert_int_eq(fchdir(store.staging), 0);
	directory_make("Probe-directory-1-2-" NOBODY);
	file_make("Probe\xc3\xa9-1-2-" NOBODY, "x");
	ck_assert_int_eq(
	    link("Probe\xc3\xa9-1-2-" NOBODY, "Probe-other-1-2-" NOBODY), 0);
	directory_make("Probe-full");
	file_make("Probe-full/f", "");
	ck_assert_int_eq(sweep_abandoned(&store), 3);
	ck_assert_uint_eq(directory_count("."), 1);
	file_expect_text("Probe-full/f", "");
	store_close(&store);
}
END_TEST

START_TEST(probe_stays_when_its_process_runs)
{
	const unsigned long processes[] = {(unsigned long)getpid(), 1};
	struct store store;
	char name[64];

	inbox_open(&store);
	ck_assert_int_eq(fchdir(store.staging), 0);
	for (size_t i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "Probe-1-2-%lx", processes[i]);
		file_make(name, "x");
	}
	file_make("Probe-1-2-" NOBODY, "x");
	file_make("Probe-1-2-1x", "x");
	file_make("Probe", "x");
	ck_assert_int_eq(sweep_abandoned(&store), 3);
	ck_assert_uint_eq(directory_count("."), 2);
	store_close(&store);
}
END_TEST

/* Create a partial of this size, last written age seconds ago. */
static void
make_partial(
    const struct store *store, const char *name, off_t size, time_t age)
{
	const struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT}, {time(NULL) - age, 0}};
	int fd = openat(store->staging, name, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

static int
is_there(const struct store *store, const char *name)
{
	return faccessat(store->staging, name, F_OK, 0) == 0;
}

START_TEST(large_partial_stays_until_it_expires)
{
	struct store store;

	inbox_open(&store);
	store.partial_ttl = HOUR;
	make_partial(&store, "r1", PARTIAL_LEAST, 3500);
	make_partial(&store, "r2", PARTIAL_LEAST, 3700);
	make_partial(&store, "r3", PARTIAL_LEAST - 1, 1);
	make_partial(&store, "other", PARTIAL_LEAST, 1);
	ck_assert_int_eq(sweep_abandoned(&store), 3);
	ck_assert(is_there(&store, "r1"));
	store_close(&store);
}
END_TEST

/*
 * This host does not see the locks of other hosts, so their files look
 * abandoned.
 */
START_TEST(file_of_other_host_stays_when_locks_are_not_shared)
{
	const struct space_amount one_file = {0, 1};
	struct store store;
	char own[STAGING_NAME], partial[STAGING_NAME];

	inbox_open(&store);
	store.partial_ttl = HOUR;
	store_mark(&store, 0);
	snprintf(own, sizeof(own), "1-2-3%s", store.mark);
	snprintf(partial, sizeof(partial), "r4%s", store.mark);
	make_partial(&store, own, 1, 1);
	make_partial(&store, partial, PARTIAL_LEAST, 3700);
	make_partial(&store, "1-2-3@another", 1, 1);
	make_partial(&store, "r4@another", PARTIAL_LEAST, 3700);
	make_partial(&store, "r5", PARTIAL_LEAST, 3700);
	ck_assert_int_eq(sweep_abandoned(&store), 2);
	ck_assert(!is_there(&store, own) && !is_there(&store, partial));
	ck_assert(!sweep_for_space(&store, &one_file));
	ck_assert(is_there(&store, "1-2-3@another"));
	ck_assert(is_there(&store, "r4@another") && is_there(&store, "r5"));
	store_mark(&store, 1);
	ck_assert_int_eq(sweep_abandoned(&store), 3);
	inbox_close(&store);
}
END_TEST

#define BLOCK (1024 * 1024)

/* Create a partial without holes, last written age seconds ago. */
static void
make_allocated_partial(
    const struct store *store, const char *name, unsigned mebibytes, time_t age)
{
	static char block[BLOCK];
	int fd = openat(store->staging, name, O_WRONLY | O_CREAT, 0600);

	for (unsigned i = 0; i < mebibytes; i++)
		ck_assert_int_eq(write(fd, block, BLOCK), BLOCK);
	close(fd);
	make_partial(store, name, (off_t)mebibytes * BLOCK, age);
}

/* Create partials of 2 MiB.  r1 and r2 have the same age; r3 is newer. */
static void
make_three_partials(const struct store *store)
{
	make_allocated_partial(store, "r3", 2, 100);
	make_allocated_partial(store, "r1", 2, 200);
	make_allocated_partial(store, "r2", 2, 200);
}

static int
free_space(const struct store *store, uint64_t bytes, uint64_t files)
{
	const struct space_amount need = {bytes, files};

	return sweep_for_space(store, &need);
}

/* The sweep removes r3 last: expect that this many partials are left. */
static void
expect_left(const struct store *store, int left)
{
	ck_assert_int_eq(is_there(store, "r3"), left > 0);
	ck_assert_int_eq(is_there(store, "r1") + is_there(store, "r2"),
	    left > 1 ? left - 1 : 0);
}

START_TEST(oldest_partials_are_removed_until_need_is_met)
{
	/* The need, and the number of partials left. */
	static const struct {
		uint64_t bytes, files;
		int left;
	} needs[] = {{0, 1, 2}, {1, 0, 2}, {2 * BLOCK, 1, 2},
	    {2 * BLOCK + 1, 0, 1}, {4 * BLOCK, 2, 1}, {4 * BLOCK + 1, 0, 0},
	    {6 * BLOCK, 3, 0}, {1, 3, 0}};
	struct store store;
	struct staging_file held;

	inbox_open(&store);
	make_three_partials(&store);
	inbox_stage(&store, &held, "mine");
	ck_assert(free_space(&store, needs[_i].bytes, needs[_i].files));
	expect_left(&store, needs[_i].left);
	ck_assert(is_there(&store, held.name));
	staging_discard(&store, &held);
	store_close(&store);
}
END_TEST

START_TEST(no_partial_is_removed_when_all_do_not_suffice)
{
	struct store store;

	inbox_open(&store);
	make_three_partials(&store);
	ck_assert(!free_space(&store, 6 * BLOCK + 65536, 0));
	ck_assert(!free_space(&store, 0, 4));
	expect_left(&store, 3);
	ck_assert(free_space(&store, 6 * BLOCK, 3));
	ck_assert(!free_space(&store, 0, 1));
	store_close(&store);
}
END_TEST

/* r0 is the oldest, but locked: it is not removed and does not count. */
START_TEST(locked_partial_is_not_counted)
{
	struct store store;
	int fd;

	inbox_open(&store);
	make_three_partials(&store);
	make_allocated_partial(&store, "r0", 2, 300);
	fd = openat(store.staging, "r0", O_RDWR);
	ck_assert_int_eq(staging_lock(fd), 0);
	ck_assert(!free_space(&store, 8 * BLOCK, 0));
	expect_left(&store, 3);
	ck_assert(free_space(&store, 6 * BLOCK, 0));
	expect_left(&store, 0);
	ck_assert(is_there(&store, "r0"));
	/* The sweep did not release the lock. */
	ck_assert(!free_space(&store, 1, 0));
	close(fd);
	store_close(&store);
}
END_TEST

START_TEST(published_partial_frees_nothing)
{
	struct store store;

	inbox_open(&store);
	make_allocated_partial(&store, "r1", 2, 100);
	ck_assert_int_eq(
	    linkat(store.staging, "r1", store.root, "published", 0), 0);
	ck_assert(!free_space(&store, 1, 0));
	ck_assert(is_there(&store, "r1"));
	store_close(&store);
}
END_TEST

START_TEST(partials_are_removed_only_when_space_ran_out)
{
	static const int errors[] = {ENOSPC, EDQUOT, EFBIG, EIO, EROFS};
	struct store store;

	inbox_open(&store);
	make_three_partials(&store);
	errno = errors[_i];
	ck_assert_int_eq(sweep_after_failure(&store, 3 * BLOCK), _i < 2);
	ck_assert_int_eq(errno, errors[_i]);
	expect_left(&store, _i < 2 ? 1 : 3);
	store_close(&store);
}
END_TEST

static int calls;

static int
stop_at_once(void *argument)
{
	(void)argument;
	calls++;
	return 1;
}

/* The sweep of 300 files calls keepalive. */
START_TEST(sweep_stops_when_keepalive_stops_it)
{
	const struct keepalive keepalive = {stop_at_once, NULL};
	struct store store;
	char name[STAGING_NAME];

	inbox_open(&store);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		make_partial(&store, name, BLOCK, 100);
	}
	store.keepalive = &keepalive;
	ck_assert(!free_space(&store, 0, 1));
	ck_assert_int_eq(calls, 1);
	store.keepalive = NULL;
	ck_assert(free_space(&store, 0, 300));
	ck_assert(!is_there(&store, "r7"));
	store_close(&store);
}
END_TEST

/* Names of partials of two senders. */
#define ONE(name) "r000000000000000" name "-1111111111111111-0"
#define TWO(name) "r000000000000000" name "-2222222222222222-0"

static void
make_partials_of_senders(const struct store *store)
{
	make_allocated_partial(store, ONE("a"), 1, 50);
	make_allocated_partial(store, TWO("b"), 1, 400);
	make_allocated_partial(store, ONE("c"), 1, 300);
	make_allocated_partial(store, ONE("d"), 1, 200);
	/* Earlier versions used names without a sender. */
	make_allocated_partial(store, "r000000000000000e", 1, 900);
}

START_TEST(quota_removes_oldest_of_same_sender)
{
	/* The quota, and the number of the sender's three partials left. */
	static const struct {
		struct sweep_quota quota;
		int left;
	} rows[] = {
	    {{{9 * BLOCK, 4}, {99 * BLOCK, 99}}, 3},
	    {{{9 * BLOCK, 3}, {99 * BLOCK, 99}}, 3},
	    {{{9 * BLOCK, 2}, {99 * BLOCK, 99}}, 2},
	    {{{3 * BLOCK, 99}, {99 * BLOCK, 99}}, 3},
	    {{{3 * BLOCK - 1, 99}, {99 * BLOCK, 99}}, 2},
	    {{{9 * BLOCK, 99}, {99 * BLOCK, 4}}, 3},
	    {{{9 * BLOCK, 99}, {99 * BLOCK, 3}}, 2},
	    {{{9 * BLOCK, 99}, {4 * BLOCK, 99}}, 3},
	    {{{9 * BLOCK, 99}, {4 * BLOCK - 1, 99}}, 2},
	    {{{9 * BLOCK, 99}, {0, 0}}, 0},
	};
	static const char *const own[] = {ONE("a"), ONE("d"), ONE("c")};
	struct store store;

	inbox_open(&store);
	make_partials_of_senders(&store);
	sweep_enforce_quota(&store, ONE("a"), &rows[_i].quota);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(is_there(&store, own[i]), i < rows[_i].left);
	ck_assert(is_there(&store, TWO("b")));
	ck_assert(is_there(&store, "r000000000000000e"));
	store_close(&store);
}
END_TEST

/* The sweep does not call keepalive, which would stop it. */
START_TEST(quota_is_enforced_when_client_has_disconnected)
{
	const struct keepalive keepalive = {stop_at_once, NULL};
	const struct sweep_quota quota = {{99 * BLOCK, 299}, {99 * BLOCK, 999}};
	struct store store;
	char name[STAGING_NAME];

	inbox_open(&store);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "r%016d-1111111111111111-0", i);
		make_partial(&store, name, BLOCK, 1000 - i);
	}
	store.keepalive = &keepalive;
	sweep_enforce_quota(&store, name, &quota);
	ck_assert(is_there(&store, name));
	ck_assert(!is_there(&store, "r0000000000000000-1111111111111111-0"));
	ck_assert(is_there(&store, "r0000000000000001-1111111111111111-0"));
	store_close(&store);
}
END_TEST

START_TEST(secret_is_not_swept)
{
	struct store store;

	inbox_open(&store);
	sender_learn_secret(&store);
	ck_assert(is_there(&store, SENDER_SECRET));
	ck_assert_int_eq(sweep_abandoned(&store), 0);
	ck_assert(is_there(&store, SENDER_SECRET));
	store_close(&store);
}
END_TEST

Suite *
sweep_suite(void)
{
	Suite *suite = suite_create("sweep");
	TCase *tcase = support_case("sweep");

	tcase_add_loop_test(tcase, abandoned_file_is_swept_when_unlocked, 0,
	    sizeof(modes) / sizeof(modes[0]));
	tcase_add_test(tcase, sweep_keeps_other_file_types);
	tcase_add_test(tcase, probe_is_swept_when_its_process_died);
	tcase_add_test(tcase, probe_stays_when_its_process_runs);
	tcase_add_test(tcase, large_partial_stays_until_it_expires);
	tcase_add_test(
	    tcase, file_of_other_host_stays_when_locks_are_not_shared);
	tcase_add_loop_test(
	    tcase, oldest_partials_are_removed_until_need_is_met, 0, 8);
	tcase_add_test(tcase, no_partial_is_removed_when_all_do_not_suffice);
	tcase_add_test(tcase, locked_partial_is_not_counted);
	tcase_add_test(tcase, published_partial_frees_nothing);
	tcase_add_loop_test(
	    tcase, partials_are_removed_only_when_space_ran_out, 0, 5);
	tcase_add_test(tcase, sweep_stops_when_keepalive_stops_it);
	tcase_add_loop_test(tcase, quota_removes_oldest_of_same_sender, 0, 10);
	tcase_add_test(tcase, quota_is_enforced_when_client_has_disconnected);
	tcase_add_test(tcase, secret_is_not_swept);
	suite_add_tcase(suite, tcase);
	return suite;
}
