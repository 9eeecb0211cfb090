/* SPDX-License-Identifier: ISC */
/* Events in JSON, and digests, on standard output. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/fake.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

/* Each line must be whole, and one JSON object in printable ASCII. */
static void
check_lines(const struct run *run)
{
	const char *line = run->out;

	while (*line != '\0') {
		size_t length = strcspn(line, "\n");

		ck_assert_int_eq(line[length], '\n');
		ck_assert_msg(strncmp(line, "{\"event\":\"", 10) == 0 &&
			line[length - 1] == '}',
		    "no object: %s", line);
		for (size_t i = 0; i < length; i++)
			ck_assert_msg(line[i] >= 0x20 && line[i] < 0x7f,
			    "%02x in %s", line[i], line);
		line += length + 1;
	}
}

/* Let Python read the events, if it is installed. */
static void
check_by_python(const struct run *run)
{
	struct run python;

	run_shell(&python, "command -v python3 >/dev/null");
	if (python.status != 0) {
		harness_skip("python", "the program is not installed");
		return;
	}
	file_write("lines", run->out);
	run_shell(&python,
	    "python3 -c '\n"
	    "import json, os, sys\n"
	    "events = [json.loads(l) for l in open(\"lines\")]\n"
	    "for e in events[:-1]:\n"
	    "    name = bytes.fromhex(e[\"source_hex\"]) "
	    "if \"source_hex\" in e else e[\"source\"].encode()\n"
	    "    assert os.path.lexists(name) or e[\"status\"] == \"failed\"\n"
	    "assert events[-1][\"event\"] == \"end\"\n"
	    "assert sum(events[-1][k] for k in (\"stored\", \"failed\", "
	    "\"skipped\")) == len(events) - 1\n'");
	run_check(&python, 0, NULL);
}

START_TEST(event_is_written_for_each_outcome)
{
	struct run run;

	directory_make("d");
	file_write("d/hello", "hello");
	file_write("d/a\xff\"\\\x1b[31m\n", "x");
	ck_assert_int_eq(mkfifo("d/pipe", 0600), 0);
	RUN(&run, "ftx", "put", "-o", "json", "-r", "d", "none", "127.0.0.1:t");
	run_check(&run, 23, NULL);
	check_lines(&run);
	ck_assert_ptr_nonnull(strstr(run.out,
	    "{\"event\":\"source\",\"source\":\"d/hello\","
	    "\"target\":\"127.0.0.1:t/d/hello\",\"status\":\"stored\","
	    "\"size\":5,\"digest\":\"26c7827d889f6da3\",\"seconds\":0."));
	ck_assert_ptr_nonnull(strstr(run.out, ",\"durable\":true}\n"));
	ck_assert_ptr_nonnull(strstr(run.out,
	    "\"source\":\"d/a\\ufffd\\\"\\\\\\u001b[31m\\u000a\""
	    ",\"source_hex\":\"642f61ff225c1b5b33316d0a\","));
	ck_assert_ptr_nonnull(strstr(run.out,
	    "\"source\":\"d/pipe\",\"target\":\"127.0.0.1:t/d/pipe\","
	    "\"status\":\"skipped\",\"reason\":\"is a FIFO\"}\n"));
	ck_assert_ptr_nonnull(strstr(run.out,
	    "\"status\":\"failed\",\"cause\":\"source unreadable\","
	    "\"reason\":\"No such file or directory\"}\n"));
	ck_assert_ptr_nonnull(strstr(run.out,
	    "{\"event\":\"end\",\"stored\":2,\"unchanged\":0,"
	    "\"would_store\":0,\"failed\":1,\"unconfirmed\":0,\"skipped\":1,"
	    "\"directories\":1,\"bytes\":6,\"seconds\":0."));
	ck_assert_ptr_nonnull(strstr(run.out, ",\"exit\":23}\n"));
	check_by_python(&run);
}
END_TEST

START_TEST(would_store_event_is_written_when_nothing_is_sent)
{
	struct run run;

	file_write("f", "hello");
	RUN(&run, "ftx", "put", "-n", "-o", "json", "f", "127.0.0.1:x");
	run_check(&run, 0, NULL);
	check_lines(&run);
	ck_assert_ptr_nonnull(
	    strstr(run.out, "\"status\":\"would_store\",\"size\":5}\n"));
	RUN(&run, "ftx", "put", "-n", "-o", "digest", "f", "127.0.0.1:x");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.out, "");
}
END_TEST

