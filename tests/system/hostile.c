/* SPDX-License-Identifier: ISC */
/* Hostile clients: flipped bits, cut sessions, absurd numbers. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define CONTENT "hold on to me"

static struct server server;

static void
begin_with_server(void)
{
	harness_begin();
	SERVER_START(&server, "-w", "1", "-o", "fsync=no", "-o", "max-size=1M");
}

static void
end_with_server(void)
{
	ck_assert_int_eq(directory_count_staged("in"), 0);
	server_stop(&server);
	harness_end();
}

/*
 * Send length bytes of the script, and half-close.  Returns how many results
 * reported "stored".
 */
static int
play_and_count(const struct script *script, size_t length)
{
	struct client peer;
	int stored = 0;

	peer_open(&peer, server.port, NULL);
	client_send(&peer, script->bytes, length);
	ck_assert_int_eq(shutdown(peer.fd, SHUT_WR), 0);
	(void)client_greeting(&peer);
	while (client_next(&peer))
		stored += peer.frame.type == WIRE_RESULT &&
		    peer.payload[0] == STATUS_STORED;
	client_close(&peer);
	return stored;
}

/* Check that each file is whole, and remove it.  Returns how many. */
static int
remove_whole_files(void)
{
	DIR *list = opendir("in");
	const struct dirent *entry;
	char path[HARNESS_PATH];
	int count = 0;

	ck_assert_ptr_nonnull(list);
	while ((entry = readdir(list)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "in/%s", entry->d_name);
		ck_assert_msg(file_equal("expected", path), "%s", path);
		ck_assert_int_eq(unlink(path), 0);
		count++;
	}
	closedir(list);
	return count;
}

START_TEST(nothing_wrong_is_stored_when_any_bit_flips)
{
	struct script *script = script_new();

	file_write("expected", CONTENT);
	script_begin(script);
	script_file(script, 1, "f", CONTENT);
	script_bye(script);
	for (size_t bit = 0; bit < script->length * 8; bit++) {
		uint8_t mask = (uint8_t)(1 << bit % 8);
		int stored;

		script->bytes[bit / 8] ^= mask;
		stored = play_and_count(script, script->length);
		ck_assert_msg(remove_whole_files() == stored,
		    "bit %u of byte %u", (unsigned)(bit % 8),
		    (unsigned)(bit / 8));
		script->bytes[bit / 8] ^= mask;
	}
	ck_assert_int_eq(play_and_count(script, script->length), 1);
	ck_assert_int_eq(remove_whole_files(), 1);
}
END_TEST

#define ZEROS 8

/* Add frames of all kinds.  Sets the lengths at which each file is complete. */
static void
script_everything(struct script *script, size_t complete[2])
{
	uint8_t payload[8];
	static const uint8_t zeros[ZEROS];

	script_begin(script);
	script_request(script, WIRE_DIRECTORY, 1, "d", 0, 0);
	script_request(script, WIRE_ASK, 2, "d/a", sizeof(zeros), 0);
	script_frame(script, WIRE_WAITING, 2, NULL, 0);
	script_frame(script, WIRE_HOLE, 2, payload,
	    wire_write_hole(payload, sizeof(zeros)));
	script_end_of(script, 2, zeros, sizeof(zeros));
	complete[0] = script->length;
	script_file(script, 3, "d/b", CONTENT);
	complete[1] = script->length;
	script_request(script, WIRE_DIRECTORY, 4, "d", 0, 0);
	script_bye(script);
}

