/* SPDX-License-Identifier: ISC */
/* Requests and their results: numbers, wishes, windows, order. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/server/reception.h"
#include "tests/unit/support.h"

Suite *receive_suite(void);

static struct store *const store = &reception_store;
static struct reception *const reception = &reception_shared;
static struct client *const client = &reception_shared.client;
static struct receive *const receive = &reception_shared.receive;

START_TEST(stored_is_sent_after_the_commit)
{
	struct wire_result result;

	reception_base(reception, "");
	client_put(client, 1, "a/file", "content");
	ck_assert_int_eq(reception_run(reception), 0);
	reception_expect_silence(reception);
	ck_assert(!file_exists("in/a/file"));
	ck_assert_int_eq(receive_commit(receive), 0);
	ck_assert_int_eq(conn_flush(&reception->conn), 0);
	result = client_expect_result(client, 1, STATUS_STORED);
	ck_assert_uint_eq(result.size, 7);
	ck_assert_uint_eq(result.digest, script_digest("content", 7));
	ck_assert(result.durable);
	ck_assert_uint_eq(result.text.length, 0);
	file_expect_text("in/a/file", "content");
	reception_finish(reception);
	reception_expect_silence(reception);
}
END_TEST

START_TEST(group_is_committed_when_full)
{
	char path[16];

	reception_base(reception, "");
	for (uint32_t i = 1; i <= COMMIT_FILES; i++) {
		receive->commit.begun = IO_NEVER / 2; /* never due by age */
		snprintf(path, sizeof(path), "f%u", i);
		client_put(client, i, path, path);
		ck_assert_int_eq(reception_run(reception), 0);
	}
	for (uint32_t i = 1; i <= COMMIT_FILES; i++)
		client_expect_result(client, i, STATUS_STORED);
	reception_expect_silence(reception);
}
END_TEST

START_TEST(connection_ends_when_replies_do_not_fit)
{
	static char text[STATUS_TEXT];

	reception_base(reception, "");
	client_put(client, 1, "a", "a");
	ck_assert_int_eq(reception_run(reception), 0);
	while (conn_reserve(&reception->conn, WIRE_CONTROL_MAX) != NULL)
		conn_queue_raw(&reception->conn, text, sizeof(text));
	store->sync = 0;
	ck_assert_int_eq(receive_commit(receive), -1);
	ck_assert_uint_eq(receive->commit.count, 0);
	file_expect_text("in/a", "a");
}
END_TEST

START_TEST(result_is_sent_when_names_are_longest)
{
	static char path[2 * WIRE_COMPONENT_MAX + 2];

	memset(path, 'n', sizeof(path) - 1);
	path[WIRE_COMPONENT_MAX] = '/';
	reception_base(reception, "");
	client_put(client, 1, path, "x");
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_STORED);
}
END_TEST

/* The calls of keepalive so far, and the call that stops the work. */
static int calls, stop_at;

static int
count_call(void *argument)
{
	(void)argument;
	return ++calls == stop_at;
}

/* Hash a whole hole (_i 0), or stop at the third call (_i 1). */
START_TEST(keepalive_is_called_when_a_long_hole_is_hashed)
{
	const uint64_t hole = 64 << 20;
	uint8_t payload[8];

	reception_base(reception, "");
	calls = 0;
	stop_at = _i == 0 ? 0 : 3;
	reception->comparer.keepalive.call = count_call;
	client_request(client, WIRE_PUT, 1, "hole", hole, 0);
	client_queue(
	    client, WIRE_HOLE, 1, payload, wire_write_hole(payload, hole));
	ck_assert_int_eq(reception_run(reception), 0);
	if (_i == 0) {
		ck_assert_int_ge(calls, 8);
		ck_assert_uint_eq(receive->content.received, hole);
	} else {
		ck_assert_int_eq(calls, 3);
		ck_assert_uint_lt(receive->content.received, hole / 2);
	}
}
END_TEST

/*
 * If the size is announced, the server refuses the request.  Otherwise it
 * refuses the file at the first byte beyond the limit.
 */
