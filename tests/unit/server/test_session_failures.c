/* SPDX-License-Identifier: ISC */
/* Requests that fail, and the requests after them. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/session/frames.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/server/reception.h"
#include "tests/unit/support.h"

Suite *session_failures_suite(void);

static struct reception *const reception = &reception_shared;
static struct client *const client = &reception_shared.client;
static struct receive *const receive = &reception_shared.receive;

START_TEST(result_is_sent_at_once_when_a_request_fails)
{
	receive->policy.max_size = 5;
	reception_base(reception, "");
	client_request(client, WIRE_PUT, 1, "file", WIRE_SIZE_UNKNOWN, 0);
	client_queue(client, WIRE_DATA, 1, "sixsix", 6);
	ck_assert_int_eq(reception_run(reception), 0);
	client_expect_result(client, 1, STATUS_NO_SPACE);
	ck_assert_uint_eq(directory_count(inbox_staging()), 0);
	client_queue(client, WIRE_DATA, 1, "more", 4);
	client_queue(client, WIRE_DATA, 1, "and more", 8);
	client_end(client, 1, "", 0);
	client_put(client, 2, "next", "fits");
	reception_finish(reception);
	client_expect_result(client, 2, STATUS_STORED);
	reception_expect_silence(reception);
	ck_assert(!file_exists("in/file"));
}
END_TEST

START_TEST(next_file_is_stored_when_a_digest_is_wrong)
{
	reception_base(reception, "");
	client_request(client, WIRE_PUT, 1, "file", 4, 0);
	client_queue(client, WIRE_DATA, 1, "data", 4);
	client_end(client, 1, "date", 4);
	client_put(client, 2, "next", "good");
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_DIGEST);
	client_expect_result(client, 2, STATUS_STORED);
	ck_assert(!file_exists("in/file"));
}
END_TEST

START_TEST(connection_ends_when_more_comes_than_announced)
{
	reception_base(reception, "");
	client_request(client, WIRE_PUT, 1, "file", 3, 0);
	client_queue(client, WIRE_DATA, 1, "data", 4);
	reception_expect_error(reception);
}
END_TEST

START_TEST(connection_ends_when_a_hole_has_a_bad_length)
{
	static const uint64_t bad[] = {0, WIRE_HOLE_MAX + 1, UINT64_MAX};
	uint8_t payload[8];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reception_restart();
		client_request(
		    client, WIRE_PUT, 1, "file", WIRE_SIZE_UNKNOWN, 0);
		client_queue(client, WIRE_HOLE, 1, payload,
		    wire_write_hole(payload, bad[i]));
		reception_expect_error(reception);
	}
}
END_TEST

/* Abort a put during its content, or an ask after its go. */
static void
try_abort(enum wire_type type, unsigned status)
{
	int good = status == STATUS_FAILED || status == STATUS_CHANGED ||
	    status == STATUS_CANCELLED;
	struct wire_result result;

	reception_restart();
	client_request(client, type, 1, "file", 4, 0);
	if (type == WIRE_PUT)
		client_queue(client, WIRE_DATA, 1, "da", 2);
	client_abort(client, 1, (enum status)status, "its reason");
	if (!good) {
		reception_expect_error(reception);
		return;
	}
	client_put(client, 2, "next", "x");
	reception_finish(reception);
	if (type == WIRE_ASK)
		client_expect(client, WIRE_GO, 1);
	result = client_expect_result(client, 1, (enum status)status);
	ck_assert_uint_eq(result.text.length, strlen("its reason"));
	ck_assert_mem_eq(result.text.bytes, "its reason", 10);
	client_expect_result(client, 2, STATUS_STORED);
	ck_assert(!file_exists("in/file"));
}

START_TEST(result_has_the_reason_of_the_abort)
{
	for (unsigned status = 0; status <= STATUS_WIRE; status++) {
		try_abort(WIRE_PUT, status);
		try_abort(WIRE_ASK, status);
	}
}
END_TEST

