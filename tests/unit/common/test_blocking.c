/* SPDX-License-Identifier: ISC */
/* Calls that block, and a second thread that acts meanwhile. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/blocking.h"
#include "tests/unit/support.h"

Suite *blocking_suite(void);

/* Long enough for the second thread to act. */
#define LONG (5 * BLOCKING_TICK)

static atomic_int acted, is_acting;
static char about[16];
static io_time since;
static int lasting; /* duration of act, in milliseconds */

static void
act(void *context, const char *name, io_time begun)
{
	ck_assert_ptr_eq(context, &lasting);
	is_acting = 1;
	snprintf(about, sizeof(about), "%s", name);
	since = begun;
	(void)poll(NULL, 0, lasting);
	is_acting = 0;
	acted++;
}

static void
begin(void)
{
	acted = is_acting = lasting = 0;
	ck_assert_int_eq(blocking_watch(act, &lasting), 0);
}

static void
await_act(void)
{
	io_time end = io_now() + 10000;

	while (acted == 0 && io_now() < end)
		(void)poll(NULL, 0, 1);
	ck_assert_int_gt(acted, 0);
}

START_TEST(second_thread_acts_when_a_call_blocks)
{
	io_time begun = io_now();

	begin();
	blocking_turn();
	blocking_about("all");
	blocking_enter("one");
	await_act();
	blocking_leave();
	ck_assert_str_eq(about, "one");
	ck_assert_int_ge(since, begun);
	ck_assert_int_ge(io_now() - since, BLOCKING_TICK / 2);
	acted = 0;
	blocking_enter(NULL);
	/* The name of a nested call is ignored. */
	blocking_enter("inner");
	await_act();
	blocking_leave();
	blocking_leave();
	ck_assert_str_eq(about, "all");
	blocking_unwatch();
}
END_TEST

/* A turn may block in many short calls. */
START_TEST(second_thread_acts_when_many_calls_take_long)
{
	io_time end = io_now() + 10000;

	begin();
	while (acted == 0 && io_now() < end) {
		blocking_enter("many");
		(void)poll(NULL, 0, 1);
		blocking_leave();
	}
	ck_assert_int_gt(acted, 0);
	blocking_unwatch();
}
END_TEST

START_TEST(second_thread_does_not_act_when_no_call_blocks)
{
	begin();
	(void)poll(NULL, 0, LONG);
	blocking_unwatch();
	ck_assert_int_eq(acted, 0);
}
END_TEST

START_TEST(second_thread_does_not_act_when_turns_are_short)
{
	io_time now = io_now(), end = now + LONG, before, longest = 0;

	begin();
	while (now < end) {
		before = now;
		blocking_turn();
		blocking_enter("short");
		(void)poll(NULL, 0, 1);
		blocking_leave();
		now = io_now();
		longest = now - before > longest ? now - before : longest;
	}
	blocking_unwatch();
	/* On a busy machine a turn may have been long. */
	ck_assert(acted == 0 || longest >= BLOCKING_TICK);
}
END_TEST

START_TEST(first_thread_waits_when_the_second_acts)
{
	begin();
	lasting = LONG;
	blocking_enter("");
	while (!is_acting)
		(void)poll(NULL, 0, 1);
	errno = E2BIG;
	blocking_leave();
	ck_assert_int_eq(errno, E2BIG);
	ck_assert_int_eq(is_acting, 0);
	ck_assert_int_ge(acted, 1);
	blocking_unwatch();
}
END_TEST

START_TEST(marks_do_nothing_when_not_watched)
{
	int fd = open(".", O_RDONLY);

	blocking_enter("a");
	blocking_leave();
	ck_assert_int_eq(blocking_close(fd), 0);
	errno = 0;
	ck_assert_int_eq(blocking_close(fd), -1);
	ck_assert_int_eq(errno, EBADF);
	blocking_unwatch();
	begin();
	blocking_unwatch();
	begin();
	blocking_unwatch();
}
END_TEST

Suite *
blocking_suite(void)
{
	Suite *suite = suite_create("blocking");
	TCase *tcase = support_case("blocking");

	tcase_add_test(tcase, second_thread_acts_when_a_call_blocks);
	tcase_add_test(tcase, second_thread_acts_when_many_calls_take_long);
	tcase_add_test(tcase, second_thread_does_not_act_when_no_call_blocks);
	tcase_add_test(tcase, second_thread_does_not_act_when_turns_are_short);
	tcase_add_test(tcase, first_thread_waits_when_the_second_acts);
	tcase_add_test(tcase, marks_do_nothing_when_not_watched);
	suite_add_tcase(suite, tcase);
	return suite;
}
