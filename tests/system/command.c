/* SPDX-License-Identifier: ISC */
/* ftx put -e: the command runs without a shell, is checked and reaped. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conn.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/suites.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Returns the command line of "ftxd -i", between these words. */
static const char *
server_command(const char *before, const char *after)
{
	static char command[3 * HARNESS_PATH];
	char program[HARNESS_PATH];

	snprintf(command, sizeof(command), "%s '%s' -i -d in%s", before,
	    harness_program(program, "ftxd"), after);
	return command;
}

/* Make a script in the working directory, for the command "./way". */
static void
script_make(const char *text)
{
	char line[4 * HARNESS_PATH], program[HARNESS_PATH];

	snprintf(line, sizeof(line), "#!/bin/sh\nftxd='%s'\n%s\n",
	    harness_program(program, "ftxd"), text);
	file_write("way", line);
	ck_assert_int_eq(chmod("way", 0755), 0);
}

static void
begin(void)
{
	harness_begin();
	directory_make("in");
	file_write("f", "some text\n");
	/* A connection by TCP would fail: nothing listens on port 1. */
	ck_assert_int_eq(setenv("FTX_PORT", "1", 1), 0);
}

static const uint64_t sizes[] = {
    0, 1, 65536, CONN_DATA + 1, (1 << 20) + 1, 9 << 20};

START_TEST(file_of_every_size_arrives_through_a_command)
{
	enum {
		COUNT = sizeof(sizes) / sizeof(sizes[0])
	};
	char names[COUNT][16], path[128];
	const char *argv[COUNT + 6] = {
	    "ftx", "put", "-e", server_command("", "")};
	struct run run;

	for (int i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d", i);
		file_make(names[i], sizes[i], (unsigned)i);
		argv[4 + i] = names[i];
	}
	argv[4 + COUNT] = "label:a/b/";
	run_all(&run, argv);
	run_check(&run, 0, NULL);
	ck_assert_msg(run.err[0] == '\0' && run.out[0] == '\0',
	    "success was not silent: \"%s%s\"", run.out, run.err);
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "in/a/b/%s", names[i]);
		ck_assert(file_equal(names[i], path));
	}
	ck_assert_int_eq(directory_count_staged("in"), 0);
}
END_TEST

START_TEST(host_is_not_looked_up_when_a_command_connects)
{
	struct run run;

	RUN(&run, "ftx", "put", "-v", "-e", server_command("", ""), "f",
	    "no-such-host.invalid:g");
	run_check(&run, 0, "stored f -> no-such-host.invalid:g");
	RUN(&run, "ftx", "put", "-o",
	    "command=sh -c 'exec \"$0\" \"$@\"' ftxd-is-not-there", "f", ":h");
	run_check(&run, 35, "sh ended with status 127");
	RUN(&run, "ftx", "put", "-e", server_command("env", ""), "f", ":h");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/g") && file_equal("f", "in/h"));
}
END_TEST

START_TEST(command_is_split_without_a_shell)
{
	struct run run;
	char *words;

	script_make("for word; do printf '[%s]\\n' \"$word\"; done >words\n"
		    "exec \"$ftxd\" -i -d in");
	RUN(&run, "ftx", "put", "-e",
	    "./way  $HOME `id` *;|&\t'two words' \"it's\" '' a'b c'd \\n", "f",
	    "x:f");
	run_check(&run, 0, NULL);
	words = file_read("words");
	ck_assert_str_eq(words,
	    "[$HOME]\n[`id`]\n[*;|&]\n[two words]\n[it's]\n[]\n[ab cd]\n"
	    "[\\n]\n");
	free(words);
}
END_TEST

START_TEST(command_starts_with_clean_descriptors_and_signals)
{
	struct run run;
	char *text;

	script_make("ls /proc/$$/fd >fds.$1\n"
		    "sed -n 's/^SigIgn:.*\\(.\\)...$/\\1/p' /proc/$$/status "
		    ">ignored\n"
		    "exec \"$ftxd\" -i -d in");
	RUN(&run, "./way", "alone");
	RUN(&run, "ftx", "put", "-e", "./way behind", "f", "x:f");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("fds.alone", "fds.behind"));
	/* SIGPIPE is bit 12: the lowest bit of the fourth digit. */
	text = file_read("ignored");
	ck_assert_msg(strtol(text, NULL, 16) % 2 == 0, "ignored: %s", text);
	free(text);
}
END_TEST

