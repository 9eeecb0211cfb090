/* SPDX-License-Identifier: ISC */
/* Refusals: each with its text and exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/wire.h"
#include "tests/lab/proxy.h"
#include "tests/system/fake.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

START_TEST(put_fails_when_the_host_is_unknown)
{
	struct run run;

	file_write("f", "x");
	RUN(&run, "ftx", "put", "f", "no-such-host.invalid:f");
	run_check(&run, 35, "no-such-host.invalid");
}
END_TEST

START_TEST(put_fails_when_nothing_listens)
{
	struct run run;

	file_write("f", "x");
	fake_unused_port();
	RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
	run_check(&run, 35, "Connection refused");
	/* If the first connection fails, ftx does not retry. */
	ck_assert_int_lt(run.elapsed, 1000);
}
END_TEST

START_TEST(put_fails_when_the_server_is_http)
{
	static const char answer[] =
	    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
	struct fake fake;
	struct run run;

	file_make("f", 100000, 1);
	fake_start(&fake, answer, sizeof(answer) - 1, 1);
	RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
	run_check(&run, 2,
	    "ftx: 127.0.0.1: answered, but not as ftxd: "
	    "\"HTTP/1.1 400 Bad Request\"; nothing was stored\n");
	RUN(&run, "ftx", "put", "-o", "json", "f", "127.0.0.1:f");
	run_check(&run, 2, NULL);
	ck_assert_ptr_nonnull(strstr(run.out,
	    "\"status\":\"failed\",\"cause\":\"not ftxd\",\"reason\":"));
	fake_stop(&fake);
}
END_TEST

START_TEST(put_fails_when_the_server_closes_at_once)
{
	struct fake fake;
	struct run run;

	file_write("f", "x");
	fake_start(&fake, NULL, 0, 0);
	/* 75: queue-timeout ended before the server closed.  Try again. */
	for (int i = 0; i == 0 || (i < 3 && run.status == 75); i++)
		RUN(&run, "ftx", "put", "-o", "queue-timeout=1s", "f",
		    "127.0.0.1:f");
	run_check(&run, 35, NULL);
	ck_assert_int_ge(run.elapsed, 500);
	ck_assert_int_lt(run.elapsed, 3000);
	fake_stop(&fake);
}
END_TEST

/* Write a greeting with these versions, then a frame.  Returns the length. */
static size_t
compose(uint8_t *out, unsigned lowest, unsigned highest, enum wire_type type,
    uint32_t request, const void *payload, size_t length)
{
	struct wire_greeting greeting = {
	    (uint16_t)lowest, (uint16_t)highest, WIRE_READY, UINT64_MAX};
	struct wire_frame frame = {type, request, (uint32_t)length};

	wire_write_greeting(out, &greeting);
	wire_write_header(out + WIRE_GREETING, &frame);
	memcpy(out + WIRE_GREETING + WIRE_HEADER, payload, length);
	return WIRE_GREETING + WIRE_HEADER + length;
}

START_TEST(put_fails_when_the_server_is_too_new)
{
	static uint8_t bytes[WIRE_GREETING + WIRE_HEADER];
	struct fake fake;
	struct run run;

	file_write("f", "x");
	compose(bytes, 3, 4, WIRE_WORKING, 0, "", 0);
	fake_start(&fake, bytes, sizeof(bytes), 1);
	RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
	run_check(&run, 2, "version");
	fake_stop(&fake);
}
END_TEST

START_TEST(text_of_the_server_is_escaped)
{
	static const char text[] = "\x1b]0;title\x07\r\nstored";
	static uint8_t bytes[4096], payload[WIRE_CONTROL_MAX];
	struct wire_reason reason = {STATUS_REFUSED, {text, sizeof(text) - 1}};
	size_t length = wire_write_reason(payload, &reason);
	struct fake fake;
	struct run run;

	file_write("f", "x");
	length = compose(bytes, 1, 1, WIRE_FATAL, 0, payload, length);
	fake_start(&fake, bytes, length, 1);
	RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
	run_check(&run, 5, "\\x1b]0;title\\x07\\x0d\\x0astored");
	ck_assert_ptr_null(strchr(run.err, 0x1b));
	RUN(&run, "ftx", "put", "-o", "json", "f", "127.0.0.1:f");
	run_check(&run, 5, NULL);
	ck_assert_ptr_null(strchr(run.out, 0x1b));
	ck_assert_ptr_nonnull(strstr(run.out,
	    "\"reason\":\"\\u001b]0;title\\u0007\\u000d\\u000astored\""));
	fake_stop(&fake);
}
END_TEST

