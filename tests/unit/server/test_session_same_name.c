/* SPDX-License-Identifier: ISC */
/* Two requests for one name on one connection, with equal size and time. */
#include <check.h>
#include <string.h>
#include <unistd.h>

#include "server/store/partial.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/server/reception.h"
#include "tests/unit/server/serving.h"
#include "tests/unit/support.h"

Suite *session_same_name_suite(void);

#define SIZE (2 * PARTIAL_LEAST)
#define PIECE (PARTIAL_LEAST / 4)

static struct serving serving;
static struct client *const client = &serving.client;
static char first[SIZE], second[SIZE];

static void
setup(void)
{
	memset(first, '1', sizeof(first));
	memset(second, '2', sizeof(second));
	serving_open(&serving);
	serving_begin(&serving);
}

static void
send_content(uint32_t request, const char *content, size_t from, size_t to)
{
	for (; from < to; from += PIECE)
		client_queue(client, WIRE_DATA, request, content + from, PIECE);
}

/* Ask for the name.  Returns the offset in the go. */
static uint64_t
ask(uint32_t request)
{
	struct wire_go go;

	client_request(client, WIRE_ASK, request, "twin", SIZE, WIRE_RESUME);
	client_expect(client, WIRE_GO, request);
	ck_assert_int_eq(
	    wire_read_go(client->frame.payload, client->frame.length, &go), 0);
	return go.offset;
}

/* After the first is stored, abort the second (_i 0) or finish it (_i 1). */
START_TEST(first_file_is_kept_until_the_second_is_stored)
{
	ck_assert_uint_eq(ask(1), 0);
	ck_assert_uint_eq(ask(2), 0);
	send_content(1, first, 0, SIZE);
	client_end(client, 1, first, SIZE);
	send_content(2, second, 0, PIECE);
	client_expect_result(client, 1, STATUS_STORED);
	file_expect("in/twin", first, SIZE);
	if (_i == 0) {
		client_abort(client, 2, STATUS_CANCELLED, "");
		client_expect_result(client, 2, STATUS_CANCELLED);
		file_expect("in/twin", first, SIZE);
	} else {
		send_content(2, second, PIECE, SIZE);
		client_end(client, 2, second, SIZE);
		client_expect_result(client, 2, STATUS_STORED);
		file_expect("in/twin", second, SIZE);
	}
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(both_files_are_stored_when_in_one_group)
{
	const struct wire_end ends[2] = {{SIZE, script_digest(first, SIZE)},
	    {SIZE, script_digest(second, SIZE)}};
	struct wire_result result;

	(void)ask(1);
	(void)ask(2);
	send_content(1, first, 0, SIZE);
	client_end(client, 1, first, SIZE);
	send_content(2, second, 0, SIZE);
	client_end(client, 2, second, SIZE);
	for (uint32_t i = 0; i < 2; i++) {
		result = client_expect_result(client, i + 1, STATUS_STORED);
		ck_assert_uint_eq(result.digest, ends[i].digest);
	}
	file_expect("in/twin", second, SIZE);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* Queue a hole of the whole size, and the end. */
static void
queue_zeros(struct client *zeros, uint32_t request)
{
	static const char nothing[SIZE];
	uint8_t payload[8];

	client_queue(
	    zeros, WIRE_HOLE, request, payload, wire_write_hole(payload, SIZE));
	client_end(zeros, request, nothing, SIZE);
}

/* The second ask comes while the first file waits for its commit. */
START_TEST(file_that_waits_for_its_commit_is_not_resumed)
{
	struct reception reception;
	struct client *zeros = &reception.client;
	struct store store;
	struct wire_go go;

	inbox_open(&store);
	reception_open(&reception, &store);
	reception_base(&reception, "");
	for (uint32_t i = 1; i <= 2; i++) {
		client_request(zeros, WIRE_ASK, i, "twin", SIZE, WIRE_RESUME);
		ck_assert_int_eq(reception_run(&reception), 0);
		client_expect(zeros, WIRE_GO, i);
		(void)wire_read_go(
		    zeros->frame.payload, zeros->frame.length, &go);
		ck_assert_uint_eq(go.offset, 0);
		queue_zeros(zeros, i);
		ck_assert_int_eq(reception_run(&reception), 0);
	}
	reception_finish(&reception);
	(void)client_expect_result(zeros, 1, STATUS_STORED);
	(void)client_expect_result(zeros, 2, STATUS_STORED);
	reception_close(&reception);
	inbox_close(&store);
}
END_TEST

/* Create a partial with the first half of the file. */
static void
make_half_partial(void)
{
	const struct wire_request request = {
	    .kind = WIRE_KIND_FILE, .wishes = WIRE_RESUME, .size = SIZE};
	struct staging_file staged;

	partial_name(&serving.store, 0, &staged, "twin", 4, &request);
	ck_assert_int_eq(partial_stage(&serving.store, &staged), 0);
	ck_assert_int_eq(
	    write(staged.fd, first, SIZE / 2), (ssize_t)(SIZE / 2));
	ck_assert_int_eq(staging_close(&staged), 0);
}

/* The first of two asks gets the partial. */
START_TEST(partial_is_resumed_by_one_request_only)
{
	make_half_partial();
	ck_assert_uint_eq(ask(1), SIZE / 2);
	ck_assert_uint_eq(ask(2), 0);
	send_content(1, first, SIZE / 2, SIZE);
	client_end(client, 1, first, SIZE);
	send_content(2, second, 0, PIECE);
	client_expect_result(client, 1, STATUS_STORED);
	file_expect("in/twin", first, SIZE);
	serving_close(&serving, SESSION_DONE);
	file_expect("in/twin", first, SIZE);
}
END_TEST

/* An aborted ask releases its partial. */
START_TEST(partial_is_resumed_after_its_request_was_aborted)
{
	make_half_partial();
	ck_assert_uint_eq(ask(1), SIZE / 2);
	client_abort(client, 1, STATUS_CHANGED, "");
	client_expect_result(client, 1, STATUS_CHANGED);
	ck_assert_uint_eq(ask(2), SIZE / 2);
	send_content(2, first, SIZE / 2, SIZE);
	client_end(client, 2, first, SIZE);
	client_expect_result(client, 2, STATUS_STORED);
	file_expect("in/twin", first, SIZE);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

Suite *
session_same_name_suite(void)
{
	Suite *suite = suite_create("session_same_name");
	TCase *tcase = support_case("same_name");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(
	    tcase, first_file_is_kept_until_the_second_is_stored, 0, 2);
	tcase_add_test(tcase, both_files_are_stored_when_in_one_group);
	tcase_add_test(tcase, partial_is_resumed_by_one_request_only);
	tcase_add_test(tcase, partial_is_resumed_after_its_request_was_aborted);
	suite_add_tcase(suite, tcase);
	tcase = support_case("same_name_in_one_process");
	tcase_add_test(tcase, file_that_waits_for_its_commit_is_not_resumed);
	suite_add_tcase(suite, tcase);
	return suite;
}
