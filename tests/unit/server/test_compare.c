/* SPDX-License-Identifier: ISC */
/* Hash files: the limit on workers that hash at once, and keepalive. */
#include "server/store/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/support.h"

Suite *compare_suite(void);

#define SLOTS 8
#define OWN 3
#define MOST 2

static struct scoreboard board;
static int calls, stop_at;

/* At the first call, check that this worker counts against the limit. */
static int
count_call(void *argument)
{
	(void)argument;
	if (calls == 0)
		ck_assert(!scoreboard_begin_compare(&board, SLOTS - 1, MOST));
	return ++calls == stop_at;
}

static const struct comparer comparer = {{count_call, NULL}, &board, OWN, MOST};

static void
setup(void)
{
	ck_assert_int_eq(scoreboard_init(&board, SLOTS), 0);
	calls = stop_at = 0;
}

/* Hash a file of size zeros.  Returns 0 or errno. */
static int
hash(off_t size)
{
	int fd = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct digest digest;
	int result;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	result = compare_hash(&comparer, fd, &digest) == 0 ? 0 : errno;
	if (result == 0)
		ck_assert_uint_eq(digest.length, (uint64_t)size);
	close(fd);
	return result;
}

/* Let workers 0 to others - 1 hash. */
static void
occupy(size_t others)
{
	for (size_t i = 0; i < others; i++)
		ck_assert(scoreboard_begin_compare(&board, i, SLOTS));
}

START_TEST(hash_is_refused_when_too_many_workers_hash)
{
	occupy(MOST - 1);
	ck_assert_int_eq(hash(COMPARE_SMALL), 0);
	ck_assert_int_gt(calls, 0);
	occupy(MOST);
	ck_assert_int_eq(hash(COMPARE_SMALL), EBUSY);
	/* This worker no longer counts, nor does worker 0 after its death. */
	scoreboard_clear(&board, 0);
	ck_assert(scoreboard_begin_compare(&board, SLOTS - 1, MOST));
	scoreboard_end_compare(&board, SLOTS - 1);
}
END_TEST

START_TEST(small_file_is_hashed_when_too_many_workers_hash)
{
	occupy(MOST);
	calls = 1;
	ck_assert_int_eq(hash(COMPARE_SMALL - 1), 0);
	ck_assert_int_eq(hash(COMPARE_SMALL), EBUSY);
	ck_assert_int_eq(hash(COMPARE_SMALL + 1), EBUSY);
}
END_TEST

START_TEST(worker_stops_counting_when_keepalive_stops_the_hash)
{
	occupy(MOST - 1);
	stop_at = 2;
	ck_assert_int_eq(hash(4 * COMPARE_SMALL), EAGAIN);
	ck_assert_int_eq(calls, 2);
	ck_assert(scoreboard_begin_compare(&board, SLOTS - 1, MOST));
}
END_TEST

Suite *
compare_suite(void)
{
	Suite *suite = suite_create("compare");
	TCase *tcase = support_case("compare");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, hash_is_refused_when_too_many_workers_hash);
	tcase_add_test(tcase, small_file_is_hashed_when_too_many_workers_hash);
	tcase_add_test(
	    tcase, worker_stops_counting_when_keepalive_stops_the_hash);
	suite_add_tcase(suite, tcase);
	return suite;
}
