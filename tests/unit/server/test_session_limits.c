/* SPDX-License-Identifier: ISC */
/* Limits on requests: directories, partials, holes, space and paths. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/session/frames.h"
#include "server/session/granted.h"
#include "tests/unit/server/inbox.h"
#include "tests/unit/server/reception.h"
#include "tests/unit/support.h"

Suite *session_limits_suite(void);

static struct store *const store = &reception_store;
static struct reception *const reception = &reception_shared;
static struct client *const client = &reception_shared.client;
static struct receive *const receive = &reception_shared.receive;

/* Queue a request for a directory. */
static void
ask_directory(const struct wire_request *request)
{
	uint8_t payload[WIRE_REQUEST_SIZE + 16];

	client_queue(client, WIRE_DIRECTORY, 1, payload,
	    wire_write_request(payload, request));
}

START_TEST(connection_ends_when_a_directory_request_has_content)
{
	static const struct wire_request bad[] = {
	    {.kind = WIRE_KIND_FILE, .mode = 0755, .path = {"d", 1}},
	    {.kind = WIRE_KIND_DIRECTORY,
		.mode = 0755,
		.size = 1,
		.path = {"d", 1}},
	    {.kind = WIRE_KIND_DIRECTORY,
		.wishes = WIRE_RESUME,
		.path = {"d", 1}},
	    {.kind = WIRE_KIND_DIRECTORY,
		.wishes = WIRE_NO_CLOBBER,
		.path = {"d", 1}},
	    {.kind = WIRE_KIND_DIRECTORY,
		.wishes = WIRE_SENT_BEFORE,
		.path = {"d", 1}},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reception_restart();
		ask_directory(&bad[i]);
		reception_expect_error(reception);
		ck_assert(!file_exists("in/d"));
	}
}
END_TEST

/* Clients do not own the receiving directory. */
START_TEST(receiving_directory_keeps_its_mode_and_time)
{
	const struct wire_request request = {.kind = WIRE_KIND_DIRECTORY,
	    .attributes = WIRE_EXACT_MODE | WIRE_TIME,
	    .mode = 0777};
	struct stat before, after;

	reception_base(reception, "");
	ck_assert_int_eq(stat("in", &before), 0);
	ask_directory(&request);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_REFUSED);
	ck_assert_int_eq(stat("in", &after), 0);
	ck_assert_uint_eq(before.st_mode, after.st_mode);
	ck_assert_int_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
}
END_TEST

/* Send enough of a large file for a partial. */
static void
begin_large(void)
{
	static uint8_t content[PARTIAL_LEAST];
	const size_t piece = 64 * 1024;

	client_request(
	    client, WIRE_ASK, 1, "large", PARTIAL_LEAST + 1, WIRE_RESUME);
	ck_assert_int_eq(reception_run(reception), 0);
	for (size_t at = 0; at < PARTIAL_LEAST; at += piece) {
		client_queue(client, WIRE_DATA, 1, content + at, piece);
		ck_assert_int_eq(reception_run(reception), 0);
	}
}

/* Only a lost, stalled or drained connection leaves a partial. */
START_TEST(partial_is_kept_when_the_client_is_not_at_fault)
{
	const struct outcome why = {.status = (enum status)_i};
	int kept =
	    _i == STATUS_LOST || _i == STATUS_STALLED || _i == STATUS_DRAINING;

	struct staging_file staged;

	reception_base(reception, "");
	begin_large();
	staged = receive->staged.file;
	ck_assert_int_ne(frames_abandon(receive, &why), 0);
	ck_assert_uint_eq(directory_count(inbox_staging()), (size_t)kept);
	staged.fd = -1;
	staging_discard(store, &staged);
}
END_TEST

START_TEST(partial_is_not_kept_when_it_is_small)
{
	const struct outcome why = {.status = STATUS_LOST};

	reception_base(reception, "");
	client_request(
	    client, WIRE_ASK, 1, "large", PARTIAL_LEAST, WIRE_RESUME);
	client_queue(client, WIRE_DATA, 1, "little", 6);
	ck_assert_int_eq(reception_run(reception), 0);
	ck_assert_int_ne(frames_abandon(receive, &why), 0);
	ck_assert_uint_eq(directory_count(inbox_staging()), 0);
}
END_TEST