START_TEST(file_is_dropped_when_the_session_abandons_it)
{
	struct outcome why = {.status = STATUS_LOST};

	ck_assert_int_eq(frames_abandon(receive, &why), 0);
	reception_base(reception, "");
	ck_assert_int_eq(frames_abandon(receive, &why), 0);
	client_request(client, WIRE_PUT, 1, "file", 4, 0);
	ck_assert_int_eq(reception_run(reception), 0);
	ck_assert_uint_eq(directory_count(inbox_staging()), 1);
	ck_assert_int_ne(frames_abandon(receive, &why), 0);
	ck_assert_uint_eq(directory_count(inbox_staging()), 0);
	ck_assert_int_eq(frames_abandon(receive, &why), 0);
	client_request(client, WIRE_PUT, 2, "../file", 4, 0);
	ck_assert_int_eq(reception_run(reception), 0);
	client_expect_result(client, 2, STATUS_REFUSED);
	ck_assert_int_eq(frames_abandon(receive, &why), 0);
	reception_expect_silence(reception);
}
END_TEST

static void
limit_descriptors(rlim_t limit)
{
	struct rlimit both;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &both), 0);
	both.rlim_cur = limit;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &both), 0);
}

START_TEST(request_is_retried_when_descriptors_run_out)
{
	char path[16];

	reception_base(reception, "");
	limit_descriptors(support_descriptors() + 8);
	for (uint32_t i = 1; i <= COMMIT_FILES; i++) {
		snprintf(path, sizeof(path), "f%u", i);
		client_put(client, i, path, path);
	}
	reception_finish(reception);
	for (uint32_t i = 1; i <= COMMIT_FILES; i++)
		client_expect_result(client, i, STATUS_STORED);
	ck_assert(!receive->sick);
	limit_descriptors(256);
}
END_TEST

/*
 * Leave _i / 2 descriptors: none, or one, which the receiving directory uses.
 */
START_TEST(worker_is_replaced_when_descriptors_stay_used_up)
{
	int spare = _i / 2, lowest;

	reception_base(reception, "");
	lowest = dup(reception->conn.in);
	close(lowest);
	limit_descriptors((rlim_t)lowest + (rlim_t)spare);
	if (_i % 2 == 0)
		client_put(client, 1, "file", "x");
	else
		client_request(client, WIRE_DIRECTORY, 1, "directory", 0, 0);
	ck_assert_int_eq(reception_run(reception), 0);
	client_expect_result(client, 1, STATUS_FAILED);
	ck_assert(receive->sick);
	limit_descriptors(256);
}
END_TEST

START_TEST(worker_is_kept_when_a_deep_path_uses_descriptors)
{
	static char path[2 * 200];

	/* If this path ended the worker, any client could end workers. */
	for (size_t i = 0; i + 1 < sizeof(path); i++)
		path[i] = i % 2 == 0 ? 'a' : '/';
	path[sizeof(path) - 3] = '\0';
	reception_base(reception, "");
	limit_descriptors(support_descriptors() + 100);
	client_put(client, 1, path, "x");
	client_put(client, 2, "next", "x");
	reception_finish(reception);
	ck_assert(client_next(client));
	client_expect_result(client, 2, STATUS_STORED);
	ck_assert(!receive->sick);
	limit_descriptors(256);
}
END_TEST

Suite *
session_failures_suite(void)
{
	Suite *suite = suite_create("session_failures");
	TCase *tcase = support_case("failures");
	TCase *limits = support_case("limits");

	tcase_add_checked_fixture(tcase, reception_begin, reception_end);
	tcase_add_test(tcase, result_is_sent_at_once_when_a_request_fails);
	tcase_add_test(tcase, next_file_is_stored_when_a_digest_is_wrong);
	tcase_add_test(tcase, connection_ends_when_more_comes_than_announced);
	tcase_add_test(tcase, connection_ends_when_a_hole_has_a_bad_length);
	tcase_add_test(tcase, result_has_the_reason_of_the_abort);
	tcase_add_test(tcase, file_is_dropped_when_the_session_abandons_it);
	tcase_add_test(tcase, worker_is_kept_when_a_deep_path_uses_descriptors);
	suite_add_tcase(suite, tcase);
	tcase_set_tags(limits, SUPPORT_LIMITS);
	tcase_add_checked_fixture(limits, reception_begin, reception_end);
	tcase_add_test(limits, request_is_retried_when_descriptors_run_out);
	tcase_add_loop_test(
	    limits, worker_is_replaced_when_descriptors_stay_used_up, 0, 4);
	suite_add_tcase(suite, limits);
	return suite;
}