START_TEST(put_fails_when_stored_comes_too_soon)
{
	static uint8_t bytes[4096], payload[WIRE_CONTROL_MAX];
	struct wire_result answer = {STATUS_STORED, 1, 5 << 20, 12345, {"", 0}};
	size_t length = wire_write_result(payload, &answer);
	struct fake fake;
	struct run run;

	file_make("f", 5 << 20, 1);
	for (uint32_t request = 0; request < 3; request++) {
		size_t all =
		    compose(bytes, 1, 1, WIRE_RESULT, request, payload, length);

		fake_start(&fake, bytes, all, 1);
		RUN(&run, "ftx", "put", "-o", "retry=0", "f", "127.0.0.1:f");
		ck_assert_msg(run.status != 0, "request %u", request);
		fake_stop(&fake);
	}
}
END_TEST

START_TEST(put_fails_when_several_files_get_one_name)
{
	static uint8_t bytes[4096], payload[WIRE_CONTROL_MAX];
	struct wire_based based = {{"d", 1}, {"x", 1}};
	size_t length = wire_write_based(payload, &based);
	struct fake fake;
	struct run run;

	file_write("f", "x");
	file_write("g", "y");
	length = compose(bytes, 1, 1, WIRE_BASED, 0, payload, length);
	fake_start(&fake, bytes, length, 1);
	RUN(&run, "ftx", "put", "-o", "retry=0", "f", "g", "127.0.0.1:d");
	run_check(&run, 2, "several files one name");
	fake_stop(&fake);
}
END_TEST

START_TEST(put_fails_when_the_server_sends_random_bytes)
{
	const size_t length = 100000;
	struct fake fake;
	struct run run;
	char *noise;

	file_make("noise", length, 3);
	noise = file_read("noise");
	fake_start(&fake, noise, length, 1);
	RUN(&run, "ftx", "put", "noise", "127.0.0.1:f");
	run_check(&run, 2, "ftxd");
	fake_stop(&fake);
	free(noise);
}
END_TEST

static const char *const bad_paths[] = {"../x", "a/../../x", "..", "/etc/x",
    ".ftx-1/x", "a/.ftx-0/x", ".ftx-", "a//b", "a/", "./a", "a/.", ".", "/"};

START_TEST(name_is_refused_when_it_leads_outside)
{
	struct server server;
	struct client peer;
	struct script *script = script_new();
	uint32_t count = sizeof(bad_paths) / sizeof(bad_paths[0]);
	struct run run;

	SERVER_START(&server, "-w", "1");
	script_begin(script);
	for (uint32_t i = 0; i < count; i++) {
		script_file(script, 2 * i + 1, bad_paths[i], "bad");
		script_request(script, WIRE_ASK, 2 * i + 2, bad_paths[i], 3, 0);
	}
	script_file(script, 1000, "good", "good");
	script_bye(script);
	peer_start(&peer, server.port, script);
	for (uint32_t i = 1; i <= 2 * count; i++)
		client_expect_result(&peer, i, STATUS_REFUSED);
	client_expect_result(&peer, 1000, STATUS_STORED);
	client_expect_end(&peer);
	client_close(&peer);
	ck_assert_int_eq(directory_count("in"), 1);
	ck_assert(!file_exists("x"));
	file_write("f", "x");
	RUN(&run, "ftx", "put", "f", "127.0.0.1:../x");
	run_check(&run, 5, "refused");
	RUN(&run, "ftx", "put", "f", "127.0.0.1:.ftx-0/x");
	run_check(&run, 5, "refused");
	ck_assert(!file_exists("x"));
	server_stop(&server);
}
END_TEST

START_TEST(base_is_refused_when_it_leads_outside)
{
	struct server server;
	struct client peer;

	SERVER_START(&server, "-w", "1");
	for (size_t i = 0; i < sizeof(bad_paths) / sizeof(bad_paths[0]); i++) {
		struct script *script = script_new();

		script_hello(script, 1, 1);
		script_base(script, WIRE_BASE_DIRECTORY, bad_paths[i]);
		peer_open(&peer, server.port, NULL);
		client_play(&peer, script);
		(void)client_greeting(&peer);
		peer_expect_fatal(&peer, STATUS_REFUSED);
		client_close(&peer);
	}
	peer_check_service(server.port, "after");
	ck_assert_int_eq(directory_count("in"), 1);
	server_stop(&server);
}
END_TEST

