/* SPDX-License-Identifier: ISC */
/* Sessions while other workers use up the limit on comparing. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/shared/scoreboard.h"
#include "server/store/compare.h"
#include "server/store/partial.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/server/serving.h"
#include "tests/unit/support.h"

Suite *session_busy_suite(void);

#define SLOTS 2 /* slot 0 is the session's */
#define SIZE (2 * PARTIAL_LEAST)

static struct serving serving;
static struct client *const client = &serving.client;
static struct scoreboard board;
static char content[SIZE];

static void
setup(void)
{
	ck_assert_int_eq(scoreboard_init(&board, SLOTS), 0);
	ck_assert(scoreboard_begin_compare(&board, 1, 1));
	serving_open(&serving);
	serving.config.compares = 1;
	serving.config.board = &board;
	serving.config.comparers = 1;
}

static void
make_content(const char *path, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	memset(content, 'c', sizeof(content));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, content, length), 0);
	close(fd);
}

/* Ask for "there", with the digest of the first length bytes. */
static void
ask(uint32_t number, size_t length)
{
	const struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .wishes = WIRE_UNLESS_DIGEST,
	    .mode = 0600,
	    .size = length,
	    .allocated = length,
	    .digest = script_digest(content, length),
	    .path = {"there", 5}};
	uint8_t payload[WIRE_REQUEST_SIZE + 5];

	client_queue(client, WIRE_ASK, number, payload,
	    wire_write_request(payload, &request));
}

START_TEST(compare_is_refused_while_others_compare)
{
	make_content("in/there", SIZE);
	serving_begin(&serving);
	ask(1, SIZE);
	client_expect_result(client, 1, STATUS_BUSY);
	scoreboard_end_compare(&board, 1);
	ask(2, SIZE);
	client_expect_result(client, 2, STATUS_UNCHANGED);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

START_TEST(small_file_is_compared_while_others_compare)
{
	make_content("in/there", COMPARE_SMALL - 1);
	serving_begin(&serving);
	ask(1, COMPARE_SMALL - 1);
	client_expect_result(client, 1, STATUS_UNCHANGED);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* Without a scoreboard, there are no other workers. */
START_TEST(compare_is_never_busy_without_a_scoreboard)
{
	make_content("in/there", SIZE);
	serving.config.board = NULL;
	serving_begin(&serving);
	ask(1, SIZE);
	client_expect_result(client, 1, STATUS_UNCHANGED);
	serving_close(&serving, SESSION_DONE);
}
END_TEST

/* To resume, the server hashes the partial.  Without one, it sends a go. */
START_TEST(resume_is_refused_while_others_compare)
{
	const struct wire_request request = {
	    .kind = WIRE_KIND_FILE, .wishes = WIRE_RESUME, .size = SIZE};
	char path[2 * STAGING_NAME];
	struct staging_file staged;
	struct wire_go go;

	partial_name(&serving.store, 0, &staged, "kept", 4, &request);
	snprintf(path, sizeof(path), "%s/%s", inbox_staging(), staged.name);
	make_content(path, PARTIAL_LEAST);
	serving_begin(&serving);
	client_request(client, WIRE_ASK, 1, "kept", SIZE, WIRE_RESUME);
	client_expect_result(client, 1, STATUS_BUSY);
	client_request(client, WIRE_ASK, 2, "new", SIZE, WIRE_RESUME);
	client_expect(client, WIRE_GO, 2);
	scoreboard_end_compare(&board, 1);
	client_request(client, WIRE_ASK, 3, "kept", SIZE, WIRE_RESUME);
	client_expect(client, WIRE_GO, 3);
	ck_assert_int_eq(
	    wire_read_go(client->frame.payload, client->frame.length, &go), 0);
	ck_assert_uint_eq(go.offset, PARTIAL_LEAST);
	client_close(client);
	ck_assert_int_eq(unlink(path), 0);
	serving_join(&serving, SESSION_DONE);
}
END_TEST

Suite *
session_busy_suite(void)
{
	Suite *suite = suite_create("session_busy");
	TCase *tcase = support_case("busy");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, compare_is_refused_while_others_compare);
	tcase_add_test(tcase, small_file_is_compared_while_others_compare);
	tcase_add_test(tcase, compare_is_never_busy_without_a_scoreboard);
	tcase_add_test(tcase, resume_is_refused_while_others_compare);
	suite_add_tcase(suite, tcase);
	return suite;
}
