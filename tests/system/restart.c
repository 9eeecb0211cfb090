/* SPDX-License-Identifier: ISC */
/* A server that restarts in the middle of a tree. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"
#include "tests/system/trees.h"

#define DIRECTORIES 20

static struct server server;
static int files; /* in each directory */

static void
begin(void)
{
	char path[64];

	/* The long form is for tests/endurance. */
	files = getenv("FTX_ENDURANCE") != NULL ? 250 : 25;
	harness_begin();
	directory_make("src");
	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(path, sizeof(path), "src/%d", i);
		directory_make(path);
		for (int j = 0; j < files; j++) {
			snprintf(path, sizeof(path), "src/%d/%d", i, j);
			file_make(path, (uint64_t)j * 20, (unsigned)j);
		}
	}
	SERVER_START(&server, "-w", "2");
}

static void
end(void)
{
	server_stop(&server);
	harness_end();
}

static void
start_again(void)
{
	char port[16];

	snprintf(port, sizeof(port), "%u", server.port);
	SERVER_START(&server, "-w", "2", "-p", port);
}

/* Put the tree, call down when the first files are stored, and start again. */
static void
put_through(void (*down)(void))
{
	struct run run;
	char limit[16];

	/* All files of the tree have about 200 * files * files bytes: 2 s. */
	snprintf(limit, sizeof(limit), "%d", files * files * 100 * 8 / 1024);
	RUN_BEGIN(&run, "ftx", "put", "-rp", "-l", limit, "src", "127.0.0.1:");
	eventually(file_exists("in/src") && directory_count("in/src") > 1,
	    HARNESS_TIMEOUT);
	down();
	ck_assert_msg(process_is_alive(run.pid), "the put ended too early");
	ck_assert_int_lt(directory_count("in/src"), DIRECTORIES);
	start_again();
	run_finish(&run);
	run_check(&run, 0, "trying again");
	trees_check_equal("src", "in/src");
}

static void
stop(void)
{
	server_stop(&server);
}

START_TEST(tree_arrives_when_the_server_restarts)
{
	put_through(stop);
}
END_TEST

static void
kill_all(void)
{
	server_kill(&server);
}

START_TEST(tree_arrives_when_the_server_is_killed)
{
	put_through(kill_all);
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
}
END_TEST

#define BIG (6 << 20)

/* Wait for a random part of the time that a put takes. */
static void
pause_at_random(void)
{
	(void)poll(NULL, 0, (int)(random() % 60));
}

/* If the file exists, it must be equal to one of the sources. */
static void
check_whole(const char *path)
{
	ck_assert_msg(!file_exists(path) || file_equal("v0/big", path) ||
		file_equal("v1/big", path) || file_equal("v0/small", path) ||
		file_equal("v1/small", path),
	    "%s is broken", path);
}

START_TEST(files_are_old_or_new_when_the_server_is_killed)
{
	int rounds = getenv("FTX_ENDURANCE") != NULL ? 100 : 10, cut = 0;
	struct run run;
	char source[8];

	directory_make("v0");
	directory_make("v1");
	file_make("v0/big", BIG, 1);
	file_make("v1/big", BIG + 4096, 2);
	file_make("v0/small", 5000, 3);
	file_make("v1/small", 400, 4);
	for (int i = 0; i < rounds; i++) {
		snprintf(source, sizeof(source), "v%d/", i % 2);
		RUN_BEGIN(&run, "ftx", "put", "-r", source, "127.0.0.1:v");
		pause_at_random();
		kill_all();
		(void)kill(run.pid, SIGKILL);
		run_finish(&run);
		cut += run.status != 0;
		check_whole("in/v/big");
		check_whole("in/v/small");
		start_again();
	}
	/* Either source may resume the partial of its large file. */
	for (int i = 1; i >= 0; i--) {
		snprintf(source, sizeof(source), "v%d/", i);
		RUN(&run, "ftx", "put", "-r", source, "127.0.0.1:v");
		run_check(&run, 0, NULL);
		trees_check_equal(source, "in/v");
	}
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
	printf("restart: killed %d times, %d of them too early\n", rounds, cut);
	ck_assert_int_gt(cut, 0);
}
END_TEST

Suite *
restart_suite(void)
{
	Suite *suite = suite_create("restart");
	TCase *tcase = tcase_create("restart");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, tree_arrives_when_the_server_restarts);
	tcase_add_test(tcase, tree_arrives_when_the_server_is_killed);
	tcase_add_test(tcase, files_are_old_or_new_when_the_server_is_killed);
	suite_add_tcase(suite, tcase);
	return suite;
}