static const struct {
	const char *command, *words;
	int status;
} failures[] = {
    {"no-such-command -x", "cannot run no-such-command: No such file", 35},
    {"./f", "cannot run ./f: Permission denied", 35},
    {"./in", "cannot run ./in: Permission denied", 35},
    {"true", "true ended with status 0 before the server had greeted", 35},
    {"sh -c 'exit 7'", "sh ended with status 7 before the server", 35},
    {"sh -c 'kill -9 $$'", "sh ended by signal 9 before the server", 35},
    {"sh -c 'echo its own words >&2; exit 1'", "its own words", 35},
    {"echo SSH-2.0-OpenSSH_9.2",
	"ftx: x: the command answered, but not as ftxd: "
	"\"SSH-2.0-OpenSSH_9.2\"; nothing was stored\n",
	2},
    {"printf '\\r\\n\\0\\033[2J\\r\\nmore\\n'",
	"not as ftxd: \"\\x00\\x1b[2J\";", 2},
    /* ftx waits for the whole line, but not for long. */
    {"sh -c 'printf We; sleep 0.1; printf lcome; exec sleep 0.5'",
	"not as ftxd: \"Welcome\";", 2},
    {"sh -c 'while :; do printf x; done'", "xxxx\"; nothing was stored", 2},
    {"printf '\\210FTXD'", "not as ftxd: \"\\x88FTXD\";", 2},
    {"printf '\\211FTXd'", "not as ftxd: \"\\x89FTXd\";", 2},
    {"printf '\\211FTXD'", "printf ended with status 0 before the server", 35},
};

START_TEST(reason_is_reported_when_the_command_fails)
{
	struct run run;

	RUN(&run, "ftx", "put", "-e", failures[_i].command, "f", "x:f");
	run_check(&run, failures[_i].status, failures[_i].words);
	/* ftx does not retry when the first connection fails. */
	ck_assert_int_lt(run.elapsed, 2000);
}
END_TEST

START_TEST(tree_and_standard_input_go_through_a_command)
{
	struct run run;

	directory_make("src");
	directory_make("src/empty");
	file_make("src/big", 3 << 20, 1);
	RUN(&run, "ftx", "put", "-rp", "-e", server_command("", ""), "src",
	    "x:d");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("src/big", "in/d/src/big"));
	ck_assert_int_eq(directory_count("in/d/src/empty"), 0);
	/* The command's standard input is the connection, not that of ftx. */
	script_make("exec \"$ftxd\" -i -d in");
	run_shell(&run, "cat src/big | $FTX put -e ./way - x:big");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("src/big", "in/big"));
}
END_TEST

