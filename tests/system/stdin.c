/* SPDX-License-Identifier: ISC */
/* Standard input: producers that are slow, die, or send another size. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

START_TEST(pipe_is_stored)
{
	struct run run;

	file_make("source", 5 << 20, 1);
	run_shell(&run, "cat source | $FTX put - 127.0.0.1:a/b/dump");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("source", "in/a/b/dump"));
	ck_assert_uint_eq(file_mode("in/a/b/dump"), 0644);
	run_shell(&run, "$FTX put -p -m 0600 - 127.0.0.1:dump <source");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("source", "in/dump"));
	ck_assert_uint_eq(file_mode("in/dump"), 0600);
	run_shell(&run, ": | $FTX put - 127.0.0.1:empty");
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_size("in/empty"), 0);
}
END_TEST

START_TEST(put_fails_when_input_has_another_size)
{
	struct run run;

	run_shell(
	    &run, "printf 12345 | $FTX put -v -o size=5 - 127.0.0.1:five");
	run_check(&run, 0, "stored - -> 127.0.0.1:five  5 B");
	run_shell(&run, "printf 1234 | $FTX put -o size=5 - 127.0.0.1:four");
	run_check(&run, 24, "the source ended after 4 of 5 bytes");
	run_shell(&run, "printf 123456 | $FTX put -o size=5 - 127.0.0.1:six");
	run_check(&run, 24, "the source gives more than 5 bytes");
	run_shell(&run, ": | $FTX put -o size=0 - 127.0.0.1:none");
	run_check(&run, 0, NULL);
	run_shell(&run, "printf 1 | $FTX put -o size=0 - 127.0.0.1:one");
	run_check(&run, 24, NULL);
	run_shell(&run, ": | $FTX put -o size=1 - 127.0.0.1:less");
	run_check(&run, 24, NULL);
	ck_assert_int_eq(directory_count("in"), 2);
	ck_assert_int_eq(directory_count_staged("in"), 0);
}
END_TEST

START_TEST(put_fails_when_the_producer_dies)
{
	struct run run;

	file_write("in/dump", "the old one");
	run_shell(&run,
	    "set -o pipefail; { printf half; kill -9 $BASHPID; } | "
	    "$FTX put -o size=8 - 127.0.0.1:dump");
	ck_assert_int_ne(run.status, 0);
	ck_assert_ptr_nonnull(strstr(run.err, "ended after 4 of 8 bytes"));
	ck_assert_uint_eq(file_size("in/dump"), 11);
}
END_TEST

/* The producer pauses for longer than the server's idle timeout. */
START_TEST(put_waits_when_the_producer_is_slow)
{
	struct run run;

	server_stop(&served);
	SERVER_START(&served, "-w", "2", "-t", "1");
	run_shell(&run,
	    "{ echo one; sleep 2.5; echo two; } | $FTX put - 127.0.0.1:slow");
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_size("in/slow"), 8);
	/* Short pauses, and little data. */
	run_shell(&run,
	    "for i in 1 2 3 4 5; do echo $i; sleep 0.4; done | "
	    "$FTX put - 127.0.0.1:often");
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_size("in/often"), 10);
}
END_TEST

