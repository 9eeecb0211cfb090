/* SPDX-License-Identifier: ISC */
/* Granted asks: their order, their limits, and removal. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/session/granted.h"

Suite *granted_suite(void);

static const struct partial nothing = {.staged.fd = -1};

static struct wire_request
request_of(const char *path, size_t length)
{
	return (struct wire_request){
	    .kind = WIRE_KIND_FILE, .size = 5, .path = {path, length}};
}

static int
add(struct granted *asks, uint32_t number, const char *path)
{
	struct wire_request request = request_of(path, strlen(path));

	return granted_add(asks, number, &request, &nothing);
}

/* Remove an ask; expect that it has a copy of this path. */
static void
expect_removed(struct granted *asks, uint32_t number, const char *path)
{
	struct ask *ask = granted_remove(asks, number);

	ck_assert_ptr_nonnull(ask);
	ck_assert_uint_eq(ask->number, number);
	ck_assert_uint_eq(ask->request.size, 5);
	ck_assert_uint_eq(ask->request.path.length, strlen(path));
	ck_assert_mem_eq(ask->request.path.bytes, path, strlen(path));
	ask_free(ask);
	ck_assert_ptr_null(granted_remove(asks, number));
}

static void
expect_order(const struct granted *asks, const uint32_t *numbers, size_t count)
{
	const struct ask *ask = asks->first;

	ck_assert_uint_eq(asks->count, count);
	for (size_t i = 0; i < count; i++) {
		ck_assert_ptr_nonnull(ask);
		ck_assert_uint_eq(ask->number, numbers[i]);
		if (i == count - 1)
			ck_assert_ptr_eq(asks->last, ask);
		ask = ask->next;
	}
	ck_assert_ptr_null(ask);
}

START_TEST(nothing_is_removed_when_there_are_no_asks)
{
	struct granted asks = {0};

	ck_assert_ptr_null(granted_remove(&asks, 1));
	granted_release(&asks);
	ck_assert_uint_eq(asks.count, 0);
}
END_TEST

START_TEST(ask_keeps_its_own_copy_of_the_path)
{
	struct granted asks = {0};
	char path[] = "some/path";

	ck_assert_int_eq(add(&asks, 7, path), 0);
	memset(path, 'x', sizeof(path));
	expect_removed(&asks, 7, "some/path");
	ck_assert_uint_eq(asks.count, 0);
	ck_assert_uint_eq(asks.path_bytes, 0);
}
END_TEST

START_TEST(order_is_kept_when_any_ask_is_removed)
{
	static const uint32_t all[] = {1, 2, 3, 4, 5},
			      no_middle[] = {1, 2, 4, 5}, no_end[] = {1, 2, 4},
			      no_front[] = {2, 4}, one_more[] = {2, 4, 9};
	struct granted asks = {0};

	for (uint32_t number = 1; number <= 5; number++)
		ck_assert_int_eq(add(&asks, number, "path"), 0);
	expect_order(&asks, all, 5);
	expect_removed(&asks, 3, "path");
	expect_order(&asks, no_middle, 4);
	expect_removed(&asks, 5, "path");
	expect_order(&asks, no_end, 3);
	expect_removed(&asks, 1, "path");
	expect_order(&asks, no_front, 2);
	ck_assert_int_eq(add(&asks, 9, "other"), 0);
	expect_order(&asks, one_more, 3);
	expect_removed(&asks, 4, "path");
	expect_removed(&asks, 2, "path");
	expect_removed(&asks, 9, "other");
	ck_assert_ptr_null(asks.first);
	ck_assert_ptr_null(asks.last);
	ck_assert_uint_eq(asks.path_bytes, 0);
	ck_assert_int_eq(add(&asks, 10, "again"), 0);
	granted_release(&asks);
	ck_assert_ptr_null(asks.first);
	ck_assert_uint_eq(asks.count, 0);
	ck_assert_uint_eq(asks.path_bytes, 0);
}
END_TEST

START_TEST(ask_is_refused_when_there_are_too_many)
{
	struct granted asks = {0};

	for (uint32_t number = 1; number <= WIRE_WINDOW_REQUESTS - 1; number++)
		ck_assert_int_eq(add(&asks, number, "p"), 0);
	ck_assert_int_eq(add(&asks, WIRE_WINDOW_REQUESTS, "p"), 0);
	ck_assert_int_eq(add(&asks, WIRE_WINDOW_REQUESTS + 1, "p"), -1);
	ck_assert_int_eq(errno, EOVERFLOW);
	ck_assert_uint_eq(asks.count, WIRE_WINDOW_REQUESTS);
	ck_assert_ptr_null(granted_remove(&asks, WIRE_WINDOW_REQUESTS + 1));
	expect_removed(&asks, WIRE_WINDOW_REQUESTS, "p");
	ck_assert_int_eq(add(&asks, WIRE_WINDOW_REQUESTS + 1, "p"), 0);
	granted_release(&asks);
}
END_TEST

START_TEST(ask_is_refused_when_paths_are_too_long_together)
{
	static const char path[WIRE_PATH_MAX];
	struct wire_request whole = request_of(path, sizeof(path));
	struct wire_request rest[] = {request_of(path, sizeof(path) - 1),
	    request_of(path, 1), request_of(path, 0)};
	struct granted asks = {0};
	uint32_t number = 1;

	while (number < WIRE_WINDOW_PATHS / WIRE_PATH_MAX)
		ck_assert_int_eq(
		    granted_add(&asks, number++, &whole, &nothing), 0);
	ck_assert_int_eq(granted_add(&asks, number++, &rest[0], &nothing), 0);
	ck_assert_uint_eq(asks.path_bytes, WIRE_WINDOW_PATHS - 1);
	ck_assert_int_eq(granted_add(&asks, number, &whole, &nothing), -1);
	ck_assert_int_eq(granted_add(&asks, number++, &rest[1], &nothing), 0);
	ck_assert_uint_eq(asks.path_bytes, WIRE_WINDOW_PATHS);
	ck_assert_int_eq(granted_add(&asks, number, &rest[1], &nothing), -1);
	ck_assert_int_eq(errno, EOVERFLOW);
	ck_assert_int_eq(granted_add(&asks, number++, &rest[2], &nothing), 0);
	granted_release(&asks);
}
END_TEST

Suite *
granted_suite(void)
{
	Suite *suite = suite_create("granted");
	TCase *tcase = tcase_create("asks");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, nothing_is_removed_when_there_are_no_asks);
	tcase_add_test(tcase, ask_keeps_its_own_copy_of_the_path);
	tcase_add_test(tcase, order_is_kept_when_any_ask_is_removed);
	tcase_add_test(tcase, ask_is_refused_when_there_are_too_many);
	tcase_add_test(tcase, ask_is_refused_when_paths_are_too_long_together);
	suite_add_tcase(suite, tcase);
	return suite;
}
