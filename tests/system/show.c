/* SPDX-License-Identifier: ISC */
/* The progress display: the bar, lines, and the state on SIGUSR1. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/run.h"
#include "tests/system/screen.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* A name with wide characters, control characters and invalid UTF-8. */
#define WILD                                                                   \
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"         \
	"\xe8\xaa\x9e\xf0\x9f\x8e\x89"                                         \
	"e\xcc\x81\x1b[31mred\x07\xff.bin"

static struct server server;
static struct screen screen;

static void
begin_with_server(void)
{
	harness_begin();
	ck_assert_int_eq(setenv("LC_ALL", "C.UTF-8", 1), 0);
	SERVER_START(&server, "-w", "2");
}

static void
end_all(void)
{
	server_stop(&server);
	harness_end();
}

/* The output must not contain escape sequences or bells. */
static void
check_harmless(void)
{
	ck_assert_ptr_null(strchr(screen.text, 0x1b));
	ck_assert_ptr_null(strchr(screen.text, 0x07));
}

START_TEST(bar_fits_the_width)
{
	static const unsigned columns[] = {80, 40, 20, 5};
	pid_t pid;

	file_make(WILD, 3 << 20, 1);
	screen_open(&screen, columns[_i]);
	pid = SCREEN_RUN(
	    &screen, "ftx", "put", "-l", "40000", WILD, "127.0.0.1:x");
	screen_finish(&screen, pid, 0);
	ck_assert_int_ge(screen_check(&screen, 0, columns[_i]), 2);
	check_harmless();
	if (columns[_i] > 5)
		ck_assert_ptr_nonnull(strchr(screen.text, '%'));
	ck_assert_ptr_nonnull(strstr(screen.text, "\rstored \xe6\x97\xa5"));
	/* The cursor is left at the start of an empty line. */
	ck_assert_str_eq(screen.text + screen.length - 2, "\r\n");
	screen_close(&screen);
}
END_TEST

START_TEST(bar_follows_the_width)
{
	size_t from;
	pid_t pid;

	file_make("a-file-with-a-long-name.iso", 6 << 20, 1);
	screen_open(&screen, 80);
	pid = SCREEN_RUN(&screen, "ftx", "put", "-l", "24000",
	    "a-file-with-a-long-name.iso", "127.0.0.1:x");
	screen_expect(&screen, 0, "MB/s  eta");
	screen_resize(&screen, 30);
	from = screen.length;
	/* One line may still have the old width. */
	screen_expect(&screen, from, "...");
	ck_assert_int_ge(screen_check(&screen, 0, 80), 1);
	from = screen.length;
	screen_expect(&screen, from, "%");
	screen_check(&screen, from, 30);
	screen_resize(&screen, 80);
	screen_expect(&screen, screen.length, "MB/s  eta");
	screen_finish(&screen, pid, 0);
	screen_close(&screen);
}
END_TEST

START_TEST(bar_shows_a_total_when_there_are_several_files)
{
	pid_t pid;

	directory_make("tree");
	for (int i = 0; i < 3; i++)
		file_make((const char *[]){"tree/a", "tree/b", "tree/c"}[i],
		    2 << 20, (unsigned)i);
	screen_open(&screen, 80);
	pid = SCREEN_RUN(
	    &screen, "ftx", "put", "-l", "40000", "-r", "tree", "127.0.0.1:");
	screen_expect(&screen, 0, "/3 files  ");
	screen_expect(&screen, 0, "/6.3 MB  ");
	screen_finish(&screen, pid, 0);
	screen_check(&screen, 0, 80);
	screen_close(&screen);
}
END_TEST

START_TEST(output_is_ascii_when_the_locale_is_c)
{
	pid_t pid;

	ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
	file_make(WILD, 2 << 20, 1);
	screen_open(&screen, 80);
	pid = SCREEN_RUN(
	    &screen, "ftx", "put", "-l", "40000", WILD, "127.0.0.1:" WILD);
	screen_finish(&screen, pid, 0);
	for (size_t i = 0; i < screen.length; i++)
		ck_assert_int_lt((unsigned char)screen.text[i], 0x80);
	ck_assert_int_ge(screen_check(&screen, 0, 80), 1);
	check_harmless();
	screen_close(&screen);
}
END_TEST

START_TEST(nothing_is_shown_when_progress_is_none)
{
	pid_t pid;

	file_make("f", 3 << 20, 1);
	screen_open(&screen, 80);
	pid = SCREEN_RUN(
	    &screen, "ftx", "put", "-q", "-l", "40000", "f", "127.0.0.1:x");
	screen_finish(&screen, pid, 0);
	ck_assert_str_eq(screen.text, "");
	pid = SCREEN_RUN(&screen, "ftx", "put", "-o", "progress=none", "-l",
	    "40000", "f", "127.0.0.1:x");
	screen_finish(&screen, pid, 0);
	ck_assert_int_eq(strncmp(screen.text, "stored f -> ", 12), 0);
	screen_close(&screen);
}
END_TEST

/* Output for programs may go to a terminal, so it must be escaped. */
START_TEST(output_is_escaped_on_a_terminal)
{
	static const char *const settings[] = {"json", "digest"};
	pid_t pid;

	file_make(WILD, 1 << 20, 1);
	for (size_t i = 0; i < 2; i++) {
		screen_open(&screen, 80);
		pid = harness_spawn(
		    (const char *const[]){"ftx", "put", "-o", settings[i], "-l",
			"24000", WILD, "127.0.0.1:x", NULL},
		    screen.terminal, screen.terminal);
		screen_finish(&screen, pid, 0);
		check_harmless();
		ck_assert_ptr_null(strchr(screen.text, 0xff));
		ck_assert_ptr_nonnull(strstr(screen.text,
		    i == 0 ? "\r{\"event\":\"source\"," : "\\x1b[31mred"));
		ck_assert_ptr_null(strstr(screen.text, "stored "));
		screen_close(&screen);
	}
}
END_TEST

START_TEST(progress_comes_in_lines_off_a_terminal)
{
	struct run run;

	file_make("f", 6 << 20, 1);
	RUN(&run, "ftx", "put", "-o", "progress=lines", "-l", "24000", "f",
	    "127.0.0.1:x");
	run_check(&run, 0, "f  0%  0 B/6.3 MB\nf  ");
	ck_assert_ptr_null(strchr(run.err, '\r'));
	ck_assert_ptr_nonnull(strstr(run.err, "MB/s  eta 0:0"));
	ck_assert_int_eq(run.err[run.lengths[1] - 1], '\n');
}
END_TEST

START_TEST(state_is_printed_on_sigusr1)
{
	struct run run;

	file_make("f", 6 << 20, 1);
	RUN_BEGIN(&run, "ftx", "put", "-q", "-o", "progress=none", "-l",
	    "24000", "f", "127.0.0.1:x");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	ck_assert_int_eq(kill(run.pid, SIGUSR1), 0);
	run_expect(&run, "/6.3 MB");
	run_finish(&run);
	run_check(&run, 0, "f  ");
	/* One line, and nothing else. */
	ck_assert_ptr_eq(strchr(run.err, '\n'), run.err + run.lengths[1] - 1);
}
END_TEST

START_TEST(state_is_printed_on_sigusr1_while_waiting_for_a_worker)
{
	struct client peer;
	struct run run;

	server_stop(&server);
	SERVER_START(&server, "-w", "1");
	file_make("f", 1000, 1);
	peer_arrive(&peer, server.port);
	RUN_BEGIN(&run, "ftx", "put", "-v", "-o", "progress=none", "f",
	    "127.0.0.1:x");
	run_expect(&run, "connected, waiting for a free worker");
	run.err[0] = '\0';
	run.lengths[1] = 0;
	ck_assert_int_eq(kill(run.pid, SIGUSR1), 0);
	run_expect(
	    &run, "ftx: 127.0.0.1: connected, waiting for a free worker (");
	client_close(&peer);
	run_finish(&run);
	run_check(&run, 0, "stored f");
}
END_TEST

START_TEST(state_is_printed_on_sigusr1_before_a_retry)
{
	/* More than ftx sends before the greeting, which may be late. */
	const struct proxy_plan cut = {
	    .up = {.fault = PROXY_CUT, .at = 400000}};
	struct proxy proxy;
	char port[16];
	struct run run;

	file_make("f", 900000, 1);
	ck_assert_int_eq(proxy_start(&proxy, &cut, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "f", "127.0.0.1:x");
	/* The second retry waits two seconds. */
	run_expect(&run, "trying again in 2");
	ck_assert_int_eq(kill(run.pid, SIGUSR1), 0);
	run_expect(&run, ": connection lost, trying again (0:0");
	ck_assert_int_eq(kill(run.pid, SIGTERM), 0);
	run_finish(&run);
	run_check(&run, 128 + SIGTERM, NULL);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

/* A server that never accepts: the first connection fills its queue. */
START_TEST(state_is_printed_on_sigusr1_while_connecting)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct sockaddr *any = (struct sockaddr *)&address;
	int fd = socket(AF_INET, SOCK_STREAM, 0), fds[8];
	char port[16];
	struct run run;

	file_write("f", "x");
	ck_assert_int_eq(bind(fd, any, length), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	ck_assert_int_eq(getsockname(fd, any, &length), 0);
	for (int i = 0; i < 8; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		ck_assert_int_eq(io_set_blocking(fds[i], 0), 0);
		(void)connect(fds[i], any, length);
	}
	snprintf(port, sizeof(port), "%u", ntohs(address.sin_port));
	RUN_BEGIN(&run, "ftx", "put", "-o", "progress=lines", "-P", port, "f",
	    "127.0.0.1:x");
	run_expect(&run, "connecting (0:01)");
	ck_assert_int_eq(kill(run.pid, SIGUSR1), 0);
	run_expect(&run, "connecting (0:01)\nftx: 127.0.0.1: connecting (0:0");
	ck_assert_int_eq(kill(run.pid, SIGTERM), 0);
	run_finish(&run);
	run_check(&run, 128 + SIGTERM, NULL);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	close(fd);
}
END_TEST

Suite *
show_suite(void)
{
	Suite *suite = suite_create("show");
	TCase *tcase = tcase_create("show");

	tcase_add_checked_fixture(tcase, begin_with_server, end_all);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, bar_fits_the_width, 0, 4);
	tcase_add_test(tcase, bar_follows_the_width);
	tcase_add_test(tcase, bar_shows_a_total_when_there_are_several_files);
	tcase_add_test(tcase, output_is_ascii_when_the_locale_is_c);
	tcase_add_test(tcase, nothing_is_shown_when_progress_is_none);
	tcase_add_test(tcase, output_is_escaped_on_a_terminal);
	tcase_add_test(tcase, progress_comes_in_lines_off_a_terminal);
	tcase_add_test(tcase, state_is_printed_on_sigusr1);
	tcase_add_test(
	    tcase, state_is_printed_on_sigusr1_while_waiting_for_a_worker);
	tcase_add_test(tcase, state_is_printed_on_sigusr1_before_a_retry);
	tcase_add_test(tcase, state_is_printed_on_sigusr1_while_connecting);
	suite_add_tcase(suite, tcase);
	return suite;
}