START_TEST(file_is_refused_when_the_file_system_cannot_hold_it)
{
	uint8_t payload[8];

	store->system.largest = 1000;
	reception_base(reception, "");
	for (uint32_t i = 1; i <= 3; i++)
		client_request(client, WIRE_ASK, i, "x", 998 + i, 0);
	client_request(client, WIRE_PUT, 4, "x", WIRE_SIZE_UNKNOWN, 0);
	for (uint64_t i = 0; i < 2; i++)
		client_queue(client, WIRE_HOLE, 4, payload,
		    wire_write_hole(payload, 1000 - i * 999));
	client_abort(client, 4, STATUS_CANCELLED, "");
	ck_assert_int_eq(reception_run(reception), 0);
	client_expect(client, WIRE_GO, 1);
	client_expect(client, WIRE_GO, 2);
	client_expect_result(client, 3, STATUS_NO_SPACE);
	client_expect_result(client, 4, STATUS_NO_SPACE);
}
END_TEST

START_TEST(connection_ends_when_a_request_number_does_not_grow)
{
	static const struct {
		uint32_t first, second;
		int good;
	} cases[] = {{1, 2, 1}, {5, 4, 0}, {5, 5, 0}, {5, 6, 1}, {1, 100, 1},
	    {UINT32_MAX - 1, UINT32_MAX, 1}, {UINT32_MAX, 1, 0},
	    {UINT32_MAX, UINT32_MAX, 0}, {1, 0, 0}};
	static const enum wire_type types[] = {
	    WIRE_PUT, WIRE_ASK, WIRE_DIRECTORY};

	for (size_t i = 0; i < 3 * sizeof(cases) / sizeof(cases[0]); i++) {
		reception_restart();
		client_put(client, cases[i / 3].first, "file", "x");
		reception_finish(reception);
		client_expect_result(client, cases[i / 3].first, STATUS_STORED);
		client_request(client, types[i % 3], cases[i / 3].second,
		    i % 3 == 2 ? "directory" : "file", i % 3 != 2, 0);
		if (cases[i / 3].good)
			ck_assert_int_eq(reception_run(reception), 0);
		else
			reception_expect_error(reception);
	}
	reception_restart();
	client_request(client, WIRE_PUT, 0, "file", 1, 0);
	reception_expect_error(reception);
}
END_TEST

START_TEST(number_cannot_be_used_again_when_its_request_failed)
{
	reception_base(reception, "");
	client_request(client, WIRE_ASK, 7, "../x", 1, 0);
	client_request(client, WIRE_ASK, 7, "x", 1, 0);
	reception_expect_error(reception);
	client_expect_result(client, 7, STATUS_REFUSED);
}
END_TEST

START_TEST(connection_ends_when_a_put_has_wishes)
{
	for (unsigned wish = 1; wish <= WIRE_SENT_BEFORE; wish *= 2) {
		reception_restart();
		client_request(client, WIRE_PUT, 1, "file", 1, wish);
		reception_expect_error(reception);
	}
}
END_TEST

START_TEST(connection_ends_when_a_request_is_malformed)
{
	static const struct wire_request bad[] = {
	    {.kind = (enum wire_kind)0},
	    {.kind = (enum wire_kind)3},
	    {.kind = WIRE_KIND_FILE, .attributes = 4},
	    {.kind = WIRE_KIND_FILE, .wishes = 64},
	    {.kind = WIRE_KIND_FILE, .wishes = 0x8000},
	    {.kind = WIRE_KIND_FILE, .mode = 01000},
	    {.kind = WIRE_KIND_FILE, .mode = 04755},
	    {.kind = WIRE_KIND_FILE, .nanoseconds = 1000000000},
	    {.kind = WIRE_KIND_FILE, .size = 1, .allocated = 2},
	};
	uint8_t payload[WIRE_REQUEST_SIZE];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reception_restart();
		client_queue(client, WIRE_ASK, 1, payload,
		    wire_write_request(payload, &bad[i]));
		reception_expect_error(reception);
	}
	reception_restart();
	client_queue(client, WIRE_ASK, 1, payload,
	    wire_write_request(payload,
		&(struct wire_request){.kind = WIRE_KIND_FILE,
		    .mode = 0777,
		    .nanoseconds = 999999999,
		    .size = 2,
		    .allocated = 2,
		    .seconds = INT64_MIN}));
	ck_assert_int_eq(reception_run(reception), 0);
	client_expect_result(client, 1, STATUS_REFUSED);
}
END_TEST