/* Otherwise the file would appear under another path. */
START_TEST(file_is_not_published_when_its_directory_was_moved)
{
	reception_base(reception, "");
	client_put(client, 1, "d/f", "content");
	ck_assert_int_eq(reception_run(reception), 0);
	ck_assert_int_eq(rename("in/d", "in/e"), 0);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_FAILED);
	ck_assert_uint_eq(directory_count("in/e"), 0);
	ck_assert(!file_exists("in/d"));
}
END_TEST

/* An exact mode leaves the sticky and set-ID bits unchanged. */
START_TEST(directory_keeps_its_special_bits)
{
	const struct wire_request request = {.kind = WIRE_KIND_DIRECTORY,
	    .attributes = WIRE_EXACT_MODE,
	    .mode = 0700,
	    .path = {"d", 1}};
	struct stat found;

	directory_make("in/d");
	ck_assert_int_eq(chmod("in/d", S_ISVTX | 0755), 0);
	reception_base(reception, "");
	ask_directory(&request);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_STORED);
	ck_assert_int_eq(stat("in/d", &found), 0);
	ck_assert_uint_eq(found.st_mode & 07777, S_ISVTX | 0700);
}
END_TEST

static const struct directory_case {
	mode_t requested, mask;
	uid_t owner; /* -1: the owner is not changed */
	int never_overwrite;
	mode_t expected; /* 0751: mode and time are unchanged */
} directory_cases[] = {
    {0, 022, (uid_t)-1, 0, 0700},
    {0777, 022, (uid_t)-1, 0, 0755},
    {0777, 077, (uid_t)-1, 0, 0700},
    {0555, 0, (uid_t)-1, 0, 0755},
    {0770, 0, (uid_t)-1, 0, 0770},
    {0, 022, (uid_t)-1, 1, 0751},
    {0777, 0, (uid_t)-1, 1, 0751},
    {0777, 0, 12345, 0, 0751},
};

START_TEST(existing_directory_gets_mode_and_time_when_permitted)
{
	const struct directory_case *one = &directory_cases[_i];
	const struct wire_request request = {.kind = WIRE_KIND_DIRECTORY,
	    .attributes = WIRE_EXACT_MODE | WIRE_TIME,
	    .mode = one->requested,
	    .seconds = 1000,
	    .path = {"d", 1}};
	struct stat found;

	directory_make("in/d");
	ck_assert_int_eq(chmod("in/d", 0751), 0);
	if (one->owner != (uid_t)-1 &&
	    chown("in/d", one->owner, (gid_t)-1) == -1) {
		support_skip("nobody", "another owner needs root");
		return;
	}
	store->mask = one->mask;
	reception->receive.policy.never_overwrite = one->never_overwrite;
	reception_base(reception, "");
	ask_directory(&request);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_STORED);
	ck_assert_int_eq(stat("in/d", &found), 0);
	ck_assert_uint_eq(found.st_mode & 07777, one->expected);
	ck_assert_int_eq(found.st_mtim.tv_sec == 1000, one->expected != 0751);
}
END_TEST

START_TEST(new_directory_has_all_permissions_of_its_owner)
{
	const struct wire_request request = {.kind = WIRE_KIND_DIRECTORY,
	    .attributes = _i == 0 ? 0 : WIRE_EXACT_MODE,
	    .mode = 0050,
	    .path = {"d", 1}};

	reception_base(reception, "");
	ask_directory(&request);
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_STORED);
	ck_assert_uint_eq(file_mode("in/d"), S_IFDIR | 0750);
}
END_TEST

/* Ask for "f" unless it has this size and time. */
static void
ask_unless_same(uint32_t number, const struct stat *same, int nanoseconds)
{
	const struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .attributes = WIRE_TIME,
	    .wishes = WIRE_UNLESS_SAME,
	    .mode = 0644,
	    .seconds = same->st_mtim.tv_sec,
	    .nanoseconds = (uint32_t)(same->st_mtim.tv_nsec + nanoseconds),
	    .size = (uint64_t)same->st_size,
	    .path = {"f", 1}};
	uint8_t payload[WIRE_REQUEST_SIZE + 1];

	client_queue(client, WIRE_ASK, number, payload,
	    wire_write_request(payload, &request));
	reception_finish(reception);
}

