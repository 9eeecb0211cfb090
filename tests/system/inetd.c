/* SPDX-License-Identifier: ISC */
/* ftxd -i serves one connection on standard input and output. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/once.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/suites.h"

START_TEST(results_arrive_after_the_process_ended)
{
	enum {
		FILES = 200
	};
	struct script *script = script_new();
	struct client peer;
	char name[16];

	script_begin(script);
	for (int i = 1; i <= FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		script_file(script, (uint32_t)i, name, "content");
	}
	script_bye(script);
	ck_assert_int_eq(once_play(&peer, script), 0);
	(void)client_greeting(&peer);
	client_expect(&peer, WIRE_BASED, 0);
	for (int i = 1; i <= FILES; i++)
		client_expect_result(&peer, (uint32_t)i, STATUS_STORED);
	client_expect_end(&peer);
	client_close(&peer);
	ck_assert_int_eq(directory_count("in"), FILES);
}
END_TEST

START_TEST(fatal_arrives_after_the_process_ended)
{
	struct script *script = script_new();
	struct client peer;

	script_bytes(script, "GET / HTTP/1.0\r\n\r\n", 18);
	ck_assert_int_eq(once_play(&peer, script), 0);
	(void)client_greeting(&peer);
	peer_expect_fatal(&peer, STATUS_PROTOCOL);
	client_expect_end(&peer);
	client_close(&peer);
}
END_TEST

START_TEST(process_ends_when_its_input_is_closed)
{
	struct script *script = script_new();
	struct client peer;

	script_begin(script);
	script_request(script, WIRE_PUT, 1, "f", 1000, 0);
	ck_assert_int_eq(once_play(&peer, script), 0);
	(void)client_greeting(&peer);
	client_close(&peer);
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

/* Other processes may share these open files, so ftxd restores their flags. */
START_TEST(descriptors_block_again_when_the_process_ends)
{
	struct script *script = script_new();
	int to[2], from[2];

	harness_pipe(to);
	harness_pipe(from);
	script_begin(script);
	script_bye(script);
	ck_assert_int_eq(io_write_all(to[1], script->bytes, script->length), 0);
	ck_assert_int_eq(once_wait(ONCE_START(to[0], from[1], -1, NULL)), 0);
	ck_assert_int_eq(fcntl(to[0], F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(from[1], F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(io_set_blocking(to[0], 0), 0);
	ck_assert_int_eq(io_write_all(to[1], script->bytes, script->length), 0);
	ck_assert_int_eq(once_wait(ONCE_START(to[0], from[1], -1, NULL)), 0);
	ck_assert_int_ne(fcntl(to[0], F_GETFL) & O_NONBLOCK, 0);
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
}
END_TEST

/* Start a server, and send it five bytes of a file of ten. */
static pid_t
begin_file(struct client *peer)
{
	struct script *script = script_new();
	int pair[2];
	pid_t pid;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(io_close_on_exec(pair[0]), 0);
	ck_assert_int_eq(io_close_on_exec(pair[1]), 0);
	pid = ONCE_START(pair[1], pair[1], -1, NULL);
	close(pair[1]);
	client_open(peer, pair[0]);
	script_begin(script);
	script_request(script, WIRE_PUT, 1, "f", 10, 0);
	script_frame(script, WIRE_DATA, 1, "01234", 5);
	client_play(peer, script);
	(void)client_greeting(peer);
	client_expect(peer, WIRE_BASED, 0);
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	return pid;
}

START_TEST(file_is_finished_when_sigterm_comes)
{
	struct script *script = script_new();
	struct client peer;
	pid_t pid = begin_file(&peer);

	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	script->length = 0;
	script_frame(script, WIRE_DATA, 1, "56789", 5);
	script_end_of(script, 1, "0123456789", 10);
	client_play(&peer, script);
	client_expect_result(&peer, 1, STATUS_STORED);
	peer_expect_fatal(&peer, STATUS_DRAINING);
	client_close(&peer);
	ck_assert_int_eq(once_wait(pid), 0);
	ck_assert_uint_eq(file_size("in/f"), 10);
}
END_TEST

START_TEST(file_is_cut_when_sigint_comes)
{
	struct client peer;
	pid_t pid = begin_file(&peer);

	ck_assert_int_eq(kill(pid, SIGINT), 0);
	peer_expect_fatal(&peer, STATUS_DRAINING);
	client_close(&peer);
	ck_assert_int_eq(once_wait(pid), 6);
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

START_TEST(put_succeeds_when_standard_error_is_the_socket)
{
	struct run run;
	/* A log line on the socket would break the protocol. */
	pid_t pid = once_serve_tcp(&run, 2, (const char *const[]){"-v", NULL});

	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert_int_eq(once_wait(pid), 0);
	ck_assert(file_equal("f", "in/g"));
}
END_TEST

START_TEST(start_errors_are_not_sent_to_the_client)
{
	struct run run;
	pid_t pid = once_serve_tcp(
	    &run, 2, (const char *const[]){"-d", "missing", NULL});

	run_finish(&run);
	run_check(&run, 35, NULL);
	ck_assert_int_eq(once_wait(pid), 4);
}
END_TEST

START_TEST(address_is_logged_and_admitted_when_input_is_a_socket)
{
	struct run run;
	pid_t pid = once_serve_tcp(&run, -1,
	    (const char *const[]){"-v", "-o", "allow=127.0.0.1", NULL});
	char *log;

	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert_int_eq(once_wait(pid), 0);
	log = file_read("log");
	ck_assert_ptr_nonnull(strstr(log, ": 127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(log, "\"g\" stored"));
	free(log);
	pid = once_serve_tcp(
	    &run, -1, (const char *const[]){"-o", "deny=127.0.0.0/8", NULL});
	run_finish(&run);
	run_check(&run, 5, "not admitted");
	ck_assert_int_eq(once_wait(pid), 0);
}
END_TEST

static const struct {
	const char *connection, *name;
} names[] = {
    {NULL, ": stdin"},
    {"203.0.113.9 4000 192.0.2.1 22", ": 203.0.113.9:4000"},
    {"2001:db8::7 4000 2001:db8::1 22", ": [2001:db8::7]:4000"},
    {"UNKNOWN 65535 UNKNOWN 65535", ": stdin"},
    {"", ": stdin"},
};

START_TEST(log_names_the_peer_when_it_came_by_ssh)
{
	struct script *script = script_new();
	char *log;
	int in, out = open("/dev/null", O_WRONLY | O_CLOEXEC);

	script_begin(script);
	script_file(script, 1, "f", "x");
	script_bye(script);
	in = once_open_script(script);
	if (names[_i].connection != NULL)
		ck_assert_int_eq(
		    setenv("SSH_CONNECTION", names[_i].connection, 1), 0);
	/*
	 * The rules do not apply: SSH_CONNECTION only gives a name for the log.
	 */
	ck_assert_int_eq(
	    once_wait(ONCE_START(in, out, -1, "-v", "-o", "deny=0.0.0.0/0")),
	    0);
	close(in);
	close(out);
	log = file_read("log");
	ck_assert_msg(strstr(log, names[_i].name) != NULL, "log: %s", log);
	ck_assert_ptr_nonnull(strstr(log, "\"f\" stored"));
	free(log);
}
END_TEST

START_TEST(log_holds_only_warnings)
{
	struct script *script = script_new();
	struct client peer;
	char *log;

	script_begin(script);
	script_file(script, 1, "f", "x");
	script_bye(script);
	ck_assert_int_eq(once_play(&peer, script), 0);
	client_close(&peer);
	log = file_read("log");
	ck_assert_str_eq(log, "");
	free(log);
	script = script_new();
	script_bytes(script, "GET / HTTP/1.0\r\n\r\n", 18);
	ck_assert_int_eq(once_play(&peer, script), 0);
	client_close(&peer);
	log = file_read("log");
	ck_assert_ptr_nonnull(strstr(log, "warning: "));
	free(log);
}
END_TEST

/* ftxd -i removes abandoned files after it has served the client. */
START_TEST(staging_directory_is_swept_after_the_session)
{
	struct script *script = script_new();
	struct client peer;
	char path[64];

	script_begin(script);
	script_bye(script);
	ck_assert_int_eq(once_play(&peer, script), 0);
	client_close(&peer);
	snprintf(path, sizeof(path), "in/.ftx-%ld/1-1-0", (long)geteuid());
	file_write(path, "abandoned");
	ck_assert_int_eq(once_play(&peer, script), 0);
	client_close(&peer);
	ck_assert(!file_exists(path));
}
END_TEST

static const char *const bad_usage[][2] = {
    {"-a", "127.0.0.1"},
    {"-B", NULL},
    {"-b", "128"},
    {"-C", "2"},
    {"-P", "pid"},
    {"-p", "2345"},
    {"-w", "8"},
    {"-4", NULL},
    {"-6", NULL},
    {"-o", "max-connections=1"},
    {"-o", "port=2345"},
};

START_TEST(settings_of_a_listener_are_refused)
{
	struct run run;

	RUN(&run, "ftxd", "-i", "-d", "in", bad_usage[_i][0], bad_usage[_i][1]);
	run_check(&run, 2, "makes no sense");
	ck_assert_str_eq(run.out, "");
}
END_TEST

START_TEST(settings_of_a_listener_are_ignored_in_a_file)
{
	struct run run;

	file_write("conf", "workers 3\nport 4000\nbackground yes\n");
	/* The standard input of RUN is empty. */
	RUN(&run, "ftxd", "-i", "-d", "in", "-f", "conf");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
	ck_assert_uint_eq(run.lengths[0], WIRE_GREETING);
}
END_TEST

START_TEST(incoming_is_made_when_no_directory_is_given)
{
	struct run run;

	/* The standard input of RUN is empty. */
	RUN(&run, "ftxd", "-i");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.err, "");
	ck_assert_int_eq(directory_count("incoming"), 0);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *
inetd_suite(void)
{
	Suite *suite = suite_create("inetd");
	TCase *tcase = tcase_create("inetd");

	tcase_add_checked_fixture(tcase, once_begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, results_arrive_after_the_process_ended);
	tcase_add_test(tcase, fatal_arrives_after_the_process_ended);
	tcase_add_test(tcase, process_ends_when_its_input_is_closed);
	tcase_add_test(tcase, descriptors_block_again_when_the_process_ends);
	tcase_add_test(tcase, file_is_finished_when_sigterm_comes);
	tcase_add_test(tcase, file_is_cut_when_sigint_comes);
	tcase_add_test(tcase, put_succeeds_when_standard_error_is_the_socket);
	tcase_add_test(tcase, start_errors_are_not_sent_to_the_client);
	tcase_add_test(
	    tcase, address_is_logged_and_admitted_when_input_is_a_socket);
	tcase_add_loop_test(
	    tcase, log_names_the_peer_when_it_came_by_ssh, 0, COUNT(names));
	tcase_add_test(tcase, log_holds_only_warnings);
	tcase_add_test(tcase, staging_directory_is_swept_after_the_session);
	tcase_add_loop_test(
	    tcase, settings_of_a_listener_are_refused, 0, COUNT(bad_usage));
	tcase_add_test(tcase, settings_of_a_listener_are_ignored_in_a_file);
	tcase_add_test(tcase, incoming_is_made_when_no_directory_is_given);
	suite_add_tcase(suite, tcase);
	return suite;
}
