/* SPDX-License-Identifier: ISC */
/* Show progress on standard error, as lines or as a bar. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/display/progress.h"
#include "client/shared/interrupt.h"

Suite *progress_suite(void);

/* capture_begin sends standard error to output, until capture_end. */
static FILE *output;
static int standard_error;

static void
capture_begin(void)
{
	output = tmpfile();
	ck_assert_ptr_nonnull(output);
	standard_error = dup(STDERR_FILENO);
	ck_assert_int_ge(standard_error, 0);
	ck_assert_int_ge(dup2(fileno(output), STDERR_FILENO), 0);
}

static void
capture_end(char *buffer, size_t size)
{
	size_t length;

	ck_assert_int_ge(dup2(standard_error, STDERR_FILENO), 0);
	close(standard_error);
	rewind(output);
	length = fread(buffer, 1, size - 1, output);
	buffer[length] = '\0';
	fclose(output);
}

static struct progress progress;
static char printed[8192];

static void
begin(const char *setting, int quiet)
{
	capture_begin();
	progress_init(&progress, setting, quiet, 5000);
}

/* End the progress; expect this text on standard error. */
static void
expect_output(const char *expected)
{
	char text[1024];

	progress_release(&progress);
	capture_end(text, sizeof(text));
	ck_assert_str_eq(text, expected);
}

/* Show that sent of 1000 bytes were sent at the time now. */
static void
show_sending(io_time now, uint64_t sent)
{
	const struct meter meter = {.state = METER_SENDING,
	    .path = "f",
	    .sent = sent,
	    .total = 1000,
	    .carried = sent};

	progress_show(&progress, &meter, now);
}

static void
show_waiting(io_time now, int brief, int notice)
{
	const struct meter meter = {.state = METER_WAITING,
	    .host = "nas",
	    .why = "busy, waiting for a free worker",
	    .since = 4000,
	    .brief = brief,
	    .notice = notice};

	progress_show(&progress, &meter, now);
}

START_TEST(lines_are_printed_once_a_second)
{
	begin("lines", 0);
	show_sending(5000, 0);
	show_sending(5999, 100);
	show_sending(6000, 200);
	expect_output("f  0%  0 B/1.0 kB\n"
		      "f  20%  200 B/1.0 kB  200 B/s  eta 0:04\n");
}
END_TEST

START_TEST(bar_is_drawn_over)
{
	begin("bar", 0);
	show_sending(5000, 0);
	show_sending(5199, 100);
	show_sending(5200, 200);
	show_sending(5399, 300);
	show_sending(6000, 500);
	expect_output("\rf  20%  200 B/1.0 kB  1.0 kB/s  eta 0:00"
		      "\rf  50%  500 B/1.0 kB  500 B/s  eta 0:01 "
		      "\r                                       \r");
}
END_TEST

START_TEST(line_replaces_the_bar)
{
	begin("bar", 0);
	show_sending(5200, 0);
	progress_print(&progress, "line");
	/* The bar is drawn again at once. */
	show_sending(5201, 0);
	expect_output("\rf  0%  0 B/1.0 kB\r                 \rline\n"
		      "\rf  0%  0 B/1.0 kB\r                 \r");
}
END_TEST

START_TEST(bar_fits_when_the_width_changes)
{
	ck_assert_int_eq(setenv("COLUMNS", "20", 1), 0);
	begin("bar", 0);
	show_sending(5200, 0);
	ck_assert_int_eq(setenv("COLUMNS", "8", 1), 0);
	show_sending(5400, 0);
	ck_assert_int_eq(setenv("COLUMNS", "12", 1), 0);
	show_sending(5600, 0);
	/* Each bar fits the width, and covers or erases the one before. */
	expect_output("\rf  0%  0 B/1.0 kB\rf  0%  \rf  0%      "
		      "\r     \r");
}
END_TEST

START_TEST(nothing_is_printed_without_progress)
{
	begin("auto", 0);
	show_sending(9000, 100);
	show_waiting(9000, 0, 0);
	expect_output("");
	begin("none", 0);
	show_sending(9000, 100);
	expect_output("");
	begin("bar", 1);
	show_sending(9000, 100);
	show_waiting(9000, 0, 1);
	expect_output("");
}
END_TEST

START_TEST(waiting_is_reported_once)
{
	begin("auto", 0);
	show_waiting(6000, 1, 1);
	show_waiting(7000, 0, 1);
	show_waiting(8000, 0, 1);
	expect_output("ftx: nas: busy, waiting for a free worker (0:03)\n");
}
END_TEST

START_TEST(rate_excludes_pauses_and_what_was_sent_before)
{
	begin("lines", 0);
	show_sending(5000, 400);
	show_waiting(7000, 0, 1);
	show_sending(905000, 400);
	show_sending(906000, 450);
	expect_output("f  40%  400 B/1.0 kB\n"
		      "ftx: nas: busy, waiting for a free worker (0:03)\n"
		      "f  40%  400 B/1.0 kB\n"
		      "f  45%  450 B/1.0 kB  50 B/s  eta 0:11\n");
}
END_TEST

START_TEST(recent_rate_is_shown)
{
	begin("lines", 0);
	for (io_time now = 5000; now <= 35000; now += 1000)
		show_sending(now, now < 15000 ? 0 : (uint64_t)now / 1000 - 15);
	progress_release(&progress);
	capture_end(printed, sizeof(printed));
	ck_assert_ptr_nonnull(strstr(printed, "20 B/1.0 kB  1 B/s"));
}
END_TEST

START_TEST(line_is_printed_when_sigusr1_comes)
{
	interrupt_listen();
	begin("none", 1);
	show_sending(6000, 100);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	show_sending(6100, 200);
	show_sending(6200, 300);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	show_waiting(6300, 1, 0);
	expect_output("f  20%  200 B/1.0 kB  1.0 kB/s  eta 0:00\n"
		      "ftx: nas: busy, waiting for a free worker (0:02)\n");
}
END_TEST

START_TEST(committing_line_has_its_duration)
{
	struct meter meter = {.state = METER_COMMITTING, .path = "f"};

	begin("lines", 0);
	progress_show(&progress, &meter, 7000);
	progress_show(&progress, &meter, 10000);
	expect_output("f  100%  committing\nf  100%  committing (0:03)\n");
}
END_TEST

Suite *
progress_suite(void)
{
	Suite *suite = suite_create("progress");
	TCase *tcase = tcase_create("progress");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, lines_are_printed_once_a_second);
	tcase_add_test(tcase, bar_is_drawn_over);
	tcase_add_test(tcase, line_replaces_the_bar);
	tcase_add_test(tcase, bar_fits_when_the_width_changes);
	tcase_add_test(tcase, nothing_is_printed_without_progress);
	tcase_add_test(tcase, waiting_is_reported_once);
	tcase_add_test(tcase, rate_excludes_pauses_and_what_was_sent_before);
	tcase_add_test(tcase, recent_rate_is_shown);
	tcase_add_test(tcase, line_is_printed_when_sigusr1_comes);
	tcase_add_test(tcase, committing_line_has_its_duration);
	suite_add_tcase(suite, tcase);
	return suite;
}