START_TEST(file_is_unchanged_when_its_time_is_exactly_equal)
{
	const struct timespec when[2] = {{1000, 5}, {1000, 5}};
	struct stat found;

	ck_assert_int_eq(close(open("in/f", O_CREAT | O_WRONLY, 0644)), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "in/f", when, 0), 0);
	ck_assert_int_eq(stat("in/f", &found), 0);
	reception_base(reception, "");
	ask_unless_same(1, &found, 0);
	client_expect_result(client, 1, STATUS_UNCHANGED);
	ask_unless_same(2, &found, 1);
	client_expect(client, WIRE_GO, 2);
	ck_assert_int_eq(unlink("in/f"), 0);
	ck_assert_int_eq(symlink("elsewhere", "in/f"), 0);
	ck_assert_int_eq(lstat("in/f", &found), 0);
	ask_unless_same(3, &found, 0);
	client_expect(client, WIRE_GO, 3);
}
END_TEST

/* The limit on the size of files applies to holes, too. */
START_TEST(file_is_not_stored_when_a_hole_does_not_fit)
{
	static const char zeros[8192];
	struct rlimit before, limit;
	uint8_t payload[8];

	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = sizeof(zeros) / 2;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	reception_base(reception, "");
	client_request(client, WIRE_PUT, 1, "f", sizeof(zeros), 0);
	client_queue(client, WIRE_HOLE, 1, payload,
	    wire_write_hole(payload, sizeof(zeros)));
	client_end(client, 1, zeros, sizeof(zeros));
	reception_finish(reception);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	client_expect_result(client, 1, STATUS_NO_SPACE);
	ck_assert(!file_exists("in/f"));
}
END_TEST

/* The server refuses the ask itself, with or without a dry run. */
START_TEST(ask_is_refused_when_space_is_short)
{
	const struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .mode = 0644,
	    .wishes = _i ? WIRE_DRY_RUN : WIRE_NO_CLOBBER,
	    .size = 1,
	    .allocated = 1,
	    .path = {"f", 1}};
	uint8_t payload[WIRE_REQUEST_SIZE + 1];

	store->free_bytes = UINT64_MAX;
	reception_base(reception, "");
	client_queue(client, WIRE_ASK, 1, payload,
	    wire_write_request(payload, &request));
	reception_finish(reception);
	client_expect_result(client, 1, STATUS_NO_SPACE);
}
END_TEST

START_TEST(parents_are_not_made_when_a_file_is_refused)
{
	receive->policy.max_size = 5;
	reception_base(reception, "");
	client_request(client, WIRE_PUT, 1, "new/f", 6, 0);
	ck_assert_int_eq(reception_run(reception), 0);
	client_expect_result(client, 1, STATUS_NO_SPACE);
	ck_assert(!file_exists("in/new"));
}
END_TEST

START_TEST(file_is_refused_when_holes_exceed_max_size)
{
	uint8_t payload[8];

	receive->policy.max_size = 5;
	reception_base(reception, "");
	client_request(client, WIRE_PUT, 1, "f", WIRE_SIZE_UNKNOWN, 0);
	client_queue(
	    client, WIRE_HOLE, 1, payload, wire_write_hole(payload, 5));
	ck_assert_int_eq(reception_run(reception), 0);
	reception_expect_silence(reception);
	client_queue(
	    client, WIRE_HOLE, 1, payload, wire_write_hole(payload, 1));
	ck_assert_int_eq(reception_run(reception), 0);
	client_expect_result(client, 1, STATUS_NO_SPACE);
}
END_TEST

