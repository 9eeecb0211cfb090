/* SPDX-License-Identifier: ISC */
/* Progress on standard error: when, in which form, and how it ends. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/display/progress.h"
#include "client/shared/interrupt.h"

Suite *progress_suite(void);

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

static struct progress progress;
static char heard[8192];

static void
begin(const char *setting, int quiet)
{
	listen_begin();
	progress_init(&progress, setting, quiet, 5000);
}

/* What was said must be this. */
static void
end_with(const char *expected)
{
	char text[1024];

	progress_release(&progress);
	listen_end(text, sizeof(text));
	ck_assert_str_eq(text, expected);
}

/* So much of 1000 bytes has gone by then. */
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

START_TEST(lines_once_a_second)
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

START_TEST(line_in_place_of_the_bar)
{
	begin("bar", 0);
	send_until(5200, 0);
	progress_print(&progress, "said");
	/* It is there again at once. */
	send_until(5201, 0);
	end_with("\rf  0%  0 B/1.0 kB\r                 \rsaid\n"
		 "\rf  0%  0 B/1.0 kB\r                 \r");
}
END_TEST

START_TEST(width_that_changes)
{
	ck_assert_int_eq(setenv("COLUMNS", "20", 1), 0);
	begin("bar", 0);
	send_until(5200, 0);
	ck_assert_int_eq(setenv("COLUMNS", "8", 1), 0);
	send_until(5400, 0);
	ck_assert_int_eq(setenv("COLUMNS", "12", 1), 0);
	send_until(5600, 0);
	/* Whatever stood there is gone, and no line was longer than there was
	 * room. */
	end_with("\rf  0%  0 B/1.0 kB\rf  0%  \rf  0%      "
		 "\r     \r");
}
END_TEST

START_TEST(silent_otherwise)
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

START_TEST(waiting_is_noticed_once)
{
	begin("auto", 0);
	wait_until(6000, 1, 1);
	wait_until(7000, 0, 1);
	wait_until(8000, 0, 1);
	end_with("ftx: nas: busy, waiting for a free worker (0:03)\n");
}
END_TEST

/* What was sent before a pause is no part of the rate, nor is the pause. */
START_TEST(rate_of_this_connection)
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

START_TEST(rate_is_that_of_late)
{
	begin("lines", 0);
	for (io_time now = 5000; now <= 35000; now += 1000)
		send_until(now, now < 15000 ? 0 : (uint64_t)now / 1000 - 15);
	progress_release(&progress);
	listen_end(heard, sizeof(heard));
	ck_assert_ptr_nonnull(strstr(heard, "20 B/1.0 kB  1 B/s"));
}
END_TEST

START_TEST(asked_by_a_signal)
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

/* How long a state lasts. */
START_TEST(committing_has_a_clock)
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
	tcase_add_test(tcase, lines_once_a_second);
	tcase_add_test(tcase, bar_is_drawn_over);
	tcase_add_test(tcase, line_in_place_of_the_bar);
	tcase_add_test(tcase, width_that_changes);
	tcase_add_test(tcase, silent_otherwise);
	tcase_add_test(tcase, waiting_is_noticed_once);
	tcase_add_test(tcase, rate_of_this_connection);
	tcase_add_test(tcase, rate_is_that_of_late);
	tcase_add_test(tcase, asked_by_a_signal);
	tcase_add_test(tcase, committing_has_a_clock);
	suite_add_tcase(suite, tcase);
	return suite;
}
