/* SPDX-License-Identifier: ISC */
/* The window: limits, states, and requests left by a lost connection. */
#include <check.h>

#include "client/connection/window.h"

Suite *window_suite(void);

static struct window window;
static struct requests left;

static void
begin(void)
{
	window_init(&window);
	requests_init(&left);
}

static void
end(void)
{
	window_release(&window, 0, &left);
	requests_release(&left);
}

static struct request *
add_path(size_t length)
{
	char path[] = "source";
	const struct source source = {path, 6, 0};
	struct request *request =
	    request_new(&source, WIRE_KIND_FILE, NULL, length);

	ck_assert_ptr_nonnull(request);
	ck_assert_ptr_ne(request->source.path, path);
	ck_assert_str_eq(request->source.path, path);
	window_add(&window, request);
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

START_TEST(window_is_full_at_request_limit)
{
	for (int i = 0; i < WIRE_WINDOW_REQUESTS; i++) {
		ck_assert(!window_is_full(&window));
		add(REQUEST_ENDED);
	}
	ck_assert(window_is_full(&window));
	/* Only the result of the oldest request makes room. */
	window_mark(&window, window_find(&window, 7), REQUEST_DONE);
	ck_assert(window_is_full(&window));
	window_mark(&window, window_find(&window, 1), REQUEST_DONE);
	ck_assert(!window_is_full(&window));
	ck_assert_uint_eq(add(REQUEST_NEW)->number, WIRE_WINDOW_REQUESTS + 1);
	ck_assert(window_is_full(&window));
	ck_assert_uint_eq(window.open, WIRE_WINDOW_REQUESTS - 2);
}
END_TEST

START_TEST(window_is_full_at_path_limit)
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

START_TEST(results_come_in_any_order)
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

START_TEST(going_requests_are_found_in_order)
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

/* A request of unknown size adds nothing. */
START_TEST(promised_counts_content_until_it_begins)
{
	struct request *request = add_path(6);

	request->size = 1000;
	ck_assert_uint_eq(window.promised, 0);
	window_mark(&window, request, REQUEST_ASKED);
	ck_assert_uint_eq(window.promised, 1000);
	window_mark(&window, request, REQUEST_GOING);
	ck_assert_uint_eq(window.promised, 1000);
	window_mark(&window, request, REQUEST_SENDING);
	ck_assert_uint_eq(window.promised, 0);
	request = add_path(6);
	request->size = WIRE_SIZE_UNKNOWN;
	window_mark(&window, request, REQUEST_ASKED);
	ck_assert_uint_eq(window.promised, 0);
	window_mark(&window, request, REQUEST_DONE);
	ck_assert_uint_eq(window.promised, 0);
}
END_TEST

START_TEST(requests_become_uncertain_when_connection_is_lost)
{
	struct request *request;

	for (int i = REQUEST_NEW; i < REQUEST_DONE; i++)
		add((enum request_state)i);
	add_path(6);
	window_mark(
	    &window, window_find(&window, 1 + REQUEST_DONE), REQUEST_DONE);
	window_release(&window, 1, &left);
	for (int state = REQUEST_NEW; state <= REQUEST_ENDED; state++) {
		request = requests_pop(&left);
		ck_assert_ptr_nonnull(request);
		ck_assert_uint_eq(request->number, (unsigned)state + 1);
		ck_assert_int_eq(request->state, REQUEST_NEW);
		ck_assert_int_eq(request->uncertain, state == REQUEST_ENDED);
		request_free(request);
	}
	/* An aborted request was reported, and is not repeated. */
	ck_assert_ptr_null(requests_pop(&left));
	ck_assert_uint_eq(window.open, 0);
	ck_assert_uint_eq(window.paths, 0);
	ck_assert_uint_eq(window.promised, 0);
}
END_TEST

/* A request that is already uncertain stays uncertain. */
START_TEST(requests_stay_certain_when_server_gives_reason)
{
	add(REQUEST_ENDED);
	add(REQUEST_ENDED)->uncertain = 1;
	window_release(&window, 0, &left);
	ck_assert_int_eq(left.first->uncertain, 0);
	ck_assert_int_eq(left.first->next->uncertain, 1);
	ck_assert_ptr_null(left.first->next->next);
}
END_TEST

/* Repeated requests get the next numbers of the new connection. */
START_TEST(requests_are_renumbered_on_next_connection)
{
	add(REQUEST_ENDED);
	add(REQUEST_ASKED);
	window_release(&window, 1, &left);
	window_init(&window);
	add(REQUEST_ENDED);
	window_add(&window, requests_pop(&left));
	window_add(&window, requests_pop(&left));
	ck_assert_ptr_null(requests_pop(&left));
	ck_assert_int_eq(window_find(&window, 2)->uncertain, 1);
	ck_assert_uint_eq(window_find(&window, 3)->number, 3);
	ck_assert_uint_eq(window.paths, 18);
	ck_assert_uint_eq(window.open, 1);
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
	tcase_add_test(tcase, window_is_full_at_request_limit);
	tcase_add_test(tcase, window_is_full_at_path_limit);
	tcase_add_test(tcase, results_come_in_any_order);
	tcase_add_test(tcase, going_requests_are_found_in_order);
	tcase_add_test(tcase, promised_counts_content_until_it_begins);
	tcase_add_test(
	    tcase, requests_become_uncertain_when_connection_is_lost);
	tcase_add_test(tcase, requests_stay_certain_when_server_gives_reason);
	tcase_add_test(tcase, requests_are_renumbered_on_next_connection);
	suite_add_tcase(suite, tcase);
	return suite;
}
