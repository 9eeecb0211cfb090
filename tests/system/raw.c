/* SPDX-License-Identifier: ISC */
/* Sessions byte by byte: cut anywhere, very long, or in another protocol. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digest.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* Write a session that stores "cNNN".  Returns its length to the end frame. */
static size_t
small_session(struct script *script, char path[16], size_t number)
{
	size_t complete;

	snprintf(path, 16, "c%03u", (unsigned)number);
	script_begin(script);
	script_file(script, 1, path, "cut me");
	complete = script->length;
	script_bye(script);
	return complete;
}

/* Read frames until the server closes the connection. */
static void
read_all(struct client *peer)
{

	(void)client_greeting(peer);
	while (client_next(peer))
		continue;
}

START_TEST(nothing_is_stored_when_cut_after_any_byte)
{
	struct server server;
	char path[16], stored[32];
	size_t whole = 1;
	pid_t before[SERVER_WORKERS], after[SERVER_WORKERS];

	file_write("expected", "cut me");
	SERVER_START(&server, "-w", "1");
	server_expect_workers(&server, before, 1);
	for (size_t k = 0; k < whole; k++) {
		struct script *script = script_new();
		size_t complete = small_session(script, path, k);
		struct client peer;

		whole = script->length;
		peer_open(&peer, server.port, NULL);
		client_send(&peer, script->bytes, k);
		ck_assert_int_eq(shutdown(peer.fd, SHUT_WR), 0);
		read_all(&peer);
		client_close(&peer);
		snprintf(stored, sizeof(stored), "in/%s", path);
		ck_assert_msg(file_equal("expected", stored) == (k >= complete),
		    "cut after %u of %u", (unsigned)k, (unsigned)complete);
		ck_assert_int_eq(file_exists(stored), k >= complete);
		ck_assert_int_eq(directory_count_staged("in"), 0);
	}
	server_expect_workers(&server, after, 1);
	ck_assert_int_eq(before[0], after[0]);
	server_stop(&server);
}
END_TEST

START_TEST(nothing_is_stored_when_reset_after_any_byte)
{
	struct server server;
	char path[16], stored[32];
	size_t whole = 1, complete = 0;
	pid_t before[SERVER_WORKERS], after[SERVER_WORKERS];

	file_write("expected", "cut me");
	SERVER_START(&server, "-w", "1");
	server_expect_workers(&server, before, 1);
	for (size_t k = 0; k < whole; k++) {
		struct script *script = script_new();
		struct client peer;

		complete = small_session(script, path, k);
		whole = script->length;
		peer_open(&peer, server.port, NULL);
		client_send(&peer, script->bytes, k);
		peer_reset(&peer);
	}
	peer_check_service(server.port, "last");
	ck_assert_int_eq(directory_count_staged("in"), 0);
	for (size_t k = 0; k < whole; k++) {
		snprintf(stored, sizeof(stored), "in/c%03u", (unsigned)k);
		if (file_exists(stored))
			ck_assert(
			    k >= complete && file_equal("expected", stored));
	}
	server_expect_workers(&server, after, 1);
	ck_assert_int_eq(before[0], after[0]);
	server_stop(&server);
}
END_TEST

START_TEST(session_ends_when_bytes_are_no_protocol)
{
	/* Cut or padded with NULs to the length of a hello. */
	static const char openings[][WIRE_HELLO] = {"GET / HTTP/1.1\r",
	    "\x16\x03\x01\x02TLS hello", "SSH-2.0-OpenSSH",
	    "\211FTXS\r\n\nserver", "PROXY TCP4 1.2."};
	static uint8_t block[1 << 20];
	struct server server;
	struct client peer;

	SERVER_START(&server, "-w", "1");
	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		peer_open(&peer, server.port, NULL);
		client_send(&peer, openings[i], WIRE_HELLO);
		(void)client_greeting(&peer);
		peer_expect_fatal(&peer, STATUS_PROTOCOL);
		client_close(&peer);
	}
	for (int fill = 0; fill < 256; fill += 255) {
		memset(block, fill, sizeof(block));
		peer_open(&peer, server.port, NULL);
		client_send(&peer, block, sizeof(block));
		(void)client_greeting(&peer);
		peer_expect_fatal(&peer, STATUS_PROTOCOL);
		client_close(&peer);
	}
	peer_check_service(server.port, "after");
	ck_assert_int_eq(directory_count("in"), 1);
	server_stop(&server);
}
END_TEST

START_TEST(session_ends_when_the_hello_has_a_flag)
{
	struct server server;
	struct script *script = script_new();
	struct client peer;

	SERVER_START(&server, "-w", "1");
	script_begin(script);
	script->bytes[WIRE_HELLO - 1] = 1;
	peer_open(&peer, server.port, NULL);
	client_play(&peer, script);
	(void)client_greeting(&peer);
	peer_expect_fatal(&peer, STATUS_PROTOCOL);
	client_close(&peer);
	server_stop(&server);
}
END_TEST

