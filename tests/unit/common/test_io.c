/* SPDX-License-Identifier: ISC */
/* Short counts, ends, signals, deadlines and descriptor flags. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"

Suite *io_suite(void);

static volatile sig_atomic_t signals;

static void
count_signal(int number)
{
	(void)number;
	signals++;
}

/* Raise SIGALRM in intervals, without SA_RESTART. */
static void
start_signals(suseconds_t interval)
{
	struct sigaction action = {.sa_handler = count_signal};
	struct itimerval timer = {{0, interval}, {0, interval}};

	signals = 0;
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void
stop_signals(void)
{
	struct itimerval none = {{0, 0}, {0, 0}};

	ck_assert_int_eq(setitimer(ITIMER_REAL, &none, NULL), 0);
}

/* Returns a byte of a pattern that reveals lost and repeated bytes. */
static char
byte_at(size_t position)
{
	return (char)(position % 251);
}

/* The child writes a byte or reads a whole stream, after a delay. */
static int
write_late(int fd)
{
	return write(fd, "", 1) == 1 ? 0 : 1;
}

static int
read_stream(int fd, size_t size)
{
	char buffer[4096];
	size_t position = 0;
	ssize_t length;

	while ((length = read(fd, buffer, sizeof buffer)) > 0)
		for (ssize_t i = 0; i < length; i++)
			if (buffer[i] != byte_at(position++))
				return 1;
	return position == size ? 0 : 1;
}

static pid_t
start_peer(const int ends[2], size_t to_read)
{
	struct timespec late = {0, 100000000};
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	nanosleep(&late, NULL);
	close(ends[to_read > 0]);
	_exit(
	    to_read > 0 ? read_stream(ends[0], to_read) : write_late(ends[1]));
}

static void
expect_clean_exit(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(clock_advances)
{
	struct timespec pause = {0, 20000000};
	io_time before = io_now(), passed;

	ck_assert_int_gt(before, 0);
	nanosleep(&pause, NULL);
	passed = io_now() - before;
	ck_assert_int_ge(passed, 19);
	ck_assert_int_lt(passed, 5000);
}
END_TEST

START_TEST(timespec_is_zero_when_the_time_is_negative)
{
	static const struct {
		int64_t milliseconds;
		struct timespec expected;
	} cases[] = {{INT64_MIN, {0, 0}}, {-1, {0, 0}}, {0, {0, 0}},
	    {999, {0, 999000000}}, {61001, {61, 1000000}}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct timespec time = io_timespec(cases[i].milliseconds);

		ck_assert_int_eq(time.tv_sec, cases[i].expected.tv_sec);
		ck_assert_int_eq(time.tv_nsec, cases[i].expected.tv_nsec);
	}
}
END_TEST

START_TEST(read_and_write_return_short_counts)
{
	int ends[2];
	char buffer[16];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(io_write(ends[1], "abc", 3), 3);
	ck_assert_int_eq(io_read(ends[0], buffer, sizeof buffer), 3);
	ck_assert_mem_eq(buffer, "abc", 3);
	close(ends[1]);
	ck_assert_int_eq(io_read(ends[0], buffer, sizeof buffer), 0);
	close(ends[0]);
	ck_assert_int_eq(io_read(ends[0], buffer, 1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(io_write(ends[0], buffer, 1), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(read_reports_eagain_when_there_is_no_input)
{
	int ends[2];
	char buffer[4096] = {0};
	ssize_t done;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(io_set_blocking(ends[0], 0), 0);
	ck_assert_int_eq(io_set_blocking(ends[1], 0), 0);
	ck_assert_int_eq(io_read(ends[0], buffer, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	do {
		done = io_write(ends[1], buffer, sizeof buffer);
	} while (done > 0);
	ck_assert_int_eq(done, -1);
	ck_assert_int_eq(errno, EAGAIN);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(read_continues_after_a_signal)
{
	int ends[2];
	char byte;
	pid_t peer;

	ck_assert_int_eq(pipe(ends), 0);
	peer = start_peer(ends, 0);
	start_signals(5000);
	ck_assert_int_eq(io_read(ends[0], &byte, 1), 1);
	stop_signals();
	ck_assert_int_gt(signals, 0);
	expect_clean_exit(peer);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(write_all_continues_after_signals_and_short_counts)
{
	enum {
		SIZE = 1024 * 1024
	};
	int ends[2];
	char *bytes = malloc(SIZE);
	pid_t peer;

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = byte_at(i);
	ck_assert_int_eq(pipe(ends), 0);
	peer = start_peer(ends, SIZE);
	close(ends[0]);
	start_signals(1000);
	ck_assert_int_eq(io_write_all(ends[1], bytes, SIZE), 0);
	stop_signals();
	ck_assert_int_gt(signals, 0);
	close(ends[1]);
	expect_clean_exit(peer);
	free(bytes);
}
END_TEST

START_TEST(write_all_fails_when_write_fails)
{
	int ends[2];
	int full = open("/dev/full", O_WRONLY);

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(io_write_all(ends[1], "", 0), 0);
	close(ends[0]);
	ck_assert_int_eq(io_write_all(ends[1], "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(ends[1]);
	if (full == -1)
		return;
	ck_assert_int_eq(io_write_all(full, "x", 1), -1);
	ck_assert_int_eq(errno, ENOSPC);
	close(full);
}
END_TEST

START_TEST(poll_ends_at_the_deadline)
{
	int ends[2];
	io_time begun = io_now();
	struct pollfd readable;

	ck_assert_int_eq(pipe(ends), 0);
	readable = (struct pollfd){ends[0], POLLIN, 0};
	ck_assert_int_eq(io_poll(&readable, 1, begun + 50), 0);
	ck_assert_int_ge(io_now() - begun, 50);
	begun = io_now();
	ck_assert_int_eq(io_poll(&readable, 1, begun - 1), 0);
	ck_assert_int_eq(io_poll(&readable, 1, INT64_MIN), 0);
	ck_assert_int_lt(io_now() - begun, 5000);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(poll_counts_ready_descriptors)
{
	static const io_time deadlines[] = {0, IO_NEVER - 1, IO_NEVER};
	int ends[2];
	struct pollfd both[2];

	ck_assert_int_eq(pipe(ends), 0);
	both[0] = (struct pollfd){ends[0], POLLIN, 0};
	both[1] = (struct pollfd){ends[1], POLLOUT, 0};
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(io_poll(both, 2, deadlines[i]), 1);
	ck_assert_int_eq(both[0].revents, 0);
	ck_assert_int_eq(both[1].revents, POLLOUT);
	ck_assert_int_eq(io_write(ends[1], "x", 1), 1);
	ck_assert_int_eq(io_poll(both, 2, IO_NEVER), 2);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(poll_returns_0_after_a_signal)
{
	/* As an int, the second would be only 5 milliseconds. */
	static const int64_t ahead[] = {60000, (INT64_C(1) << 32) + 5};
	int ends[2];
	struct pollfd readable;

	ck_assert_int_eq(pipe(ends), 0);
	readable = (struct pollfd){ends[0], POLLIN, 0};
	start_signals(20000);
	for (size_t i = 0; i < 3; i++) {
		sig_atomic_t before = signals;
		io_time deadline = i < 2 ? io_now() + ahead[i] : IO_NEVER;

		ck_assert_int_eq(io_poll(&readable, 1, deadline), 0);
		ck_assert_int_gt(signals, before);
	}
	stop_signals();
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(set_blocking_keeps_other_flags)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ne(fcntl(ends[1], F_SETFL, O_APPEND), -1);
	ck_assert_int_eq(io_set_blocking(ends[1], 0), 0);
	ck_assert_int_eq(fcntl(ends[1], F_GETFL) & (O_APPEND | O_NONBLOCK),
	    O_APPEND | O_NONBLOCK);
	ck_assert_int_eq(io_set_blocking(ends[1], 1), 0);
	ck_assert_int_eq(
	    fcntl(ends[1], F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND);
	ck_assert_int_eq(io_close_on_exec(ends[1]), 0);
	ck_assert_int_eq(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
	close(ends[0]);
	close(ends[1]);
	ck_assert_int_eq(io_set_blocking(ends[1], 0), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(io_close_on_exec(ends[1]), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

Suite *
io_suite(void)
{
	Suite *suite = suite_create("io");
	TCase *tests = tcase_create("io");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, clock_advances);
	tcase_add_test(tests, timespec_is_zero_when_the_time_is_negative);
	tcase_add_test(tests, read_and_write_return_short_counts);
	tcase_add_test(tests, read_reports_eagain_when_there_is_no_input);
	tcase_add_test(tests, read_continues_after_a_signal);
	tcase_add_test(
	    tests, write_all_continues_after_signals_and_short_counts);
	tcase_add_test(tests, write_all_fails_when_write_fails);
	tcase_add_test(tests, poll_ends_at_the_deadline);
	tcase_add_test(tests, poll_counts_ready_descriptors);
	tcase_add_test(tests, poll_returns_0_after_a_signal);
	tcase_add_test(tests, set_blocking_keeps_other_flags);
	suite_add_tcase(suite, tests);
	return suite;
}