START_TEST(connection_ends_when_the_base_is_bad)
{
	client_queue(client, WIRE_BASE, 0, "\002x", 2);
	reception_expect_error(reception);
	reception_close(reception);
	reception_open(reception, store);
	client_base(client, WIRE_BASE_RESOLVE, "../x");
	ck_assert_int_eq(reception_run(reception), -1);
	ck_assert_int_eq(receive->fatal.status, STATUS_REFUSED);
}
END_TEST

START_TEST(second_request_is_refused_when_the_base_names_one_file)
{
	client_base(client, WIRE_BASE_RESOLVE, "dir/name");
	client_put(client, 3, "ignored", "x");
	reception_finish(reception);
	client_expect_based(client, "dir", "name");
	client_expect_result(client, 3, STATUS_STORED);
	file_expect_text("in/dir/name", "x");
	client_request(client, WIRE_PUT, 4, "ignored", 1, 0);
	reception_expect_error(reception);
}
END_TEST

START_TEST(nothing_changes_when_requests_are_dry_runs)
{
	file_make("in/old", "old");
	reception->receive.policy.max_size = 10;
	reception_base(reception, "new/base");
	client_request(client, WIRE_ASK, 1, "a/file", 1, WIRE_DRY_RUN);
	client_request(client, WIRE_ASK, 2, "../x", 1, WIRE_DRY_RUN);
	client_request(client, WIRE_ASK, 3, "x", 11, WIRE_DRY_RUN);
	client_request(
	    client, WIRE_ASK, 4, "x", 1, WIRE_DRY_RUN | WIRE_NO_CLOBBER);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_WOULD_STORE);
	client_expect_result(client, 2, STATUS_REFUSED);
	client_expect_result(client, 3, STATUS_NO_SPACE);
	client_expect_result(client, 4, STATUS_WOULD_STORE);
	ck_assert_uint_eq(directory_count("in"), 2);
	reception_close(reception);
	reception_open(reception, store);
	reception_base(reception, "");
	client_request(
	    client, WIRE_ASK, 1, "old", 1, WIRE_DRY_RUN | WIRE_NO_CLOBBER);
	client_request(client, WIRE_ASK, 2, "old", 1, WIRE_DRY_RUN);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_EXISTS);
	client_expect_result(client, 2, STATUS_WOULD_STORE);
	file_expect_text("in/old", "old");
}
END_TEST

START_TEST(reply_follows_the_wishes_of_the_request)
{
	struct wire_go go;

	file_make("in/old", "old");
	reception_base(reception, "");
	client_request(client, WIRE_ASK, 1, "old", 1, WIRE_NO_CLOBBER);
	client_request(client, WIRE_ASK, 2, "old", 1, WIRE_UNLESS_SAME);
	client_request(client, WIRE_ASK, 3, "old", 1, WIRE_UNLESS_DIGEST);
	client_request(client, WIRE_ASK, 4, "old", 1, WIRE_SENT_BEFORE);
	client_request(client, WIRE_DIRECTORY, 5, "directory", 0, 0);
	client_request(
	    client, WIRE_ASK, 6, "new/file", 1, WIRE_RESUME | WIRE_NO_CLOBBER);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_EXISTS);
	for (uint32_t number = 2; number <= 4; number++)
		client_expect(client, WIRE_GO, number);
	client_expect(client, WIRE_GO, 6);
	ck_assert_int_eq(wire_read_go(client->frame.payload, 16, &go), 0);
	ck_assert_uint_eq(go.offset, 0);
	ck_assert_uint_eq(go.digest, script_digest("", 0));
	client_expect_result(client, 5, STATUS_STORED);
	ck_assert(S_ISDIR(file_mode("in/directory")));
	file_expect_text("in/old", "old");
}
END_TEST

