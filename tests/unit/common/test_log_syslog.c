/* SPDX-License-Identifier: ISC */
/* Datagrams to a syslogd that reads, stops reading, or restarts. */
#include <check.h>
#include <errno.h>
#include <regex.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/log_syslog.h"
#include "tests/unit/support.h"

Suite *log_syslog_suite(void);

#define SOCKET "log"

/* A syslogd that reads only on request. */
static int
start_syslogd(void)
{
	const struct sockaddr_un address = {AF_UNIX, SOCKET};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	ck_assert_int_ne(fd, -1);
	(void)unlink(SOCKET);
	ck_assert_int_eq(
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(io_set_blocking(fd, 0), 0);
	return fd;
}

/* Close all descriptors: the test case checks that none is left. */
static void
stop_syslogd(int syslogd)
{
	close(syslogd);
	(void)unlink(SOCKET);
	log_syslog_open(SOCKET);
}

static void
expect_line(int syslogd, const char *pattern)
{
	char line[2 * LOG_LINE];
	ssize_t length = io_read(syslogd, line, sizeof(line) - 1);
	regex_t regex;

	ck_assert_int_gt(length, 0);
	line[length] = '\0';
	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&regex, line, 0, NULL, 0) == 0,
	    "\"%s\" does not match \"%s\"", line, pattern);
	regfree(&regex);
}

START_TEST(line_has_the_format_of_rfc_3164)
{
	int syslogd = start_syslogd();

	log_syslog_open(SOCKET);
	ck_assert_int_eq(log_syslog_send(LOG_WARNING, "ftxd", "one \"n\""), 0);
	expect_line(syslogd,
	    "^<28>[A-Z][a-z]{2} [ 123][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} "
	    "ftxd\\[[0-9]+\\]: one \"n\"$");
	stop_syslogd(syslogd);
}
END_TEST

/* The sender does not block when the socket's buffer is full. */
START_TEST(send_fails_when_syslogd_does_not_read)
{
	int syslogd = start_syslogd(), sent = 0, refused = 0;
	io_time begun = io_now();

	log_syslog_open(SOCKET);
	for (int i = 0; i < 20000; i++)
		if (log_syslog_send(LOG_INFO, "ftxd", "line") == 0)
			sent++;
		else {
			ck_assert(errno == EAGAIN || errno == ENOBUFS);
			refused++;
		}
	ck_assert_int_lt(io_now() - begun, 5000);
	ck_assert_int_gt(sent, 0);
	ck_assert_int_gt(refused, 0);
	while (sent-- > 0)
		expect_line(syslogd, "line$");
	ck_assert_int_eq(log_syslog_send(LOG_INFO, "ftxd", "again"), 0);
	expect_line(syslogd, "again$");
	stop_syslogd(syslogd);
}
END_TEST

START_TEST(send_reconnects_when_syslogd_restarted)
{
	int syslogd;

	log_syslog_open(SOCKET);
	ck_assert_int_eq(log_syslog_send(LOG_INFO, "ftxd", "none yet"), -1);
	syslogd = start_syslogd();
	ck_assert_int_eq(log_syslog_send(LOG_INFO, "ftxd", "one"), 0);
	close(syslogd);
	ck_assert_int_eq(log_syslog_send(LOG_INFO, "ftxd", "lost"), -1);
	syslogd = start_syslogd();
	ck_assert_int_eq(log_syslog_send(LOG_INFO, "ftxd", "two"), 0);
	expect_line(syslogd, "two$");
	stop_syslogd(syslogd);
}
END_TEST

Suite *
log_syslog_suite(void)
{
	Suite *suite = suite_create("log_syslog");
	TCase *tests = support_case("log_syslog");

	tcase_add_test(tests, line_has_the_format_of_rfc_3164);
	tcase_add_test(tests, send_fails_when_syslogd_does_not_read);
	tcase_add_test(tests, send_reconnects_when_syslogd_restarted);
	suite_add_tcase(suite, tests);
	return suite;
}