START_TEST(only_complete_files_are_stored_when_cut_at_any_byte)
{
	struct script *script = script_new();
	size_t complete[2];
	int stored;

	file_write("expected", CONTENT);
	file_write("zeros", "");
	ck_assert_int_eq(truncate("zeros", ZEROS), 0);
	script_everything(script, complete);
	for (size_t k = 0; k <= script->length; k++) {
		stored = play_and_count(script, k);
		ck_assert_int_eq(
		    file_equal("zeros", "in/d/a"), k >= complete[0]);
		ck_assert_int_eq(file_exists("in/d/a"), k >= complete[0]);
		ck_assert_int_eq(
		    file_equal("expected", "in/d/b"), k >= complete[1]);
		ck_assert_int_eq(file_exists("in/d/b"), k >= complete[1]);
		ck_assert_int_ge(
		    stored, (k >= complete[0]) + (k >= complete[1]));
		ck_assert_int_eq(directory_count_staged("in"), 0);
		ck_assert_int_eq(directory_remove("in/d"), 0);
	}
	ck_assert_int_eq(stored, 4);
}
END_TEST

/* Numbers in the payload of a frame, by offset and length in bytes. */
static const struct number {
	enum wire_type type;
	size_t offset, bytes;
	uint64_t value;
	int good;
} numbers[] = {
    {WIRE_ASK, 4, 4, 0776, 1},
    {WIRE_ASK, 4, 4, 0777, 1},
    {WIRE_ASK, 4, 4, 01000, 0},
    {WIRE_ASK, 4, 4, 04777, 0},
    {WIRE_ASK, 4, 4, UINT64_C(1) << 31, 0},
    {WIRE_ASK, 8, 8, INT32_MAX, 1},
    {WIRE_ASK, 8, 8, UINT64_C(1) << 31, 1},
    {WIRE_ASK, 8, 8, UINT64_C(1) << 32, 1},
    {WIRE_ASK, 8, 8, INT64_MAX, 1},
    {WIRE_ASK, 8, 8, UINT64_C(1) << 63, 1},
    {WIRE_ASK, 8, 8, UINT64_MAX, 1},
    {WIRE_ASK, 16, 4, 999999998, 1},
    {WIRE_ASK, 16, 4, 999999999, 1},
    {WIRE_ASK, 16, 4, 1000000000, 0},
    {WIRE_ASK, 16, 4, UINT64_C(1) << 31, 0},
    {WIRE_ASK, 16, 4, UINT32_MAX, 0},
    {WIRE_ASK, 20, 8, INT32_MAX, 1},
    {WIRE_ASK, 20, 8, UINT64_C(1) << 31, 1},
    {WIRE_ASK, 20, 8, UINT32_MAX, 1},
    {WIRE_ASK, 20, 8, UINT64_C(1) << 32, 1},
    {WIRE_ASK, 20, 8, INT64_MAX - 1, 1},
    {WIRE_ASK, 20, 8, INT64_MAX, 1},
    {WIRE_ASK, 20, 8, UINT64_C(1) << 63, 0},
    {WIRE_ASK, 20, 8, UINT64_MAX - 1, 0},
    {WIRE_ASK, 20, 8, UINT64_MAX, 1},
    {WIRE_ASK, 28, 8, 3, 1},
    {WIRE_ASK, 28, 8, 4, 1},
    {WIRE_ASK, 28, 8, 5, 0},
    {WIRE_ASK, 28, 8, UINT64_C(1) << 63, 0},
    {WIRE_ASK, 36, 8, UINT64_MAX, 1},
    {WIRE_HOLE, 0, 8, 0, 0},
    {WIRE_HOLE, 0, 8, 1, 1},
    {WIRE_HOLE, 0, 8, WIRE_HOLE_MAX - 1, 1},
    {WIRE_HOLE, 0, 8, WIRE_HOLE_MAX, 1},
    {WIRE_HOLE, 0, 8, WIRE_HOLE_MAX + 1, 0},
    {WIRE_HOLE, 0, 8, UINT64_C(1) << 31, 0},
    {WIRE_HOLE, 0, 8, UINT64_C(1) << 32, 0},
    {WIRE_HOLE, 0, 8, UINT64_C(1) << 63, 0},
    {WIRE_HOLE, 0, 8, UINT64_MAX, 0},
    {WIRE_END, 0, 8, UINT64_C(1) << 31, 1},
    {WIRE_END, 0, 8, UINT64_C(1) << 32, 1},
    {WIRE_END, 0, 8, UINT64_C(1) << 63, 1},
    {WIRE_END, 0, 8, UINT64_MAX, 1},
};