/* Ask as a client that has sent "old" before, with this time. */
static void
ask_sent_before(uint32_t number, unsigned wishes, unsigned attributes,
    int64_t seconds, uint32_t nanoseconds)
{
	const struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .attributes = attributes,
	    .wishes = WIRE_SENT_BEFORE | wishes,
	    .seconds = seconds,
	    .nanoseconds = nanoseconds,
	    .size = 3,
	    .digest = script_digest("old", 3),
	    .path = {"old", 3}};
	uint8_t payload[WIRE_REQUEST_SIZE + 3];

	client_queue(client, WIRE_ASK, number, payload,
	    wire_write_request(payload, &request));
}

START_TEST(file_counts_as_sent_before_when_its_time_is_equal)
{
	const struct timespec times[2] = {{77, 0}, {77, 0}};

	file_make("in/old", "old");
	ck_assert_int_eq(utimensat(AT_FDCWD, "in/old", times, 0), 0);
	reception_base(reception, "");
	ask_sent_before(1, 0, 0, 78, 0);
	ask_sent_before(2, 0, WIRE_TIME, 78, 0);
	ask_sent_before(3, 0, WIRE_TIME, 77, 0);
	reception_finish(reception);
	client_expect(client, WIRE_GO, 2);
	client_expect_result(client, 1, STATUS_STORED);
	client_expect_result(client, 3, STATUS_STORED);
}
END_TEST

/* The file system rounds a time down or up to whole seconds. */
START_TEST(file_counts_as_sent_before_when_its_time_was_rounded)
{
	const struct timespec times[2] = {{77, 0}, {77, 0}};

	store->system.granularity = 1000000000;
	file_make("in/old", "old");
	ck_assert_int_eq(utimensat(AT_FDCWD, "in/old", times, 0), 0);
	reception_base(reception, "");
	ask_sent_before(1, 0, WIRE_TIME, 77, 0);
	ask_sent_before(2, 0, WIRE_TIME, 77, 999999999);
	ask_sent_before(3, 0, WIRE_TIME, 76, 1);
	ask_sent_before(4, 0, WIRE_TIME, 76, 0);
	ask_sent_before(5, 0, WIRE_TIME, 78, 0);
	reception_finish(reception);
	client_expect(client, WIRE_GO, 4);
	client_expect(client, WIRE_GO, 5);
	for (uint32_t number = 1; number <= 3; number++)
		client_expect_result(client, number, STATUS_STORED);
}
END_TEST

START_TEST(file_is_unchanged_when_sent_before_and_dry_run)
{
	file_make("in/old", "old");
	reception_base(reception, "");
	ask_sent_before(1, WIRE_DRY_RUN, 0, 0, 0);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_UNCHANGED);
}
END_TEST

START_TEST(go_is_sent_when_the_directory_of_the_target_is_missing)
{
	static const unsigned wishes[] = {
	    WIRE_UNLESS_SAME, WIRE_UNLESS_DIGEST, WIRE_SENT_BEFORE};

	reception_base(reception, "");
	for (uint32_t i = 0; i < 3; i++) {
		client_request(
		    client, WIRE_ASK, i + 1, "missing/file", 1, wishes[i]);
		reception_finish(reception);
		client_expect(client, WIRE_GO, i + 1);
	}
}
END_TEST

START_TEST(compare_is_refused_when_the_server_does_not_compare)
{
	reception->receive.compares = 0;
	file_make("in/old", "old");
	reception_base(reception, "");
	client_request(client, WIRE_ASK, 1, "old", 3, WIRE_UNLESS_SAME);
	client_request(client, WIRE_ASK, 2, "old", 3, WIRE_UNLESS_DIGEST);
	ask_sent_before(3, 0, 0, 0, 0);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_REFUSED);
	client_expect_result(client, 2, STATUS_REFUSED);
	client_expect(client, WIRE_GO, 3);
}
END_TEST

/* Send the content after a go, with or without a restart. */
static void
send_content(uint32_t number, const char *text, int restart)
{
	if (restart)
		client_queue(client, WIRE_RESTART, number, NULL, 0);
	client_queue(client, WIRE_DATA, number, text, strlen(text));
	client_end(client, number, text, strlen(text));
}

