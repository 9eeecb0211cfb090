/* SPDX-License-Identifier: ISC */
/* The content of one file: size limits, verification, space, partials. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/unit/server/inbox.h"
#include "tests/unit/server/reception.h"
#include "tests/unit/support.h"

#define MEBIBYTE (1024 * 1024)
#define PIECE (64 * 1024)

Suite *frames_suite(void);

static struct store store;
static struct reception reception;
static struct client *const client = &reception.client;
static struct receive *const receive = &reception.receive;
static uint32_t number; /* of the current request */

static void
begin(void)
{
	reception_open(&reception, &store);
	reception_base(&reception, "");
	number = 0;
}

static void
setup(void)
{
	inbox_open(&store);
	begin();
}

static void
teardown(void)
{
	reception_close(&reception);
	inbox_close(&store);
}

/* Begin the next file.  The previous one must have ended. */
static void
put(const char *path, uint64_t size)
{
	client_request(client, WIRE_PUT, ++number, path, size, 0);
}

static void
data(const char *text)
{
	client_queue(client, WIRE_DATA, number, text, strlen(text));
}

/* End the file, with the digest of text and this size. */
static void
end(const char *text, uint64_t size)
{
	const struct wire_end sent = {size, script_digest(text, strlen(text))};
	uint8_t payload[16];

	client_queue(
	    client, WIRE_END, number, payload, wire_write_end(payload, &sent));
}

/* Send length zeros, or fewer if the server stops receiving. */
static void
send_zeros(size_t length)
{
	static const char piece[PIECE];

	for (; length > 0 && receive->state == RECEIVE_CONTENT;
	     length -= PIECE) {
		client_queue(client, WIRE_DATA, number, piece, sizeof(piece));
		ck_assert_int_eq(reception_run(&reception), 0);
	}
}

static void
expect_stored(const char *path, const char *text)
{
	reception_finish(&reception);
	client_expect_result(client, number, STATUS_STORED);
	file_expect_text(path, text);
}

/* Expect a failure that leaves no file.  Returns the result's text. */
static const char *
expect_failed(enum status status)
{
	static char text[STATUS_TEXT];
	struct wire_result result;

	reception_finish(&reception);
	result = client_expect_result(client, number, status);
	snprintf(text, sizeof(text), "%.*s", (int)result.text.length,
	    result.text.bytes);
	ck_assert_uint_eq(receive->commit.count, 0);
	ck_assert_uint_eq(directory_count(inbox_staging()), 0);
	ck_assert(!file_exists("in/file"));
	if (receive->state == RECEIVE_DISCARD) {
		end("", 0);
		reception_finish(&reception);
	}
	return text;
}

START_TEST(file_of_unknown_size_is_stored)
{
	put("file", WIRE_SIZE_UNKNOWN);
	data("so");
	data("me");
	end("some", 4);
	expect_stored("in/file", "some");
	put("empty", WIRE_SIZE_UNKNOWN);
	end("", 0);
	expect_stored("in/empty", "");
}
END_TEST

