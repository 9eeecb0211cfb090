/* SPDX-License-Identifier: ISC */
/* What is shown of a transfer under way. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/progress.h"

Suite *progress_suite(void);

START_TEST(describes)
{
	char line[PROGRESS_LINE];

	ck_assert_str_eq(progress_describe(line, "d/big.iso",
			     UINT64_C(2867000000), UINT64_C(4700000000), 25600),
	    "big.iso  61%  2.9/4.7 GB  112 MB/s  eta 0:16");
	ck_assert_str_eq(
	    progress_describe(line, "a", 912000000, UINT64_C(4700000000), 1000),
	    "a  19%  912 MB/4.7 GB  912 MB/s  eta 0:04");
	/* Nothing has come of which a rate could be made. */
	ck_assert_str_eq(
	    progress_describe(line, "a", 0, 1000, 0), "a  0%  0 B/1.0 kB");
	ck_assert_str_eq(
	    progress_describe(line, "e", 0, 0, 5), "e  100%  0/0 B");
	ck_assert_str_eq(progress_describe(line, "-", UINT64_C(2867000000),
			     PROGRESS_UNKNOWN, 25600),
	    "-  2.9 GB  112 MB/s");
}
END_TEST

START_TEST(largest_and_longest)
{
	char line[PROGRESS_LINE], name[300];

	memset(name, '\x1b', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	progress_describe(line, name, UINT64_MAX - 2, UINT64_MAX - 1, 1);
	ck_assert_uint_lt(strlen(line), sizeof(line));
	ck_assert_ptr_null(strchr(line, '\x1b'));
	ck_assert_ptr_nonnull(strstr(line, "99%"));
	progress_describe(line, name, 1, INT64_MAX, 1000000);
	ck_assert_uint_lt(strlen(line), sizeof(line));
}
END_TEST

START_TEST(percents)
{
	ck_assert_int_eq(progress_percent(0, 0), 100);
	ck_assert_int_eq(progress_percent(0, 1), 0);
	ck_assert_int_eq(progress_percent(199, 200), 99);
	ck_assert_int_eq(progress_percent(200, 200), 100);
	ck_assert_int_eq(progress_percent(UINT64_MAX / 2, UINT64_MAX), 49);
}
END_TEST

START_TEST(rates)
{
	ck_assert_uint_eq(progress_rate(1000, 1000), 1000);
	ck_assert_uint_eq(progress_rate(1, 10), 100);
	ck_assert_uint_eq(progress_rate(5, 0), 5000);
	ck_assert_uint_eq(progress_rate(5, -7), 5000);
	ck_assert_uint_eq(
	    progress_rate(UINT64_MAX, 1000), UINT64_MAX / 1000 * 1000);
}
END_TEST

START_TEST(clocks)
{
	char clock[PROGRESS_CLOCK];

	ck_assert_str_eq(progress_clock(clock, -1), "0:00");
	ck_assert_str_eq(progress_clock(clock, 7999), "0:07");
	ck_assert_str_eq(progress_clock(clock, 59 * 60000 + 59000), "59:59");
	ck_assert_str_eq(progress_clock(clock, 3600000 + 127000), "1:02:07");
	progress_clock(clock, INT64_MAX);
	ck_assert_uint_lt(strlen(clock), sizeof(clock));
}
END_TEST

/* What is said on standard error from here to the end of listening. */
static FILE *said;
static int standard_error;

static void
listen_begin(void)
{
	said = tmpfile();
	ck_assert_ptr_nonnull(said);
	standard_error = dup(STDERR_FILENO);
	ck_assert_int_ge(standard_error, 0);
	ck_assert_int_ge(dup2(fileno(said), STDERR_FILENO), 0);
}

static void
listen_end(char *buffer, size_t size)
{
	size_t length;

	ck_assert_int_ge(dup2(standard_error, STDERR_FILENO), 0);
	close(standard_error);
	rewind(said);
	length = fread(buffer, 1, size - 1, said);
	buffer[length] = '\0';
	fclose(said);
}

START_TEST(first_line_at_once)
{
	struct progress progress;
	char text[256];

	listen_begin();
	progress_init(&progress, "lines", 0, 0, 5000);
	progress_sending(&progress, "f", 0, 1000, 0, 5000);
	progress_sending(&progress, "f", 100, 1000, 999, 5999);
	progress_sending(&progress, "f", 200, 1000, 1000, 6000);
	listen_end(text, sizeof(text));
	ck_assert_str_eq(text,
	    "f  0%  0 B/1.0 kB\n"
	    "f  20%  200 B/1.0 kB  200 B/s  eta 0:04\n");
}
END_TEST

START_TEST(no_bar_for_a_moment)
{
	struct progress progress;
	char text[256];

	listen_begin();
	progress_init(&progress, "bar", 0, 1, 5000);
	progress_sending(&progress, "f", 0, 1000, 199, 5199);
	listen_end(text, sizeof(text));
	ck_assert_str_eq(text, "");
}
END_TEST

static const char *const hosts[] = {
    "nas",
    "123456789012345678901234",
    "1234567890123456789012345",
    /* Two bytes each, so that a cut comes within one. */
    "x\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
};

START_TEST(waiting_fits_a_line)
{
	const char *reason = ": connected, waiting for a free worker (1:02:07)";
	struct progress progress;
	char text[1024], *end;

	listen_begin();
	progress_init(&progress, "auto", 0, 1, 0);
	progress_waiting(&progress, hosts[_i],
	    "connected, waiting for a free worker", 0, 3727000);
	listen_end(text, sizeof(text));
	ck_assert_int_eq(strncmp(text, "\rftx: ", 6), 0);
	ck_assert_uint_lt(strlen(text + 1), PROGRESS_LINE);
	end = strstr(text, reason);
	ck_assert_ptr_nonnull(end);
	ck_assert_str_eq(end, reason);
	/* No character is torn: what is there is a start of the name. */
	*end = '\0';
	ck_assert_int_eq(strncmp(text + 6, hosts[_i], strlen(text + 6)), 0);
	ck_assert_int_ne(hosts[_i][strlen(text + 6)] & 0xc0, 0x80);
}
END_TEST

Suite *
progress_suite(void)
{
	Suite *suite = suite_create("progress");
	TCase *tcase = tcase_create("progress");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, describes);
	tcase_add_test(tcase, largest_and_longest);
	tcase_add_test(tcase, percents);
	tcase_add_test(tcase, rates);
	tcase_add_test(tcase, clocks);
	tcase_add_test(tcase, first_line_at_once);
	tcase_add_test(tcase, no_bar_for_a_moment);
	tcase_add_loop_test(tcase, waiting_fits_a_line, 0,
	    (int)(sizeof(hosts) / sizeof(hosts[0])));
	suite_add_tcase(suite, tcase);
	return suite;
}