/* Start ftx, which puts what the test writes to *input.  Discard its output. */
static pid_t
put_pipe(const char *remote, int *input)
{
	int silence[2];
	pid_t pid;

	ck_assert_int_eq(mkfifo("input", 0600), 0);
	harness_pipe(silence);
	pid = harness_spawn((const char *const[]){"bash", "-c",
				"exec $FTX put - $0 <input", remote, NULL},
	    silence[1], silence[1]);
	close(silence[0]);
	close(silence[1]);
	*input = open("input", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(*input, 0);
	return pid;
}

START_TEST(nothing_is_stored_when_interrupted)
{
	int input, status;
	pid_t pid = put_pipe("127.0.0.1:x", &input);

	ck_assert_int_eq(io_write_all(input, "half", 4), 0);
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	ck_assert_int_eq(kill(pid, SIGINT), 0);
	close(input);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(harness_status(status), 128 + SIGINT);
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

/* ftx reads results while the producer writes nothing. */
START_TEST(failure_is_reported_while_the_producer_waits)
{
	char bytes[65536] = "";
	int input, status;
	pid_t pid;

	server_stop(&served);
	SERVER_START(&served, "-w", "2", "-o", "max-size=100K");
	pid = put_pipe("127.0.0.1:x", &input);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(io_write_all(input, bytes, sizeof(bytes)), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(harness_status(status), 28);
	close(input);
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

START_TEST(put_is_refused_when_the_target_is_a_directory)
{
	struct run run;

	directory_make("in/sub");
	run_shell(&run, "echo x | $FTX put - 127.0.0.1:sub");
	run_check(&run, 5, "the target is a directory");
	ck_assert_int_eq(directory_count("in/sub"), 0);
}
END_TEST

/* ftx does not retry, since it cannot read the same input again. */
START_TEST(put_fails_when_the_connection_is_cut)
{
	const struct proxy_plan cut = {
	    .up = {.fault = PROXY_CUT, .at = 1 << 20}};
	char line[HARNESS_PATH];
	struct proxy proxy;
	struct run run;

	file_make("source", 5 << 20, 1);
	ck_assert_int_eq(proxy_start(&proxy, &cut, served.port), 0);
	snprintf(line, sizeof(line),
	    "cat source | $FTX put -P %u - 127.0.0.1:x", proxy.port);
	run_shell(&run, line);
	run_check(&run, 10, NULL);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

START_TEST(contradictory_options_are_refused)
{
	static const char *const bad[] = {
	    "$FTX put - 127.0.0.1: </dev/null",
	    "$FTX put - 127.0.0.1:d/ </dev/null",
	    "$FTX put - f 127.0.0.1:d </dev/null",
	    "$FTX put - - 127.0.0.1:d </dev/null",
	    "$FTX put -o size=5 f 127.0.0.1:d",
	    "$FTX put -o size=x - 127.0.0.1:d </dev/null",
	};
	struct run run;

	file_write("f", "x");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		run_shell(&run, bad[i]);
		ck_assert_msg(run.status == 1 && run.err[0] != '\0', "%s: %d",
		    bad[i], run.status);
	}
	ck_assert_int_eq(directory_count("in"), 0);
	file_write("-", "a file");
	run_shell(&run, "$FTX put ./- 127.0.0.1:d");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("-", "in/d"));
}
END_TEST

START_TEST(put_fails_when_there_is_no_input)
{
	struct run run;

	run_shell(&run, "$FTX put - 127.0.0.1:x <&-");
	run_check(&run, 3, "Bad file descriptor");
	run_shell(&run, "$FTX put - 127.0.0.1:x <.");
	run_check(&run, 3, "Is a directory");
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

/* Wait until the server has received some bytes: ftx has opened the file. */
#define UNTIL_RECEIVED                                                         \
	"until find in/.ftx-* -type f -size +0 ! -name '.*' | grep -q .; "     \
	"do sleep 0.01; done; "

/* A log grows while ftx sends it. */
START_TEST(growing_file_is_stored_as_it_was_read)
{
	const struct proxy_plan slow = {.up = {.rate = 8 << 20}};
	char line[HARNESS_PATH];
	struct proxy proxy;
	struct run run;

	file_make("log", 16 << 20, 1);
	ck_assert_int_eq(proxy_start(&proxy, &slow, served.port), 0);
	snprintf(line, sizeof(line),
	    "cp log was; $FTX put -P %u -o growing log 127.0.0.1:x "
	    "& " UNTIL_RECEIVED "echo more >>log; wait $!",
	    proxy.port);
	run_shell(&run, line);
	run_check(&run, 0, NULL);
	ck_assert(file_equal("was", "in/x"));
	snprintf(line, sizeof(line),
	    "$FTX put -P %u log 127.0.0.1:y & " UNTIL_RECEIVED
	    "echo more >>log; wait $!",
	    proxy.port);
	run_shell(&run, line);
	run_check(&run, 24, NULL);
	ck_assert(!file_exists("in/y"));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
}
END_TEST

Suite *
stdin_suite(void)
{
	Suite *suite = suite_create("stdin");
	TCase *tcase = tcase_create("stdin");

	tcase_add_checked_fixture(tcase, server_begin, server_finish);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, pipe_is_stored);
	tcase_add_test(tcase, put_fails_when_input_has_another_size);
	tcase_add_test(tcase, put_fails_when_the_producer_dies);
	tcase_add_test(tcase, put_waits_when_the_producer_is_slow);
	tcase_add_test(tcase, nothing_is_stored_when_interrupted);
	tcase_add_test(tcase, failure_is_reported_while_the_producer_waits);
	tcase_add_test(tcase, put_is_refused_when_the_target_is_a_directory);
	tcase_add_test(tcase, put_fails_when_the_connection_is_cut);
	tcase_add_test(tcase, contradictory_options_are_refused);
	tcase_add_test(tcase, put_fails_when_there_is_no_input);
	tcase_add_test(tcase, growing_file_is_stored_as_it_was_read);
	suite_add_tcase(suite, tcase);
	return suite;
}