/* Overwrite the number at this place, in network byte order. */
static void
set_number(uint8_t *at, size_t bytes, uint64_t value)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

/* Expect a reply to a good number.  An end with another size stores nothing. */
static void
expect_reply(struct client *peer, enum wire_type type)
{
	ck_assert(client_next(peer) && peer->frame.type != WIRE_FATAL);
	if (type == WIRE_END)
		ck_assert_uint_eq(peer->payload[0], STATUS_DIGEST);
}

/* Send a frame with this number, in a state that allows the frame. */
static void
try_number(const struct number *number)
{
	struct script *script = script_new();
	uint8_t payload[8];
	struct client peer;
	size_t start;

	script_begin(script);
	if (number->type != WIRE_ASK)
		script_request(script, WIRE_PUT, 1, "f", WIRE_SIZE_UNKNOWN, 0);
	start = script->length + WIRE_HEADER;
	if (number->type == WIRE_ASK)
		script_request(script, WIRE_ASK, 1, "f", 4, 0);
	else if (number->type == WIRE_HOLE)
		script_frame(
		    script, WIRE_HOLE, 1, payload, wire_write_hole(payload, 1));
	else
		script_end_of(script, 1, "", 0);
	set_number(script->bytes + start + number->offset, number->bytes,
	    number->value);
	if (number->good && number->type == WIRE_HOLE)
		script_end(script, 1, 0, 0);
	if (number->good)
		script_bye(script);
	peer_start(&peer, server.port, script);
	if (!number->good)
		peer_expect_fatal(&peer, STATUS_PROTOCOL);
	else
		expect_reply(&peer, number->type);
	client_close(&peer);
}

START_TEST(server_serves_on_when_numbers_are_absurd)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		mark_point();
		try_number(&numbers[i]);
	}
	peer_check_service(server.port, "after");
	ck_assert_int_eq(directory_count("in"), 1);
}
END_TEST

static const int64_t times[] = {
    INT64_MIN, -1, (int64_t)1 << 31, (int64_t)1 << 32, INT64_MAX};

/*
 * Make a file with this time.  Returns 0, or -1 if the file system refuses the
 * time.  Some file systems set the nearest time instead.
 */
static int
set_own_time(const char *path, int64_t seconds, struct stat *found)
{
	const struct timespec when[2] = {
	    {.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)seconds}};

	file_write(path, CONTENT);
	if (utimensat(AT_FDCWD, path, when, 0) == -1)
		return -1;
	ck_assert_int_eq(stat(path, found), 0);
	return 0;
}

/*
 * The stored file must have the time that this file system sets, or not exist.
 */
static void
check_time(const char *stored, int64_t seconds)
{
	struct stat own, theirs;
	int has = set_own_time("own", seconds, &own) == 0;

	ck_assert_int_eq(file_exists(stored), has);
	if (!has)
		return;
	ck_assert(file_equal("own", stored));
	ck_assert_int_eq(stat(stored, &theirs), 0);
	ck_assert_int_eq(own.st_mtim.tv_sec, theirs.st_mtim.tv_sec);
}

/* Some file systems cannot keep these times. */
START_TEST(server_serves_on_when_times_are_extreme)
{
	const size_t count = sizeof(times) / sizeof(times[0]);
	struct script *script = script_new();
	char path[] = "t?";
	struct client peer;

	script_begin(script);
	for (uint32_t i = 1; i <= count; i++) {
		size_t start = script->length + WIRE_HEADER;

		path[1] = (char)('0' + i);
		script_file(script, i, path, CONTENT);
		script->bytes[start + 1] = WIRE_TIME;
		set_number(
		    script->bytes + start + 8, 8, (uint64_t)times[i - 1]);
	}
	script_bye(script);
	peer_start(&peer, server.port, script);
	for (uint32_t i = 1; i <= count; i++) {
		char stored[] = "in/t?";

		stored[4] = (char)('0' + i);
		client_expect(&peer, WIRE_RESULT, i);
		ck_assert_int_eq(
		    peer.payload[0] == STATUS_STORED, file_exists(stored));
		check_time(stored, times[i - 1]);
	}
	client_expect_end(&peer);
	client_close(&peer);
}
END_TEST