START_TEST(client_is_refused_when_its_version_is_unknown)
{
	static const unsigned ranges[][2] = {{3, 4}, {0, 0}, {65535, 65535}};
	struct server server;
	struct client peer;
	char named[16];

	SERVER_START(&server, "-w", "1");
	for (size_t i = 0; i < 3; i++) {
		struct script *script = script_new();

		script_hello(script, ranges[i][0], ranges[i][1]);
		peer_open(&peer, server.port, NULL);
		client_play(&peer, script);
		(void)client_greeting(&peer);
		peer_expect_fatal(&peer, STATUS_VERSION);
		snprintf(named, sizeof(named), "%u", ranges[i][1]);
		ck_assert_ptr_nonnull(strstr(client_text(&peer), named));
		ck_assert_ptr_nonnull(strstr(client_text(&peer), "1"));
		client_close(&peer);
	}
	peer_check_service(server.port, "after");
	server_stop(&server);
}
END_TEST

START_TEST(put_fails_when_its_content_is_spoiled)
{
	/* In the first data, in later data, and in the digest at the end. */
	static const uint64_t places[] = {300, 70000, 300050};
	struct server server;
	struct run run;
	char port[16];

	file_make("f", 300000, 1);
	SERVER_START(&server, "-w", "1");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct proxy_plan plan = {
		    .up = {.fault = PROXY_FLIP, .at = places[i]}};
		struct proxy proxy;

		ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
		snprintf(port, sizeof(port), "%u", proxy.port);
		RUN(&run, "ftx", "put", "-P", port, "f", "127.0.0.1:f");
		if (run.status != 10)
			run_check(&run, 12, "digest");
		ck_assert_int_eq(directory_count("in"), 0);
		ck_assert_int_eq(proxy_stop(&proxy), 0);
	}
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

START_TEST(client_is_refused_when_rules_deny_it)
{
	struct server server;
	struct run run;

	file_write("f", "x");
	SERVER_START(&server, "-w", "2", "-o", "deny=127.0.0.2");
	RUN(&run, "ftx", "put", "-b", "127.0.0.2", "f", "127.0.0.1:f");
	run_check(&run, 5, "refused");
	put_good(&server, "f", "f");
	server_stop(&server);
	SERVER_START(&server, "-w", "2", "-o", "allow=127.0.0.8/29", "-o",
	    "deny=127.0.0.15", "-o", "allow=[::1]:1-1023");
	RUN(&run, "ftx", "put", "f", "127.0.0.1:g");
	run_check(&run, 5, "refused");
	RUN(&run, "ftx", "put", "-b", "127.0.0.15", "f", "127.0.0.1:g");
	run_check(&run, 5, "refused");
	ck_assert(!file_exists("in/g"));
	RUN(&run, "ftx", "put", "-b", "127.0.0.8", "f", "127.0.0.1:g");
	run_check(&run, 0, NULL);
	server_stop(&server);
}
END_TEST

Suite *
refuse_suite(void)
{
	Suite *suite = suite_create("refuse");
	TCase *peers = harness_case("peers");
	TCase *input = harness_case("input");

	tcase_add_test(peers, put_fails_when_the_host_is_unknown);
	tcase_add_test(peers, put_fails_when_nothing_listens);
	tcase_add_test(peers, put_fails_when_the_server_is_http);
	tcase_add_test(peers, put_fails_when_the_server_closes_at_once);
	tcase_add_test(peers, put_fails_when_the_server_is_too_new);
	tcase_add_test(peers, text_of_the_server_is_escaped);
	tcase_add_test(peers, put_fails_when_stored_comes_too_soon);
	tcase_add_test(peers, put_fails_when_several_files_get_one_name);
	tcase_add_test(peers, put_fails_when_the_server_sends_random_bytes);
	suite_add_tcase(suite, peers);
	tcase_add_test(input, name_is_refused_when_it_leads_outside);
	tcase_add_test(input, base_is_refused_when_it_leads_outside);
	tcase_add_test(input, client_is_refused_when_its_version_is_unknown);
	tcase_add_test(input, put_fails_when_its_content_is_spoiled);
	tcase_add_test(input, client_is_refused_when_rules_deny_it);
	suite_add_tcase(suite, input);
	return suite;
}