START_TEST(files_are_stored_when_asks_are_pipelined)
{
	static const char *const names[] = {"", "one", "two", "three", "four"};

	reception_base(reception, "dir");
	for (uint32_t number = 1; number <= 4; number++)
		client_request(client, WIRE_ASK, number, names[number],
		    strlen(names[number]), 0);
	send_content(2, "two", 1);
	client_abort(client, 3, STATUS_CHANGED, "it grew");
	client_put(client, 9, "five", "five");
	send_content(4, "four", 0);
	send_content(1, "one", 0);
	reception_finish(reception);
	for (uint32_t number = 1; number <= 4; number++)
		client_expect(client, WIRE_GO, number);
	client_expect_result(client, 3, STATUS_CHANGED);
	client_expect_result(client, 2, STATUS_STORED);
	client_expect_result(client, 9, STATUS_STORED);
	client_expect_result(client, 4, STATUS_STORED);
	client_expect_result(client, 1, STATUS_STORED);
	file_expect_text("in/dir/one", "one");
	file_expect_text("in/dir/two", "two");
	file_expect_text("in/dir/four", "four");
	file_expect_text("in/dir/five", "five");
	ck_assert_uint_eq(directory_count("in/dir"), 4);
}
END_TEST

START_TEST(connection_ends_when_too_many_asks_are_open)
{
	reception_base(reception, "");
	for (uint32_t number = 1; number <= WIRE_WINDOW_REQUESTS; number++) {
		client_request(client, WIRE_ASK, number, "file", 1, 0);
		if (number % 256 != 0)
			continue;
		ck_assert_int_eq(reception_run(reception), 0);
		for (uint32_t go = number - 255; go <= number; go++)
			client_expect(client, WIRE_GO, go);
	}
	client_request(
	    client, WIRE_ASK, WIRE_WINDOW_REQUESTS + 1, "file", 1, 0);
	reception_expect_error(reception);
}
END_TEST

Suite *
receive_suite(void)
{
	Suite *suite = suite_create("receive");
	TCase *tcase = support_case("receive");

	tcase_add_checked_fixture(tcase, reception_begin, reception_end);
	tcase_add_test(tcase, stored_is_sent_after_the_commit);
	tcase_add_test(tcase, group_is_committed_when_full);
	tcase_add_test(tcase, connection_ends_when_replies_do_not_fit);
	tcase_add_test(tcase, result_is_sent_when_names_are_longest);
	tcase_add_loop_test(
	    tcase, keepalive_is_called_when_a_long_hole_is_hashed, 0, 2);
	tcase_add_test(
	    tcase, file_is_refused_when_the_file_system_cannot_hold_it);
	tcase_add_test(
	    tcase, connection_ends_when_a_request_number_does_not_grow);
	tcase_add_test(
	    tcase, number_cannot_be_used_again_when_its_request_failed);
	tcase_add_test(tcase, connection_ends_when_a_put_has_wishes);
	tcase_add_test(tcase, connection_ends_when_a_request_is_malformed);
	tcase_add_test(tcase, connection_ends_when_the_base_is_bad);
	tcase_add_test(
	    tcase, second_request_is_refused_when_the_base_names_one_file);
	tcase_add_test(tcase, nothing_changes_when_requests_are_dry_runs);
	tcase_add_test(tcase, reply_follows_the_wishes_of_the_request);
	tcase_add_test(
	    tcase, file_counts_as_sent_before_when_its_time_is_equal);
	tcase_add_test(
	    tcase, file_counts_as_sent_before_when_its_time_was_rounded);
	tcase_add_test(tcase, file_is_unchanged_when_sent_before_and_dry_run);
	tcase_add_test(
	    tcase, go_is_sent_when_the_directory_of_the_target_is_missing);
	tcase_add_test(
	    tcase, compare_is_refused_when_the_server_does_not_compare);
	tcase_add_test(tcase, files_are_stored_when_asks_are_pipelined);
	tcase_add_test(tcase, connection_ends_when_too_many_asks_are_open);
	suite_add_tcase(suite, tcase);
	return suite;
}