/* The log must be printable UTF-8, in whole lines. */
static void
check_log(void)
{
	char *log = file_read(server.log);
	size_t length = strlen(log), taken;

	for (const char *at = log; *at != '\0'; at += taken) {
		taken = *at == '\n' || *at == '\\'
		    ? 1
		    : text_plain(at, length - (size_t)(at - log), TEXT_UTF8);
		ck_assert_msg(taken > 0, "byte %02x", (unsigned char)*at);
	}
	free(log);
}

/* Names that try to forge a second line, or the end of a name. */
START_TEST(log_lines_cannot_be_forged_by_names)
{
	static const char *const names[] = {"a\" stored, 5 bytes, synced",
	    "b\n2026 \"c\" stored, 5 bytes", "na\xc3\xafve", "d\xe2\x80\xae",
	    "e\2331m"};
	struct script *script = script_new();
	struct client peer;

	script_begin(script);
	for (uint32_t i = 0; i < 5; i++)
		script_file(script, i + 1, names[i], "x");
	script_request(script, WIRE_PUT, 6, "f", 1, 0);
	script_abort(
	    script, 6, STATUS_CANCELLED, "g\" stored, 5 bytes, synced");
	script_bye(script);
	peer_start(&peer, server.port, script);
	while (client_next(&peer))
		ck_assert_int_eq(peer.frame.type, WIRE_RESULT);
	client_close(&peer);
	check_log();
	ck_assert_int_eq(server_count_logged(&server, "\" stored, 5 bytes"), 0);
	ck_assert_int_eq(server_count_logged(&server, "\" stored, 1 bytes"), 5);
	ck_assert_int_eq(
	    server_count_logged(&server, "\"na\xc3\xafve\" stored"), 1);
	ck_assert_int_eq(
	    server_count_logged(&server, "\"a\\x22 stored, 5 bytes, synced\""),
	    1);
	ck_assert_int_eq(server_count_logged(&server, "d\\xe2\\x80\\xae\""), 1);
}
END_TEST

START_TEST(log_stays_printable_when_names_hold_any_byte)
{
	struct script *script = script_new();
	char name[] = "n?%s%n";
	uint32_t number = 0;
	struct client peer;

	script_begin(script);
	for (unsigned byte = 1; byte < 256; byte++) {
		name[1] = (char)byte;
		script_request(script, WIRE_PUT, ++number, name, 0, 0);
		script_end_of(script, number, "", 0);
	}
	script_bye(script);
	peer_start(&peer, server.port, script);
	for (uint32_t i = 1; i <= number; i++) {
		client_expect(&peer, WIRE_RESULT, i);
	}
	client_expect_end(&peer);
	client_close(&peer);
	check_log();
	ck_assert_int_eq(server_count_logged(&server, " stored, 0 bytes"), 255);
}
END_TEST

Suite *
hostile_suite(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tcase = tcase_create("hostile");

	tcase_add_checked_fixture(tcase, begin_with_server, end_with_server);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, nothing_wrong_is_stored_when_any_bit_flips);
	tcase_add_test(
	    tcase, only_complete_files_are_stored_when_cut_at_any_byte);
	tcase_add_test(tcase, server_serves_on_when_numbers_are_absurd);
	tcase_add_test(tcase, server_serves_on_when_times_are_extreme);
	tcase_add_test(tcase, log_lines_cannot_be_forged_by_names);
	tcase_add_test(tcase, log_stays_printable_when_names_hold_any_byte);
	suite_add_tcase(suite, tcase);
	return suite;
}
