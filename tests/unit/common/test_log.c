/* SPDX-License-Identifier: ISC */
/* Log each event as one printable line, also when the reader stops. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"

Suite *log_suite(void);

static int saved_stderr;
static int lines; /* each read(2) returns one line */

static void
use_stderr(int fd)
{
	ck_assert_int_ne(dup2(fd, STDERR_FILENO), -1);
	close(fd);
}

static void
set_up(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	ck_assert_int_eq(io_set_blocking(pair[0], 0), 0);
	saved_stderr = dup(STDERR_FILENO);
	lines = pair[0];
	use_stderr(pair[1]);
}

static void
tear_down(void)
{
	use_stderr(saved_stderr);
	close(lines);
}

/* Returns the next line with its newline, or "" if there is none. */
static size_t
next_line(char line[2 * LOG_LINE])
{
	ssize_t length = io_read(lines, line, 2 * LOG_LINE - 1);

	line[length > 0 ? length : 0] = '\0';
	return strlen(line);
}

static void
expect_line(const char *pattern)
{
	char line[2 * LOG_LINE];
	regex_t regex;

	next_line(line);
	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&regex, line, 0, NULL, 0) == 0,
	    "\"%s\" does not match \"%s\"", line, pattern);
	regfree(&regex);
}

static void
expect_nothing(void)
{
	char line[2 * LOG_LINE];

	ck_assert_uint_eq(next_line(line), 0);
}

#define HEAD                                                                   \
	"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z "             \
	"ftxd\\[[0-9]+\\]: "

START_TEST(only_warnings_are_logged_before_open)
{
	log_info("one");
	log_debug("two");
	expect_nothing();
	log_warn("three");
	expect_line("Z warning: three\n$");
	log_error("four");
	expect_line("Z error: four\n$");
}
END_TEST

START_TEST(levels_above_the_limit_are_not_logged)
{
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		log_open("ftxd", (enum log_level)level, 0);
		log_error("e%d", level);
		expect_line(HEAD "error: e[0-3]\n$");
		log_warn("w");
		if (level >= LOG_LEVEL_WARN)
			expect_line(HEAD "warning: w\n$");
		log_info("i");
		if (level >= LOG_LEVEL_INFO)
			expect_line(HEAD "i\n$");
		log_debug("d");
		if (level >= LOG_LEVEL_DEBUG)
			expect_line(HEAD "d\n$");
		expect_nothing();
	}
}
END_TEST

START_TEST(unprintable_bytes_are_escaped)
{
	char line[2 * LOG_LINE];

	log_open("ftxd", LOG_LEVEL_INFO, 0);
	log_info("a\nb\033[m\x7f\xc3\xaf~\xaf\xe2\x80\xae \\x0a");
	next_line(line);
	ck_assert_str_eq(strchr(line, ']') + 3,
	    "a\\x0ab\\x1b[m\\x7f\xc3\xaf~\\xaf"
	    "\\xe2\\x80\\xae \\x0a\n");
}
END_TEST

START_TEST(line_is_cut_when_it_is_too_long)
{
	char line[2 * LOG_LINE], text[2 * LOG_LINE];
	size_t head;

	log_open("ftxd", LOG_LEVEL_INFO, 0);
	log_info("%s", "");
	head = next_line(line);
	for (size_t want = LOG_LINE - 1; want <= LOG_LINE + 1; want++) {
		memset(text, 'x', sizeof text);
		text[want - head] = '\0';
		log_info("%s", text);
		ck_assert_uint_eq(
		    next_line(line), want < LOG_LINE ? want : LOG_LINE - 1);
		ck_assert_str_eq(line + strlen(line) - 5,
		    want < LOG_LINE ? "xxxx\n" : "\\...\n");
	}
	/* An escape that does not fit is omitted as a whole. */
	memset(text, '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_info("%s", text);
	ck_assert_uint_gt(next_line(line), LOG_LINE - 6);
	ck_assert_str_eq(line + strlen(line) - 9, "\\x0a\\...\n");
}
END_TEST

START_TEST(errno_is_preserved)
{
	log_open("ftxd", LOG_LEVEL_INFO, 0);
	close(STDERR_FILENO);
	errno = ENOTTY;
	log_info("first, to a closed descriptor");
	ck_assert_int_eq(errno, ENOTTY);
	log_debug("second, at a higher level");
	ck_assert_int_eq(errno, ENOTTY);
}
END_TEST

START_TEST(stderr_stays_empty_when_logging_to_syslog)
{
	log_open("ftx-test", LOG_LEVEL_INFO, 1);
	log_info("a line of the unit tests");
	expect_nothing();
	log_open("ftxd", LOG_LEVEL_INFO, 0);
}
END_TEST

/* Empty a pipe.  Returns its last line. */
static void
drain(int fd, char last[65536])
{
	ssize_t length;

	while ((length = io_read(fd, last, 65535)) > 0)
		last[length] = '\0';
}

START_TEST(logging_does_not_block_when_the_reader_stops)
{
	static char text[65536];
	int ends[2];
	io_time begun;

	log_open("ftxd", LOG_LEVEL_INFO, 0);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	use_stderr(ends[1]);
	begun = io_now();
	/* More than a pipe holds, on a blocking descriptor. */
	for (int i = 0; i < 2000; i++)
		log_info("unread line %d: %0110d", i, 0);
	/* No call waits for the reader. */
	ck_assert_int_lt(io_now() - begun, 900);
	drain(ends[0], text);
	log_info("read again");
	drain(ends[0], text);
	ck_assert_ptr_nonnull(strstr(text, " lines could not be written\n"));
	ck_assert_ptr_nonnull(strstr(text, ": read again\n"));
	log_info("once more");
	drain(ends[0], text);
	ck_assert_ptr_null(strstr(text, "could not"));
	close(ends[0]);
}
END_TEST

START_TEST(logging_continues_when_the_reader_has_closed)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	log_open("ftxd", LOG_LEVEL_INFO, 0);
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	use_stderr(ends[1]);
	for (int i = 0; i < 100; i++)
		log_info("line %d", i);
}
END_TEST

Suite *
log_suite(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = tcase_create("log");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, only_warnings_are_logged_before_open);
	tcase_add_test(tests, levels_above_the_limit_are_not_logged);
	tcase_add_test(tests, unprintable_bytes_are_escaped);
	tcase_add_test(tests, line_is_cut_when_it_is_too_long);
	tcase_add_test(tests, errno_is_preserved);
	tcase_add_test(tests, stderr_stays_empty_when_logging_to_syslog);
	tcase_add_test(tests, logging_does_not_block_when_the_reader_stops);
	tcase_add_test(tests, logging_continues_when_the_reader_has_closed);
	suite_add_tcase(suite, tests);
	return suite;
}
