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
end_with(const char *expected)
{
	char text[1024];

	progress_release(&progress);
	capture_end(text, sizeof(text));
	ck_assert_str_eq(text, expected);
}

/* Show that sent of 1000 bytes were sent at the time now. */
static void
send_until(io_time now, uint64_t sent)
{
	const struct meter meter = {.state = METER_SENDING,
	    .path = "f",
	    .sent = sent,
	    .total = 1000,
	    .carried = sent};

	progress_show(&progress, &meter, now);
}

static void
wait_until(io_time now, int brief, int notice)
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
	send_until(5000, 0);
	send_until(5999, 100);
	send_until(6000, 200);
	end_with("f  0%  0 B/1.0 kB\n"
		 "f  20%  200 B/1.0 kB  200 B/s  eta 0:04\n");
}
END_TEST

START_TEST(bar_is_drawn_over)
{
	begin("bar", 0);
	send_until(5000, 0);
	send_until(5199, 100);
	send_until(5200, 200);
	send_until(5399, 300);
	send_until(6000, 500);
	end_with("\rf  20%  200 B/1.0 kB  1.0 kB/s  eta 0:00"
		 "\rf  50%  500 B/1.0 kB  500 B/s  eta 0:01 "
		 "\r                                       \r");
}
END_TEST

START_TEST(line_replaces_the_bar)
{
	begin("bar", 0);
	send_until(5200, 0);
	progress_print(&progress, "line");
	/* The bar is drawn again at once. */
	send_until(5201, 0);
	end_with("\rf  0%  0 B/1.0 kB\r                 \rline\n"
		 "\rf  0%  0 B/1.0 kB\r                 \r");
}
END_TEST

START_TEST(bar_fits_when_the_width_changes)
{
	ck_assert_int_eq(setenv("COLUMNS", "20", 1), 0);
	begin("bar", 0);
	send_until(5200, 0);
	ck_assert_int_eq(setenv("COLUMNS", "8", 1), 0);
	send_until(5400, 0);
	ck_assert_int_eq(setenv("COLUMNS", "12", 1), 0);
	send_until(5600, 0);
	/* Each bar fits the width, and covers or erases the one before. */
	end_with("\rf  0%  0 B/1.0 kB\rf  0%  \rf  0%      "
		 "\r     \r");
}
END_TEST

START_TEST(nothing_is_printed_without_progress)
{
	begin("auto", 0);
	send_until(9000, 100);
	wait_until(9000, 0, 0);
	end_with("");
	begin("none", 0);
	send_until(9000, 100);
	end_with("");
	begin("bar", 1);
	send_until(9000, 100);
	wait_until(9000, 0, 1);
	end_with("");
}
END_TEST

START_TEST(waiting_is_reported_once)
{
	begin("auto", 0);
	wait_until(6000, 1, 1);
	wait_until(7000, 0, 1);
	wait_until(8000, 0, 1);
	end_with("ftx: nas: busy, waiting for a free worker (0:03)\n");
}
END_TEST

START_TEST(rate_excludes_pauses_and_what_was_sent_before)
{
	begin("lines", 0);
	send_until(5000, 400);
	wait_until(7000, 0, 1);
	send_until(905000, 400);
	send_until(906000, 450);
	end_with("f  40%  400 B/1.0 kB\n"
		 "ftx: nas: busy, waiting for a free worker (0:03)\n"
		 "f  40%  400 B/1.0 kB\n"
		 "f  45%  450 B/1.0 kB  50 B/s  eta 0:11\n");
}
END_TEST

START_TEST(rate_is_the_recent_one)
{
	begin("lines", 0);
	for (io_time now = 5000; now <= 35000; now += 1000)
		send_until(now, now < 15000 ? 0 : (uint64_t)now / 1000 - 15);
	progress_release(&progress);
	capture_end(printed, sizeof(printed));
	ck_assert_ptr_nonnull(strstr(printed, "20 B/1.0 kB  1 B/s"));
}
END_TEST

START_TEST(line_is_printed_when_a_signal_asks)
{
	interrupt_listen();
	begin("none", 1);
	send_until(6000, 100);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	send_until(6100, 200);
	send_until(6200, 300);
	ck_assert_int_eq(raise(SIGUSR1), 0);
	wait_until(6300, 1, 0);
	end_with("f  20%  200 B/1.0 kB  1.0 kB/s  eta 0:00\n"
		 "ftx: nas: busy, waiting for a free worker (0:02)\n");
}
END_TEST

START_TEST(committing_shows_how_long_it_lasts)
{
	struct meter meter = {.state = METER_COMMITTING, .path = "f"};

	begin("lines", 0);
	progress_show(&progress, &meter, 7000);
	progress_show(&progress, &meter, 10000);
	end_with("f  100%  committing\nf  100%  committing (0:03)\n");
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
	tcase_add_test(tcase, rate_is_the_recent_one);
	tcase_add_test(tcase, line_is_printed_when_a_signal_asks);
	tcase_add_test(tcase, committing_shows_how_long_it_lasts);
	suite_add_tcase(suite, tcase);
	return suite;
}