/* ftx knows the digest only if it read the file. */
START_TEST(digest_is_left_out_when_it_is_unknown)
{
	struct run run;

	file_write("f", "hello");
	RUN(&run, "ftx", "put", "-p", "f", "127.0.0.1:x");
	RUN(&run, "ftx", "put", "-o", "skip-unchanged", "-o", "json", "f",
	    "127.0.0.1:x");
	run_check(&run, 0, NULL);
	ck_assert_ptr_nonnull(
	    strstr(run.out, "\"status\":\"unchanged\",\"size\":5}\n"));
	ck_assert_ptr_nonnull(strstr(run.out, "\"stored\":0,\"unchanged\":1,"));
	RUN(&run, "ftx", "put", "-o", "skip-unchanged", "-o", "digest", "f",
	    "127.0.0.1:x");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.out, "");
	RUN(&run, "ftx", "put", "-o", "checksum", "-o", "digest", "f",
	    "127.0.0.1:x");
	run_check(&run, 0, NULL);
	ck_assert_str_eq(run.out, "26c7827d889f6da3  f\n");
}
END_TEST

/* A run that ends early writes an event for every source. */
START_TEST(event_comes_for_each_source_when_the_run_ends_early)
{
	struct run run;

	file_make("f", 6 << 20, 1);
	file_write("g", "x");
	RUN_BEGIN(&run, "ftx", "put", "-o", "json", "-l", "24000", "f", "g",
	    "127.0.0.1:");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	ck_assert_int_eq(kill(run.pid, SIGINT), 0);
	run_finish(&run);
	run_check(&run, 130, NULL);
	check_lines(&run);
	ck_assert_ptr_nonnull(strstr(run.out,
	    "\"source\":\"f\",\"target\":\"127.0.0.1:f\",\"status\":\"failed\","
	    "\"cause\":\"cancelled\",\"reason\":\"interrupted\"}\n"));
	ck_assert_ptr_nonnull(strstr(run.out, "\"source\":\"g\""));
	ck_assert_ptr_nonnull(strstr(run.out, "\"exit\":130}\n"));
	fake_unused_port();
	RUN(&run, "ftx", "put", "-o", "json", "f", "g", "127.0.0.1:");
	run_check(&run, 35, NULL);
	check_lines(&run);
	ck_assert_ptr_nonnull(strstr(run.out, "\"failed\":2,"));
	ck_assert_ptr_nonnull(strstr(run.out, "\"exit\":35}\n"));
}
END_TEST

START_TEST(json_escapes_names_with_control_bytes)
{
	struct run run;

	directory_make("in/\xc2\x9b"
		       "2J");
	file_write("f", "x");
	RUN(&run, "ftx", "put", "-o", "json", "f", "f",
	    "127.0.0.1:\xc2\x9b"
	    "2J/");
	run_check(&run, 1, NULL);
	ck_assert_str_eq(run.out, "");
	RUN(&run, "ftx", "put", "-o", "json", "-r", "f",
	    "127.0.0.1:\xc2\x9b"
	    "2J/\x1b");
	run_check(&run, 0, NULL);
	check_lines(&run);
	ck_assert_ptr_nonnull(strstr(run.out, "\\u009b2J/\\u001b\""));
}
END_TEST

/* ftx writes each line as soon as the file is stored, not at the end. */
START_TEST(line_is_written_when_the_file_is_stored)
{
	struct run run;

	file_write("small", "x");
	file_make("large", 6 << 20, 1);
	run_shell(&run,
	    "$FTX put -o json -l 24000 small large 127.0.0.1: | "
	    "{ read -r line; ls in; echo \"$line\"; cat >/dev/null; }");
	run_check(&run, 0, NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "\"source\":\"small\""));
	ck_assert_int_eq(strncmp(run.out, "small\n", 6), 0);
}
END_TEST

START_TEST(put_goes_on_when_the_reader_of_its_output_leaves)
{
	struct run run;

	for (char name[] = "a"; name[0] <= 'e'; name[0]++)
		file_write(name, "x");
	/* The reader leaves before the first line is written. */
	run_shell(&run,
	    "mkfifo line; : <line & exec 5>line; wait $!; "
	    "$FTX put -o json a b c d e 127.0.0.1: >&5");
	run_check(&run, 1, "ftx: standard output: Broken pipe; nothing more");
	ck_assert_int_eq(directory_count("in"), 5);
}
END_TEST

