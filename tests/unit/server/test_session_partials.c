/* SPDX-License-Identifier: ISC */
/* Sessions that find another sender's partial of the same file. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/store/partial.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/server/serving.h"
#include "tests/unit/support.h"

Suite *session_partials_suite(void);

#define SIZE (2 * PARTIAL_LEAST)
#define PIECE (PARTIAL_LEAST / 4)
#define SENDER 1
#define OTHER 2

static struct serving serving;
static struct client *const client = &serving.client;
static char bytes[SIZE], wrong[SIZE];
static struct staging_file foreign;

/* Create a partial of this sender, with the first half of the file. */
static void
make_half_partial(struct staging_file *staged, uint64_t sender)
{
	const struct wire_request request = {
	    .kind = WIRE_KIND_FILE, .wishes = WIRE_RESUME, .size = SIZE};

	partial_name(&serving.store, sender, staged, "f", 1, &request);
	ck_assert_int_eq(partial_stage(&serving.store, staged), 0);
	ck_assert_int_eq(
	    write(staged->fd, bytes, SIZE / 2), (ssize_t)(SIZE / 2));
	ck_assert_int_eq(staging_close(staged), 0);
}

static void
setup(void)
{
	memset(bytes, 'b', sizeof(bytes));
	memset(wrong, 'w', sizeof(wrong));
	serving_open(&serving);
	serving.config.compares = 1;
	serving.config.sender = SENDER;
	make_half_partial(&foreign, OTHER);
}

static uint64_t
ask(void)
{
	struct wire_go go;

	client_request(client, WIRE_ASK, 1, "f", SIZE, WIRE_RESUME);
	client_expect(client, WIRE_GO, 1);
	ck_assert_int_eq(
	    wire_read_go(client->frame.payload, client->frame.length, &go), 0);
	return go.offset;
}

static void
send_content(const char *content, size_t from, size_t to)
{
	for (; from < to; from += PIECE)
		client_queue(client, WIRE_DATA, 1, content + from, PIECE);
}

/* Expect that the other sender's partial is unchanged, and remove it. */
static void
expect_foreign_unchanged(void)
{
	char path[3 * STAGING_NAME];

	snprintf(path, sizeof(path), "%s/%s", inbox_staging(), foreign.name);
	file_expect(path, bytes, SIZE / 2);
	ck_assert_int_eq(unlink(path), 0);
}

START_TEST(partial_of_another_sender_is_resumed)
{
	serving_begin(&serving);
	ck_assert_uint_eq(ask(), SIZE / 2);
	send_content(bytes, SIZE / 2, SIZE);
	client_end(client, 1, bytes, SIZE);
	client_expect_result(client, 1, STATUS_STORED);
	file_expect("in/f", bytes, SIZE);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(partial_of_another_sender_is_hidden_when_not_comparing)
{
	serving.config.compares = 0;
	serving_begin(&serving);
	ck_assert_uint_eq(ask(), 0);
	client_abort(client, 1, STATUS_CANCELLED, "");
	client_expect_result(client, 1, STATUS_CANCELLED);
	expect_foreign_unchanged();
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(partial_of_another_sender_is_kept_when_the_file_restarts)
{
	serving_begin(&serving);
	ck_assert_uint_eq(ask(), SIZE / 2);
	client_queue(client, WIRE_RESTART, 1, "", 0);
	send_content(wrong, 0, SIZE);
	client_end(client, 1, wrong, SIZE);
	client_expect_result(client, 1, STATUS_STORED);
	file_expect("in/f", wrong, SIZE);
	expect_foreign_unchanged();
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* The digest is wrong (_i 0), or the client aborts (_i 1). */
START_TEST(partial_of_another_sender_is_kept_when_the_rest_fails)
{
	serving_begin(&serving);
	ck_assert_uint_eq(ask(), SIZE / 2);
	send_content(wrong, SIZE / 2, SIZE);
	if (_i == 0) {
		client_end(client, 1, bytes, SIZE);
		client_expect_result(client, 1, STATUS_DIGEST);
	} else {
		client_abort(client, 1, STATUS_CHANGED, "");
		client_expect_result(client, 1, STATUS_CHANGED);
	}
	expect_foreign_unchanged();
	ck_assert(!file_exists("in/f"));
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/*
 * The server tries the sender's own partial first.  If the digest is wrong, it
 * removes that partial.
 */
START_TEST(own_partial_is_used_before_that_of_another_sender)
{
	struct staging_file own;

	make_half_partial(&own, SENDER);
	serving_begin(&serving);
	ck_assert_uint_eq(ask(), SIZE / 2);
	send_content(wrong, SIZE / 2, SIZE);
	client_end(client, 1, bytes, SIZE);
	client_expect_result(client, 1, STATUS_DIGEST);
	expect_foreign_unchanged();
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* Holes do not count towards PARTIAL_LEAST. */
START_TEST(partial_is_not_kept_when_it_has_only_holes)
{
	static const size_t data[] = {
	    0, PARTIAL_LEAST - 1, PARTIAL_LEAST, PARTIAL_LEAST + 1};
	uint8_t payload[8];
	size_t length = data[_i];

	ck_assert_int_eq(unlinkat(serving.store.staging, foreign.name, 0), 0);
	serving_begin(&serving);
	client_request(client, WIRE_ASK, 1, "f", 4 * SIZE, WIRE_RESUME);
	client_expect(client, WIRE_GO, 1);
	for (size_t at = 0; at < length; at += PIECE)
		client_queue(client, WIRE_DATA, 1, bytes,
		    length - at < PIECE ? length - at : PIECE);
	client_queue(
	    client, WIRE_HOLE, 1, payload, wire_write_hole(payload, SIZE));
	client_flush(client);
	client_close(client);
	while (waitpid(serving.server, NULL, WNOHANG) == 0)
		(void)poll(NULL, 0, 1);
	ck_assert_uint_eq(
	    directory_count(inbox_staging()), length >= PARTIAL_LEAST);
	store_close(&serving.store);
}
END_TEST

Suite *
session_partials_suite(void)
{
	Suite *suite = suite_create("session_partials");
	TCase *tcase = support_case("partials");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, partial_of_another_sender_is_resumed);
	tcase_add_test(
	    tcase, partial_of_another_sender_is_hidden_when_not_comparing);
	tcase_add_test(
	    tcase, partial_of_another_sender_is_kept_when_the_file_restarts);
	tcase_add_loop_test(
	    tcase, partial_of_another_sender_is_kept_when_the_rest_fails, 0, 2);
	tcase_add_test(
	    tcase, own_partial_is_used_before_that_of_another_sender);
	tcase_add_loop_test(
	    tcase, partial_is_not_kept_when_it_has_only_holes, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite;
}