START_TEST(file_is_not_stored_when_size_or_digest_differs)
{
	static const struct {
		uint64_t announced;
		const char *sent, *digested;
		uint64_t size;
	} cases[] = {
	    {4, "sent", "sens", 4},
	    {4, "sent", "sent", 3},
	    {4, "sent", "sent", 5},
	    {5, "sent", "sent", 4},
	    {5, "sent", "sent", 5},
	    {WIRE_SIZE_UNKNOWN, "sent", "sens", 4},
	    {WIRE_SIZE_UNKNOWN, "sent", "sent", 3},
	    {WIRE_SIZE_UNKNOWN, "sent", "sent", WIRE_SIZE_UNKNOWN},
	    {0, "", "x", 0},
	    {1, "", "", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put("file", cases[i].announced);
		if (cases[i].sent[0] != '\0')
			data(cases[i].sent);
		end(cases[i].digested, cases[i].size);
		expect_failed(STATUS_DIGEST);
	}
}
END_TEST

START_TEST(connection_ends_when_content_exceeds_the_announced_size)
{
	static const char *const cases[][2] = {
	    {"four", NULL}, {"two", "o"}, {"333", "x"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reception_close(&reception);
		begin();
		put("file", 3);
		data(cases[i][0]);
		if (cases[i][1] != NULL)
			data(cases[i][1]);
		reception_expect_error(&reception);
	}
	reception_close(&reception);
	begin();
	put("file", 0);
	data("x");
	reception_expect_error(&reception);
}
END_TEST

START_TEST(announced_size_is_refused_when_over_max_size)
{
	receive->policy.max_size = 5;
	put("file", 6);
	expect_failed(STATUS_NO_SPACE);
	for (uint64_t size = 4; size <= 5; size++) {
		put("file", size);
		client_abort(client, number, STATUS_CANCELLED, "");
		expect_failed(STATUS_CANCELLED);
	}
	/* A client that announced 5 bytes must not send 6. */
	put("file", 5);
	data("sixsix");
	reception_expect_error(&reception);
}
END_TEST

START_TEST(content_is_refused_when_it_exceeds_max_size)
{
	receive->policy.max_size = 5;
	put("file", WIRE_SIZE_UNKNOWN);
	data("four");
	data("5");
	ck_assert_int_eq(reception_run(&reception), 0);
	reception_expect_silence(&reception);
	data("6");
	expect_failed(STATUS_NO_SPACE);
	put("file", WIRE_SIZE_UNKNOWN);
	data("12345");
	end("12345", 5);
	expect_stored("in/file", "12345");
	receive->policy.max_size = 0;
	put("nil", 0);
	end("", 0);
	expect_stored("in/nil", "");
}
END_TEST

/*
 * Other files use all space except this file's share.  The second frame exceeds
 * the share (_i 0), or the first does (_i 1).
 */
START_TEST(writing_stops_when_space_runs_out)
{
	const uint64_t share = SPACE_SHARE_LEAST;

	store.sync = 0;
	put("file", WIRE_SIZE_UNKNOWN);
	ck_assert_int_eq(reception_run(&reception), 0);
	ck_assert_uint_eq(receive->account.share, share);
	receive->account.expires = IO_NEVER;
	store.free_bytes = UINT64_MAX;
	if (!_i)
		data("x");
	ck_assert_int_eq(reception_run(&reception), 0);
	reception_expect_silence(&reception);
	send_zeros(2 * PIECE);
	ck_assert_uint_eq(
	    receive->staged.written + receive->account.block, share);
	expect_failed(STATUS_NO_SPACE);
}
END_TEST

/* A partial would be large enough, but the file can never be complete. */
START_TEST(partial_is_not_kept_when_the_file_is_too_large)
{
	struct rlimit limit, old;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 2 * MEBIBYTE;
	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	client_request(
	    client, WIRE_ASK, ++number, "file", 4 * MEBIBYTE, WIRE_RESUME);
	client_queue(client, WIRE_DATA, number, "x", 1);
	ck_assert_int_eq(reception_run(&reception), 0);
	client_expect(client, WIRE_GO, number);
	send_zeros(2 * MEBIBYTE);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_ptr_nonnull(
	    strstr(expect_failed(STATUS_NO_SPACE), strerror(EFBIG)));
}
END_TEST

/* Mount an inbox of size KiB.  Returns 0 if that is not permitted. */
static int
mount_inbox(int size)
{
	struct outcome outcome;

	memset(&store, 0, sizeof(store));
	if (!support_mount("in", size))
		return 0;
	ck_assert_int_eq(store_open(&store, "in", &outcome), 0);
	ck_assert_int_eq(store_enter(&store, &outcome), 0);
	begin();
	return 1;
}

static void
close_inbox(void)
{
	reception_close(&reception);
	store_close(&store);
}

/* Begin "file"; announce this size, and this many bytes on the disk. */
static void
put_allocated(uint64_t size, uint64_t allocated)
{
	const struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .mode = 0644,
	    .size = size,
	    .allocated = allocated,
	    .path = {"file", 4}};
	uint8_t payload[WIRE_REQUEST_SIZE + 4];

	client_queue(client, WIRE_PUT, ++number, payload,
	    wire_write_request(payload, &request));
	ck_assert_int_eq(reception_run(&reception), 0);
}

START_TEST(file_is_refused_when_the_disk_is_full)
{
	const char *text;

	if (!mount_inbox(256))
		return;
	put_allocated(MEBIBYTE, MEBIBYTE);
	expect_failed(STATUS_NO_SPACE);
	/* This file needs space, although it announces none. */
	put_allocated(MEBIBYTE, 0);
	send_zeros(MEBIBYTE);
	text = expect_failed(STATUS_NO_SPACE);
	ck_assert_ptr_nonnull(strstr(text, strerror(ENOSPC)));
	/* The next one fits. */
	put("file", 4);
	data("fits");
	end("fits", 4);
	expect_stored("in/file", "fits");
	close_inbox();
}
END_TEST

static void
send_hole(uint64_t length)
{
	uint8_t payload[8];

	client_queue(client, WIRE_HOLE, number, payload,
	    wire_write_hole(payload, length));
	ck_assert_int_eq(reception_run(&reception), 0);
}

START_TEST(hole_needs_space_when_the_file_system_fills_holes)
{
	const uint64_t hole = 6 * MEBIBYTE;

	if (!mount_inbox(4096))
		return;
	store.system.fills_holes = 1;
	put_allocated(WIRE_SIZE_UNKNOWN, 0);
	ck_assert_uint_eq(receive->account.share, SPACE_SHARE_LEAST);
	receive->account.expires = IO_NEVER;
	store.free_bytes = UINT64_MAX;
	send_hole(hole);
	ck_assert_uint_eq(receive->staged.written + receive->account.block,
	    SPACE_SHARE_LEAST);
	ck_assert_uint_eq(receive->content.received, receive->staged.written);
	expect_failed(STATUS_NO_SPACE);
	store.free_bytes = 0;
	put_allocated(hole, 0);
	expect_failed(STATUS_NO_SPACE);
	store.system.fills_holes = 0;
	put_allocated(hole, 0);
	send_hole(hole);
	reception_expect_silence(&reception);
	close_inbox();
}
END_TEST

Suite *
frames_suite(void)
{
	Suite *suite = suite_create("frames");
	TCase *tcase = support_case("content"), *full = support_case("full");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, file_of_unknown_size_is_stored);
	tcase_add_test(tcase, file_is_not_stored_when_size_or_digest_differs);
	tcase_add_test(
	    tcase, connection_ends_when_content_exceeds_the_announced_size);
	tcase_add_test(tcase, announced_size_is_refused_when_over_max_size);
	tcase_add_test(tcase, content_is_refused_when_it_exceeds_max_size);
	tcase_add_loop_test(tcase, writing_stops_when_space_runs_out, 0, 2);
	tcase_add_test(tcase, partial_is_not_kept_when_the_file_is_too_large);
	suite_add_tcase(suite, tcase);
	tcase_add_test(full, file_is_refused_when_the_disk_is_full);
	tcase_add_test(full, hole_needs_space_when_the_file_system_fills_holes);
	suite_add_tcase(suite, full);
	return suite;
}
