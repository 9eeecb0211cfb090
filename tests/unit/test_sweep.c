/* SPDX-License-Identifier: ISC */
/* What is removed from the staging folder, and what stays. */
#include "server/sweep.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>

#include "server/partial.h"
#include "tests/unit/inbox.h"

#define HOUR INT64_C(3600000)

Suite *sweep_suite(void);

/* A process that holds a staged file until it can read from hold. */
static pid_t
start_holder(const struct store *store, mode_t mode, int hold, int ready)
{
	struct staged staged;
	pid_t child = fork();
	char byte;

	ck_assert_int_ne(child, -1);
	if (child != 0)
		return child;
	if (store_stage(store, &staged) == -1 ||
	    fchmod(staged.fd, mode) == -1 || write(ready, "", 1) != 1 ||
	    read(hold, &byte, 1) != 1)
		_exit(1);
	_exit(0);
}

/* The first is that of a file on its way, the others of finished ones. */
static const mode_t modes[] = {0600, 0666, 0444, 0400};

START_TEST(sweep_takes_only_what_nobody_holds)
{
	struct store store;
	int hold[2], ready[2];
	int status;
	char byte;
	pid_t holder;

	inbox_open(&store);
	ck_assert_int_eq(pipe(hold), 0);
	ck_assert_int_eq(pipe(ready), 0);
	inbox_be_nobody(&store);
	holder = start_holder(&store, modes[_i], hold[0], ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(sweep_abandoned(&store), 0);
	ck_assert_int_eq(write(hold[1], "", 1), 1);
	ck_assert_int_eq(waitpid(holder, &status, 0), holder);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(sweep_abandoned(&store), 1);
	ck_assert_int_eq(sweep_abandoned(&store), 0);
	inbox_be_oneself();
	inbox_close(&store);
	for (int i = 0; i < 2; i++) {
		close(hold[i]);
		close(ready[i]);
	}
}
END_TEST

START_TEST(sweep_leaves_foreign_kinds_alone)
{
	struct store store;

	inbox_open(&store);
	file_make("victim", "kept");
	ck_assert_int_eq(fchdir(store.staging), 0);
	folder_make("folder");
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(symlink("../../victim", "link"), 0);
	file_make("abandoned", "x");
	ck_assert_int_eq(sweep_abandoned(&store), 1);
	ck_assert(!file_exists("abandoned"));
	ck_assert(S_ISDIR(file_mode("folder")));
	ck_assert(S_ISFIFO(file_mode("fifo")));
	ck_assert(S_ISLNK(file_mode("link")));
	file_expect_text("../../victim", "kept");
	store_close(&store);
}
END_TEST

/* Leave a partial of that size behind, last written so many seconds ago. */
static void
leave_partial(
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

START_TEST(large_partials_stay_for_their_time)
{
	struct store store;

	inbox_open(&store);
	store.partial_ttl = HOUR;
	leave_partial(&store, "r1", PARTIAL_LEAST, 3500);
	leave_partial(&store, "r2", PARTIAL_LEAST, 3700);
	leave_partial(&store, "r3", PARTIAL_LEAST - 1, 1);
	leave_partial(&store, "other", PARTIAL_LEAST, 1);
	ck_assert_int_eq(sweep_abandoned(&store), 3);
	ck_assert(is_there(&store, "r1"));
	store_close(&store);
}
END_TEST

/* Without shared locks another host's live file looks abandoned here. */
START_TEST(names_of_other_hosts_stay_without_shared_locks)
{
	struct store store;
	char own[STORE_NAME], partial[STORE_NAME];

	inbox_open(&store);
	store.partial_ttl = HOUR;
	store_mark(&store, 0);
	snprintf(own, sizeof(own), "1-2-3%s", store.mark);
	snprintf(partial, sizeof(partial), "r4%s", store.mark);
	leave_partial(&store, own, 1, 1);
	leave_partial(&store, partial, PARTIAL_LEAST, 3700);
	leave_partial(&store, "1-2-3@another", 1, 1);
	leave_partial(&store, "r4@another", PARTIAL_LEAST, 3700);
	leave_partial(&store, "r5", PARTIAL_LEAST, 3700);
	ck_assert_int_eq(sweep_abandoned(&store), 2);
	ck_assert(!is_there(&store, own) && !is_there(&store, partial));
	sweep_for_space(&store, UINT64_MAX / 2);
	ck_assert(is_there(&store, "1-2-3@another"));
	ck_assert(is_there(&store, "r4@another") && is_there(&store, "r5"));
	store_mark(&store, 1);
	ck_assert_int_eq(sweep_abandoned(&store), 3);
	inbox_close(&store);
}
END_TEST

/* What is free now, in bytes. */
static uint64_t
free_now(const struct store *store)
{
	struct statvfs system;

	ck_assert_int_eq(fstatvfs(store->staging, &system), 0);
	return (uint64_t)system.f_bavail * system.f_frsize;
}

START_TEST(the_oldest_give_way_to_what_comes)
{
	static char block[2 * PARTIAL_LEAST];
	struct store store;
	struct staged held;
	uint64_t before;

	if (!support_mount("disk", 16 * 1024))
		return;
	ck_assert_int_eq(chdir("disk"), 0);
	inbox_open(&store);
	store.partial_ttl = HOUR;
	for (int i = 0; i < 3; i++) {
		const char *const names[] = {"r1", "r2", "r3"};
		int fd =
		    openat(store.staging, names[i], O_WRONLY | O_CREAT, 0600);

		ck_assert_int_eq(
		    write(fd, block, sizeof(block)), (ssize_t)sizeof(block));
		close(fd);
		leave_partial(
		    &store, names[i], sizeof(block), _i == 0 ? 100 - i : 100);
	}
	inbox_stage(&store, &held, "mine");
	before = free_now(&store);
	sweep_for_space(&store, before + sizeof(block));
	ck_assert(_i == 1 || !is_there(&store, "r1"));
	ck_assert_int_eq(is_there(&store, "r1") + is_there(&store, "r2") +
		is_there(&store, "r3"),
	    2);
	sweep_for_space(&store, UINT64_MAX / 2);
	ck_assert(!is_there(&store, "r1") && !is_there(&store, "r2") &&
	    !is_there(&store, "r3"));
	ck_assert(is_there(&store, held.name));
	store_discard(&store, &held);
	inbox_close(&store);
	ck_assert_int_eq(chdir(".."), 0);
}
END_TEST

Suite *
sweep_suite(void)
{
	Suite *suite = suite_create("sweep");
	TCase *tcase = support_case("sweep");

	tcase_add_loop_test(tcase, sweep_takes_only_what_nobody_holds, 0,
	    sizeof(modes) / sizeof(modes[0]));
	tcase_add_test(tcase, sweep_leaves_foreign_kinds_alone);
	tcase_add_test(tcase, large_partials_stay_for_their_time);
	tcase_add_test(tcase, names_of_other_hosts_stay_without_shared_locks);
	tcase_add_loop_test(tcase, the_oldest_give_way_to_what_comes, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