/* The base and the path are valid, but together they are too long. */
START_TEST(path_is_refused_when_base_and_path_are_too_long)
{
	struct {
		struct destination destination;
		char behind[WIRE_PATH_MAX];
	} room;
	struct base base = {.length = WIRE_PATH_MAX};
	char path[WIRE_PATH_MAX];
	struct outcome outcome;

	memset(&room, 0, sizeof(room));
	memset(path, 'x', sizeof(path));
	for (size_t i = WIRE_COMPONENT_MAX; i < sizeof(path); i += 200)
		path[i] = '/';
	memcpy(base.directory, path, sizeof(path));
	ck_assert_int_eq(
	    destination_locate(&room.destination, &base,
		&(struct wire_bytes){path, sizeof(path)}, &outcome),
	    -1);
	ck_assert_int_eq(outcome.status, STATUS_REFUSED);
	for (size_t i = 0; i < sizeof(room.behind); i++)
		ck_assert_int_eq(room.behind[i], 0);
}
END_TEST

/* Each open partial uses a descriptor. */
START_TEST(open_partials_of_a_connection_are_bounded)
{
	struct wire_request request = {.kind = WIRE_KIND_FILE,
	    .wishes = WIRE_RESUME,
	    .size = PARTIAL_LEAST};
	struct staging_file staged[GRANTED_PARTIALS + 1];

	reception_base(reception, "");
	for (size_t i = 0; i <= GRANTED_PARTIALS; i++) {
		const char path[] = {(char)('a' + i), '\0'};

		partial_name(store, 0, &staged[i], path, 1, &request);
		ck_assert_int_eq(partial_stage(store, &staged[i]), 0);
		ck_assert_int_eq(staging_close(&staged[i]), 0);
		client_request(client, WIRE_ASK, (uint32_t)i + 1, path,
		    PARTIAL_LEAST, WIRE_RESUME);
	}
	reception_finish(reception);
	ck_assert_uint_eq(receive->asks.count, GRANTED_PARTIALS + 1);
	ck_assert_uint_eq(receive->asks.partials, GRANTED_PARTIALS);
	for (size_t i = 0; i <= GRANTED_PARTIALS; i++)
		staging_discard(store, &staged[i]);
}
END_TEST

START_TEST(connection_ends_when_a_result_does_not_fit)
{
	struct outcome outcome;
	int result = 0;

	outcome_set(&outcome, STATUS_REFUSED, "%01000d", 0);
	for (int i = 0; i < CONN_OUTPUT / 1000 && result == 0; i++)
		result = receive_reply(receive, 1, "f", 1, &outcome);
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(receive->fatal.status, STATUS_PROTOCOL);
}
END_TEST

Suite *
session_limits_suite(void)
{
	Suite *suite = suite_create("session_limits");
	TCase *tcase = support_case("limits");

	tcase_add_checked_fixture(tcase, reception_begin, reception_end);
	tcase_add_test(
	    tcase, connection_ends_when_a_directory_request_has_content);
	tcase_add_test(tcase, receiving_directory_keeps_its_mode_and_time);
	tcase_add_loop_test(tcase,
	    partial_is_kept_when_the_client_is_not_at_fault, 0,
	    STATUS_LOST + 1);
	tcase_add_test(tcase, partial_is_not_kept_when_it_is_small);
	tcase_add_test(
	    tcase, file_is_not_published_when_its_directory_was_moved);
	tcase_add_test(tcase, directory_keeps_its_special_bits);
	tcase_add_loop_test(tcase,
	    existing_directory_gets_mode_and_time_when_permitted, 0,
	    sizeof(directory_cases) / sizeof(directory_cases[0]));
	tcase_add_loop_test(
	    tcase, new_directory_has_all_permissions_of_its_owner, 0, 2);
	tcase_add_test(tcase, file_is_unchanged_when_its_time_is_exactly_equal);
	tcase_add_test(tcase, file_is_not_stored_when_a_hole_does_not_fit);
	tcase_add_loop_test(tcase, ask_is_refused_when_space_is_short, 0, 2);
	tcase_add_test(tcase, parents_are_not_made_when_a_file_is_refused);
	tcase_add_test(tcase, path_is_refused_when_base_and_path_are_too_long);
	tcase_add_test(tcase, file_is_refused_when_holes_exceed_max_size);
	tcase_add_test(tcase, open_partials_of_a_connection_are_bounded);
	tcase_add_test(tcase, connection_ends_when_a_result_does_not_fit);
	suite_add_tcase(suite, tcase);
	return suite;
}