START_TEST(base_is_split_into_a_directory_and_a_name)
{
	static const struct {
		const char *path, *directory, *name;
	} cases[] = {{"", "", ""}, {"dir", "dir", ""}, {"dir/", "dir", ""},
	    {"new/", "new", ""}, {"a/b", "a", "b"}, {"file", "", "file"}};
	struct server server;
	struct client peer;

	directory_make("in");
	directory_make("in/dir");
	file_write("in/file", "x");
	SERVER_START(&server, "-w", "1");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script *script = script_new();
		struct wire_based based;

		script_hello(script, 1, 1);
		script_base(script, WIRE_BASE_RESOLVE, cases[i].path);
		script_bye(script);
		peer_start(&peer, server.port, script);
		ck_assert_int_eq(
		    wire_read_based(peer.payload, peer.frame.length, &based),
		    0);
		ck_assert_uint_eq(
		    based.directory.length, strlen(cases[i].directory));
		ck_assert_uint_eq(based.name.length, strlen(cases[i].name));
		ck_assert_int_eq(
		    memcmp(based.directory.bytes, cases[i].directory,
			based.directory.length),
		    0);
		ck_assert_int_eq(
		    memcmp(based.name.bytes, cases[i].name, based.name.length),
		    0);
		client_expect_end(&peer);
		client_close(&peer);
	}
	server_stop(&server);
}
END_TEST

START_TEST(digest_agrees_with_xxh64sum)
{
	static const size_t lengths[] = {
	    0, 1, 3, 4, 7, 8, 31, 32, 33, 63, 64, 100, 4095, 1048576};
	struct server server;
	struct client peer;
	char stored[64], hex[32], *content;
	struct run run;

	RUN(&run, "xxh64sum", "--version");
	if (run.status != 0) {
		harness_skip("xxh64sum", "the program is not installed");
		return;
	}
	SERVER_START(&server, "-w", "1");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct script *script = script_new();
		struct wire_result answer;

		snprintf(stored, sizeof(stored), "in/%u", (unsigned)i);
		file_make("f", lengths[i], (unsigned)i);
		content = file_read("f");
		script_begin(script);
		script_request(script, WIRE_PUT, 1, stored + 3, lengths[i], 0);
		if (lengths[i] > 0)
			script_frame(script, WIRE_DATA, 1, content, lengths[i]);
		script_end_of(script, 1, content, lengths[i]);
		script_bye(script);
		peer_start(&peer, server.port, script);
		client_expect_result(&peer, 1, STATUS_STORED);
		ck_assert_int_eq(
		    wire_read_result(peer.payload, peer.frame.length, &answer),
		    0);
		ck_assert_uint_eq(answer.size, lengths[i]);
		ck_assert_int_eq(answer.durable, 1);
		snprintf(hex, sizeof(hex), "%016llx",
		    (unsigned long long)answer.digest);
		RUN(&run, "xxh64sum", stored);
		ck_assert_msg(
		    strncmp(run.out, hex, 16) == 0, "%s: %s", hex, run.out);
		client_close(&peer);
		free(content);
	}
	server_stop(&server);
}
END_TEST

START_TEST(results_arrive_when_they_are_read_late)
{
	enum {
		FILES = 3000
	};
	struct server server;
	struct script *script = script_new();
	struct client peer;
	char path[16];

	SERVER_START(&server, "-w", "1", "-o", "fsync=no");
	script_begin(script);
	for (uint32_t i = 1; i <= FILES; i++) {
		snprintf(path, sizeof(path), "f%u", i % 50);
		script_file(script, i, path, "tiny");
	}
	script_bye(script);
	peer_start(&peer, server.port, script);
	for (uint32_t i = 1; i <= FILES; i++)
		client_expect_result(&peer, i, STATUS_STORED);
	client_expect_end(&peer);
	client_close(&peer);
	ck_assert_int_eq(directory_count("in"), 50);
	server_stop(&server);
}
END_TEST

START_TEST(last_file_wins_when_a_name_comes_twice)
{
	struct server server;
	struct script *script = script_new();
	struct client peer;
	char *text;

	SERVER_START(&server, "-w", "1");
	script_begin(script);
	script_file(script, 1, "f", "first");
	script_file(script, 2, "f", "second");
	script_file(script, 7, "f", "third");
	script_bye(script);
	peer_start(&peer, server.port, script);
	client_expect_result(&peer, 1, STATUS_STORED);
	client_expect_result(&peer, 2, STATUS_STORED);
	client_expect_result(&peer, 7, STATUS_STORED);
	client_expect_end(&peer);
	client_close(&peer);
	text = file_read("in/f");
	ck_assert_str_eq(text, "third");
	free(text);
	server_stop(&server);
}
END_TEST

Suite *
raw_suite(void)
{
	Suite *suite = suite_create("raw");
	TCase *tcase = harness_case("raw");

	tcase_add_test(tcase, nothing_is_stored_when_cut_after_any_byte);
	tcase_add_test(tcase, nothing_is_stored_when_reset_after_any_byte);
	tcase_add_test(tcase, session_ends_when_bytes_are_no_protocol);
	tcase_add_test(tcase, session_ends_when_the_hello_has_a_flag);
	tcase_add_test(tcase, base_is_split_into_a_directory_and_a_name);
	tcase_add_test(tcase, digest_agrees_with_xxh64sum);
	tcase_add_test(tcase, results_arrive_when_they_are_read_late);
	tcase_add_test(tcase, last_file_wins_when_a_name_comes_twice);
	suite_add_tcase(suite, tcase);
	return suite;
}
