/* SPDX-License-Identifier: ISC */
/* The window: its limits, states, and what a lost connection leaves of it. */
#include <check.h>
#include <stdlib.h>

#include "client/window.h"

Suite *window_suite(void);

static struct window window;

static void
begin(void)
{
	ck_assert_int_eq(window_init(&window), 0);
}

static void
end(void)
{
	window_release(&window);
}

static struct request *
add_path(size_t length)
{
	char path[] = "source";
	const struct source source = {path, 6, 0};
	struct request *request =
	    window_add(&window, &source, WIRE_FILE, length);

	ck_assert_ptr_nonnull(request);
	ck_assert_ptr_ne(request->source.path, path);
	ck_assert_str_eq(request->source.path, path);
	return request;
}

static struct request *
add(enum request_state state)
{
	struct request *request = add_path(6);

	window_mark(&window, request, state);
	return request;
}

START_TEST(numbers_begin_at_one)
{
	ck_assert_ptr_null(window_find(&window, 0));
	ck_assert_ptr_null(window_find(&window, 1));
	ck_assert_uint_eq(add(REQUEST_NEW)->number, 1);
	ck_assert_uint_eq(add(REQUEST_NEW)->number, 2);
	ck_assert_uint_eq(window_find(&window, 2)->number, 2);
	ck_assert_ptr_null(window_find(&window, 3));
	ck_assert_ptr_null(window_find(&window, UINT32_MAX));
	ck_assert_ptr_null(window_find(&window, 1 + WIRE_WINDOW_REQUESTS));
}
END_TEST

START_TEST(so_many_requests)
{
	for (int i = 0; i < WIRE_WINDOW_REQUESTS; i++) {
		ck_assert(!window_is_full(&window));
		add(REQUEST_ENDED);
	}
	ck_assert(window_is_full(&window));
	/* Numbers in the middle make no room, the first one does. */
	window_mark(&window, window_find(&window, 7), REQUEST_DONE);
	ck_assert(window_is_full(&window));
	window_mark(&window, window_find(&window, 1), REQUEST_DONE);
	ck_assert(!window_is_full(&window));
	ck_assert_uint_eq(add(REQUEST_NEW)->number, WIRE_WINDOW_REQUESTS + 1);
	ck_assert(window_is_full(&window));
	ck_assert_uint_eq(window.open, WIRE_WINDOW_REQUESTS - 2);
}
END_TEST

START_TEST(so_many_bytes_of_paths)
{
	const int limit = WIRE_WINDOW_PATHS / WIRE_PATH_MAX;

	for (int i = 0; i < limit; i++) {
		ck_assert(!window_is_full(&window));
		add_path(WIRE_PATH_MAX);
	}
	ck_assert(window_is_full(&window));
	window_mark(&window, window_find(&window, 3), REQUEST_DONE);
	ck_assert(!window_is_full(&window));
	add_path(1);
	ck_assert(window_is_full(&window));
}
END_TEST

START_TEST(results_in_any_order)
{
	for (int i = 0; i < 4; i++)
		add(REQUEST_ENDED);
	window_mark(&window, window_find(&window, 3), REQUEST_DONE);
	window_mark(&window, window_find(&window, 2), REQUEST_DONE);
	ck_assert_ptr_null(window_find(&window, 3));
	ck_assert_uint_eq(window.first, 1);
	window_mark(&window, window_find(&window, 1), REQUEST_DONE);
	ck_assert_uint_eq(window.first, 4);
	ck_assert_uint_eq(window.open, 1);
	ck_assert_uint_eq(window.steps, 3);
	ck_assert_uint_eq(window.paths, 6);
}
END_TEST

START_TEST(going_in_order)
{
	ck_assert_ptr_null(window_going(&window));
	for (int i = 0; i < 3; i++)
		add(REQUEST_ASKED);
	ck_assert_ptr_null(window_going(&window));
	window_mark(&window, window_find(&window, 3), REQUEST_GOING);
	ck_assert_uint_eq(window_going(&window)->number, 3);
	window_mark(&window, window_find(&window, 2), REQUEST_GOING);
	ck_assert_uint_eq(window_going(&window)->number, 2);
	window_mark(&window, window_going(&window), REQUEST_SENDING);
	window_mark(&window, window_going(&window), REQUEST_DONE);
	ck_assert_ptr_null(window_going(&window));
}
END_TEST

START_TEST(lost_connection)
{
	for (int i = REQUEST_NEW; i <= REQUEST_DONE; i++)
		add((enum request_state)i);
	window_reset(&window, 1);
	ck_assert_uint_eq(window.open, 0);
	ck_assert_uint_eq(window.going, 0);
	for (uint32_t number = 1; number <= REQUEST_ENDED + 1; number++)
		ck_assert_int_eq(
		    window_find(&window, number)->state, REQUEST_NEW);
	/* What was given up has been reported, and is not made again. */
	ck_assert_ptr_null(window_find(&window, REQUEST_ABORTED + 1));
	ck_assert_ptr_null(window_find(&window, REQUEST_DONE + 1));
	ck_assert_int_eq(window_find(&window, REQUEST_ENDED + 1)->uncertain, 1);
	ck_assert_int_eq(
	    window_find(&window, REQUEST_SENDING + 1)->uncertain, 0);
}
END_TEST

/* What failed for certain is not uncertain; what was, remains so. */
START_TEST(connection_that_said_why)
{
	add(REQUEST_ENDED);
	add(REQUEST_ENDED);
	window_find(&window, 2)->uncertain = 1;
	window_reset(&window, 0);
	ck_assert_int_eq(window_find(&window, 1)->uncertain, 0);
	ck_assert_int_eq(window_find(&window, 2)->uncertain, 1);
	ck_assert_int_eq(window_find(&window, 1)->state, REQUEST_NEW);
}
END_TEST

Suite *
window_suite(void)
{
	Suite *suite = suite_create("window");
	TCase *tcase = tcase_create("window");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, numbers_begin_at_one);
	tcase_add_test(tcase, so_many_requests);
	tcase_add_test(tcase, so_many_bytes_of_paths);
	tcase_add_test(tcase, results_in_any_order);
	tcase_add_test(tcase, going_in_order);
	tcase_add_test(tcase, lost_connection);
	tcase_add_test(tcase, connection_that_said_why);
	suite_add_tcase(suite, tcase);
	return suite;
}