START_TEST(put_fails_when_a_banner_precedes_the_greeting)
{
	struct run run;

	script_make("echo Have a nice day\nexec \"$ftxd\" -i -d in");
	RUN(&run, "ftx", "put", "-e", "./way", "f", "x:f");
	run_check(&run, 2,
	    "x: the command answered, but not as ftxd: \"Have a nice day\"; "
	    "nothing was stored");
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

static const char *const kinds[] = {"f", "src", "-"};

/* The shell would execute the data. */
START_TEST(nothing_is_sent_when_the_command_is_a_shell)
{
	struct run run;

	directory_make("src");
	file_write("src/f", "touch ran\n");
	file_write("f", "\ntouch ran\n");
	RUN(&run, "ftx", "put", "-o", "queue-timeout=1s", "-rj", "2", "-e",
	    "sh", kinds[_i], "x:f");
	run_check(&run, 75, "the command sent no greeting in 1.");
	ck_assert(!file_exists("ran"));
}
END_TEST

/* The greeting lacks its last byte, or is whole. */
START_TEST(nothing_is_sent_before_the_whole_greeting)
{
	const struct wire_greeting greeting = {
	    WIRE_LOWEST, WIRE_LOWEST, WIRE_READY, INT64_MAX};
	uint8_t bytes[WIRE_GREETING];
	struct run run;
	FILE *file = fopen("greeting", "w");

	wire_write_greeting(bytes, &greeting);
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
	ck_assert_int_eq(fclose(file), 0);
	/* After a whole greeting, the command ends when it reads a byte. */
	script_make("[ $1 = 23 ] || exec 3>&1; head -c $1 greeting; "
		    "exec head -c 1 >received");
	RUN(&run, "ftx", "put", "-o", "retry=0", "-o", "queue-timeout=2s", "-e",
	    _i == 0 ? "./way 23" : "./way 24", "f", "x:f");
	ck_assert_int_eq(run.status, _i == 0 ? 35 : 10);
	ck_assert_int_eq(file_size("received") == 0, _i == 0);
}
END_TEST

/* The user may be typing a password: print the line once, never redraw it. */
START_TEST(progress_shows_the_wait_when_the_greeting_is_late)
{
	struct run run;
	char *again;

	script_make("sleep 5.5; exec \"$ftxd\" -i -d in");
	RUN(&run, "ftx", "put", "-o", "progress=bar", "-e", "./way", "f",
	    "x:f");
	run_check(&run, 0,
	    "ftx: x: waiting for ftxd's greeting from the command (0:05)\n");
	again = strstr(run.err, "greeting") + 1;
	ck_assert_ptr_null(strstr(again, "greeting"));
	ck_assert(file_equal("f", "in/f"));
}
END_TEST

/* The first command ends within the content; the second resumes the file. */
START_TEST(command_runs_again_when_the_connection_is_lost)
{
	struct run run;

	file_make("big", 1000000, 1);
	script_make("if mkdir first 2>/dev/null\n"
		    "then head -c 500000 | \"$ftxd\" -i -d in 2>/dev/null\n"
		    "exit 9\n"
		    "else exec \"$ftxd\" -i -d in\nfi");
	RUN(&run, "ftx", "put", "-e", "./way", "big", "x:big");
	run_check(&run, 0, "connection lost: ./way ended with status 9");
	ck_assert_ptr_nonnull(strstr(run.err, "trying again"));
	ck_assert(file_equal("big", "in/big"));
}
END_TEST

START_TEST(put_fails_when_the_connection_stays_lost)
{
	struct run run;

	file_make("big", 1000000, 1);
	script_make("head -c 500000 | \"$ftxd\" -i -d in 2>/dev/null");
	RUN(&run, "ftx", "put", "-o", "retry=0", "-e", "./way", "big", "x:big");
	run_check(&run, 10, "nothing was stored");
	ck_assert_int_eq(directory_count("in"), 0);
}
END_TEST

/* Put each source once, with memory filled from this number. */
static void
put_sources(const char *number)
{
	static const char *const sources[] = {
	    "src/a", "src/large", "src/holes", "src/refused"};
	char in[16];
	struct run run;

	ck_assert_int_eq(setenv("MALLOC_PERTURB_", number, 1), 0);
	snprintf(in, sizeof(in), "in.%s", number);
	directory_make(in);
	snprintf(in, sizeof(in), "in.%s/refused", number);
	directory_make(in);
	for (int i = 0; i < COUNT(sources); i++) {
		RUN(&run, "ftx", "put", "-rp", "-e", "./way", sources[i],
		    "label:");
		run_check(&run, i < 3 ? 0 : 5, NULL);
	}
}

/*
 * The bytes on the wire depend only on the files, not on old content of memory.
 * MALLOC_PERTURB_ of glibc fills memory differently in each run.
 */
START_TEST(bytes_on_the_wire_are_the_same_when_memory_differs)
{
	script_make("tee -a up.$MALLOC_PERTURB_ | \"$ftxd\" -i -d "
		    "in.$MALLOC_PERTURB_ | tee -a down.$MALLOC_PERTURB_");
	directory_make("src");
	directory_make("src/a");
	file_make("src/a/small", 3000, 1);
	file_make("src/large", 3 << 20, 2);
	file_write("src/holes", "begin");
	ck_assert_int_eq(truncate("src/holes", 1 << 20), 0);
	file_write("src/refused", "a directory is in its way");
	put_sources("85");
	put_sources("170");
	ck_assert_uint_gt(file_size("up.85"), 3 << 20);
	ck_assert(file_equal("up.85", "up.170"));
	ck_assert(file_equal("down.85", "down.170"));
}
END_TEST

/* If the command does not end by itself, ftx ends it. */
START_TEST(command_is_ended_when_the_run_is_interrupted)
{
	struct run run;
	char *text;
	pid_t pid;

	script_make("echo $$ >pid.new; mv pid.new pid; exec sleep 1000");
	RUN_BEGIN(&run, "ftx", "put", "-e", "./way", "f", "x:f");
	eventually(file_exists("pid"), HARNESS_TIMEOUT);
	text = file_read("pid");
	pid = (pid_t)strtol(text, NULL, 10);
	free(text);
	ck_assert(process_is_alive(pid));
	ck_assert_int_eq(kill(run.pid, SIGTERM), 0);
	run_finish(&run);
	run_check(&run, 128 + SIGTERM, "interrupted");
	ck_assert(!process_is_alive(pid));
}
END_TEST

START_TEST(put_gives_up_when_no_greeting_comes)
{
	struct run run;

	RUN(&run, "ftx", "put", "-o", "queue-timeout=1s", "-e", "sleep 1000",
	    "f", "x:f");
	run_check(&run, 75, NULL);
}
END_TEST

static const char *const bad_usage[][2] = {
    {"-e", "a 'b"},
    {"-e", "a \"b"},
    {"-e", " "},
    {"-P", "2345"},
    {"-b", "127.0.0.1"},
    {"-4", NULL},
    {"-6", NULL},
    {"-o", "port=2345"},
};

START_TEST(usage_is_shown_when_command_options_are_wrong)
{
	const char *argv[10] = {"ftx", "put", "-e", "true"};
	struct run run;
	int count = 4;

	for (int i = 0; i < 2 && bad_usage[_i][i] != NULL; i++)
		argv[count++] = bad_usage[_i][i];
	argv[count++] = "f";
	argv[count++] = "x:f";
	run_all(&run, argv);
	run_check(&run, 1, "usage:");
}
END_TEST

Suite *
command_suite(void)
{
	Suite *suite = suite_create("command");
	TCase *tcase = tcase_create("command");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, file_of_every_size_arrives_through_a_command);
	tcase_add_test(tcase, host_is_not_looked_up_when_a_command_connects);
	tcase_add_test(tcase, command_is_split_without_a_shell);
	tcase_add_test(
	    tcase, command_starts_with_clean_descriptors_and_signals);
	tcase_add_loop_test(tcase, reason_is_reported_when_the_command_fails, 0,
	    COUNT(failures));
	tcase_add_test(tcase, put_fails_when_a_banner_precedes_the_greeting);
	tcase_add_loop_test(tcase, nothing_is_sent_when_the_command_is_a_shell,
	    0, COUNT(kinds));
	tcase_add_loop_test(
	    tcase, nothing_is_sent_before_the_whole_greeting, 0, 2);
	tcase_add_test(
	    tcase, progress_shows_the_wait_when_the_greeting_is_late);
	tcase_add_test(tcase, tree_and_standard_input_go_through_a_command);
	tcase_add_test(tcase, command_runs_again_when_the_connection_is_lost);
	tcase_add_test(tcase, put_fails_when_the_connection_stays_lost);
	tcase_add_test(
	    tcase, bytes_on_the_wire_are_the_same_when_memory_differs);
	tcase_add_test(tcase, command_is_ended_when_the_run_is_interrupted);
	tcase_add_test(tcase, put_gives_up_when_no_greeting_comes);
	tcase_add_loop_test(tcase,
	    usage_is_shown_when_command_options_are_wrong, 0, COUNT(bad_usage));
	suite_add_tcase(suite, tcase);
	return suite;
}