START_TEST(put_goes_on_when_its_output_fails)
{
	static const char *const lines[] = {
	    "$FTX put -o json a b 127.0.0.1: >/dev/full",
	    "$FTX put -o digest a b 127.0.0.1: >/dev/full",
	    "$FTX put -o json a b 127.0.0.1: >&-",
	    "$FTX put -o json a b 127.0.0.1: 1</dev/null",
	};
	struct run run;
	const char *message;

	file_write("a", "x");
	file_write("b", "x");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		run_shell(&run, lines[i]);
		run_check(&run, 1, "the transfer goes on\n");
		/* The message is printed once. */
		message = strstr(run.err, "standard output");
		ck_assert_ptr_null(strstr(message + 1, "standard output"));
		ck_assert_int_eq(directory_count("in"), 2);
		ck_assert_int_eq(unlink("in/a"), 0);
		ck_assert_int_eq(unlink("in/b"), 0);
	}
	/* The status of a failed source precedes that of the output. */
	run_shell(&run, "$FTX put -o json a none 127.0.0.1: >/dev/full");
	run_check(&run, 23, NULL);
	/* Without json or digest, ftx does not write to standard output. */
	run_shell(&run, "$FTX put a 127.0.0.1: >&-");
	run_check(&run, 0, NULL);
}
END_TEST

/* ftx can be interrupted while nobody reads its output. */
START_TEST(put_can_be_interrupted_when_its_reader_stalls)
{
	struct run run;

	directory_make("d");
	for (int i = 0; i < 1000; i++) {
		char path[64];

		snprintf(path, sizeof(path), "d/%04d", i);
		file_write(path, "x");
	}
	run_shell(&run,
	    "mkfifo pipe; exec 3<>pipe; $FTX put -o json -r d 127.0.0.1: >&3 & "
	    "until [ $(ls in/d | wc -l) = 1000 ]; do sleep 0.05; done; "
	    "kill -TERM $!; wait $!");
	run_check(&run, 143, NULL);
}
END_TEST

START_TEST(digests_agree_with_xxh64sum)
{
	struct run run;

	run_shell(&run, "command -v xxh64sum >/dev/null");
	if (run.status != 0) {
		harness_skip("xxh64sum", "the program is not installed");
		return;
	}
	directory_make("d");
	file_make("d/large", 3 << 20, 1);
	file_write("d/empty", "");
	file_write("d/back\\slash", "b");
	file_write("d/c\r", "c");
	file_write("d/ blank ", "d");
	file_write("d/a\xff", "e");
	file_write("stdin", "f");
	file_write("-f", "g");
	run_shell(&run,
	    "$FTX put -o digest -r d stdin ./-f 127.0.0.1:t >sums && "
	    "xxh64sum --strict -c sums </dev/null");
	run_check(&run, 0, NULL);
	run_shell(&run, "wc -l <sums; echo x >>d/large; xxh64sum -c sums");
	ck_assert_int_eq(atoi(run.out), 8);
	ck_assert_int_eq(run.status, 1);
	/*
	 * "-" in the list means standard input: xxh64sum reads the same file
	 * there.
	 */
	run_shell(&run,
	    "$FTX put -o digest - 127.0.0.1:x <stdin >sums && "
	    "xxh64sum --strict -c sums <stdin");
	run_check(&run, 0, NULL);
	/*
	 * Old versions of xxh64sum cannot read an escaped name: compare the
	 * line.
	 */
	file_write("new\n\\line", "h");
	run_shell(&run, "$FTX put -o digest new* 127.0.0.1:x");
	ck_assert_str_eq(run.out, "\\1f389510b857f10f  new\\n\\\\line\n");
}
END_TEST

START_TEST(json_and_digest_exclude_each_other)
{
	struct run run;

	file_write("f", "x");
	RUN(&run, "ftx", "put", "-o", "json", "-o", "digest", "f",
	    "127.0.0.1:x");
	run_check(&run, 1, "json and digest exclude each other");
	ck_assert_str_eq(run.out, "");
}
END_TEST

Suite *
events_suite(void)
{
	Suite *suite = suite_create("events");
	TCase *tcase = tcase_create("events");

	tcase_add_checked_fixture(tcase, server_begin, server_finish);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, event_is_written_for_each_outcome);
	tcase_add_test(
	    tcase, would_store_event_is_written_when_nothing_is_sent);
	tcase_add_test(tcase, digest_is_left_out_when_it_is_unknown);
	tcase_add_test(
	    tcase, event_comes_for_each_source_when_the_run_ends_early);
	tcase_add_test(tcase, json_escapes_names_with_control_bytes);
	tcase_add_test(tcase, line_is_written_when_the_file_is_stored);
	tcase_add_test(tcase, put_goes_on_when_the_reader_of_its_output_leaves);
	tcase_add_test(tcase, put_goes_on_when_its_output_fails);
	tcase_add_test(tcase, put_can_be_interrupted_when_its_reader_stalls);
	tcase_add_test(tcase, digests_agree_with_xxh64sum);
	tcase_add_test(tcase, json_and_digest_exclude_each_other);
	suite_add_tcase(suite, tcase);
	return suite;
}
