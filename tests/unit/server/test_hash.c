/* SPDX-License-Identifier: ISC */
/* Files that are hashed: how many workers may do so at once, and for whom. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "server/shared/hash.h"
#include "server/shared/scoreboard.h"
#include "tests/unit/support.h"

Suite *hash_suite(void);

#define SLOTS 8
#define OWN 3
#define MOST 2

static struct scoreboard board;
static const struct hash_share share = {&board, OWN, MOST};
static int ticks, end_at;

/* Meanwhile the own slot counts. */
static int
count_tick(void *argument)
{
	(void)argument;
	if (ticks == 0)
		ck_assert(!scoreboard_compare(&board, SLOTS - 1, MOST));
	return ++ticks == end_at;
}

static const struct tick tick = {count_tick, NULL, &share};

static void
setup(void)
{
	ck_assert_int_eq(scoreboard_init(&board, SLOTS), 0);
	ticks = end_at = 0;
}

/* Hash a file of zeros of this size.  Returns 0, or the errno. */
static int
hash(off_t size)
{
	int fd = open("f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct digest digest;
	int result;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	result = hash_file(fd, &tick, &digest) == 0 ? 0 : errno;
	if (result == 0)
		ck_assert_uint_eq(digest.length, (uint64_t)size);
	close(fd);
	return result;
}

/* Have so many others hash. */
static void
occupy(size_t others)
{
	for (size_t i = 0; i < others; i++)
		ck_assert(scoreboard_compare(&board, i, SLOTS));
}

START_TEST(so_many_hash_at_once)
{
	occupy(MOST - 1);
	ck_assert_int_eq(hash(HASH_SMALL), 0);
	ck_assert_int_gt(ticks, 0);
	occupy(MOST);
	ck_assert_int_eq(hash(HASH_SMALL), EBUSY);
	/* The place was given back, and so is that of a worker that died. */
	scoreboard_clear(&board, 0);
	ck_assert(scoreboard_compare(&board, SLOTS - 1, MOST));
	scoreboard_compared(&board, SLOTS - 1);
}
END_TEST

START_TEST(small_files_need_no_place)
{
	occupy(MOST);
	ticks = 1;
	ck_assert_int_eq(hash(HASH_SMALL - 1), 0);
	ck_assert_int_eq(hash(HASH_SMALL), EBUSY);
	ck_assert_int_eq(hash(HASH_SMALL + 1), EBUSY);
}
END_TEST

START_TEST(a_place_is_given_back_when_the_tick_ends_it)
{
	occupy(MOST - 1);
	end_at = 2;
	ck_assert_int_eq(hash(4 * HASH_SMALL), EAGAIN);
	ck_assert_int_eq(ticks, 2);
	ck_assert(scoreboard_compare(&board, SLOTS - 1, MOST));
}
END_TEST

Suite *
hash_suite(void)
{
	Suite *suite = suite_create("hash");
	TCase *tcase = support_case("hash");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, so_many_hash_at_once);
	tcase_add_test(tcase, small_files_need_no_place);
	tcase_add_test(tcase, a_place_is_given_back_when_the_tick_ends_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
