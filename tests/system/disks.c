/* SPDX-License-Identifier: ISC */
/* A disk that is full, read-only or dead: reported within a second. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/disk.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define IMAGE "disk"
#define BIG (8 << 20)
/* Milliseconds until ftx must report the reason. */
#define SOON 1000

static struct server server;
static pid_t worker;
static int is_there;

static void
start(void)
{
	pid_t workers[SERVER_WORKERS];

	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	server_expect_workers(&server, workers, 1);
	worker = workers[0];
}

static void
begin(void)
{
	harness_begin();
	file_make("small", 20000, 1);
	file_make("big", BIG, 2);
	is_there = disk_begin(IMAGE, "in") == 0;
	if (is_there)
		start();
	else
		harness_skip("loop", "needs root, loop devices and ext4");
}

static void
end(void)
{
	if (is_there) {
		server_stop(&server);
		disk_end(IMAGE, "in");
	}
	harness_end();
}

/* The server still works, with the same worker. */
static void
check_service(void)
{
	pid_t workers[SERVER_WORKERS];

	server_expect_workers(&server, workers, 1);
	ck_assert_int_eq(workers[0], worker);
}

static void
put_bad(int status, const char *reason)
{
	struct run run;

	RUN(&run, "ftx", "put", "small", "127.0.0.1:small");
	run_check(&run, status, reason);
	ck_assert_int_lt(run.elapsed, SOON);
	check_service();
}

/* Begin to put a large file, so slowly that a fault hits it. */
static void
begin_slow(struct run *run)
{
	RUN_BEGIN(run, "ftx", "put", "-l", "16000", "big", "127.0.0.1:big");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
}

static void
end_slow(struct run *run, int status, const char *reason)
{
	io_time befallen = io_now();

	run_finish(run);
	ck_assert_int_lt(io_now() - befallen, SOON);
	run_check(run, status, reason);
	check_service();
}

static void
fill(const char *path)
{
	static char block[65536];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	memset(block, 1, sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	close(fd);
}

START_TEST(put_fails_at_once_when_the_disk_is_full)
{
	struct run run;

	if (!is_there)
		return;
	put_good(&server, "small", "before");
	begin_slow(&run);
	fill("in/filler");
	end_slow(&run, 28, "No space left on device");
	ck_assert_int_eq(directory_count_staged("in"),
	    strstr(run.err, "partial kept") != NULL);
	put_bad(28, "No space left on device");
	ck_assert_int_eq(directory_count("in"), 3); /* and lost+found */
	ck_assert_int_eq(unlink("in/filler"), 0);
	put_good(&server, "small", "small");
	put_good(&server, "big", "big");
	check_service();
	ck_assert(file_equal("small", "in/before"));
}
END_TEST

START_TEST(put_fails_at_once_when_the_disk_is_read_only)
{
	if (!is_there)
		return;
	put_good(&server, "small", "before");
	disk_remount("in", "ro");
	put_bad(11, "Read-only file system");
	put_bad(11, "Read-only file system");
	disk_remount("in", "rw");
	put_good(&server, "small", "small");
	check_service();
}
END_TEST

/* Only a new mount repairs the file system: start the server again after it. */
static void
start_again(void)
{
	server_kill(&server);
	disk_restore(IMAGE, "in");
	start();
	put_good(&server, "small", "small");
	ck_assert(!file_exists("in/big"));
	put_good(&server, "big", "big");
	ck_assert(file_equal("small", "in/before"));
}

START_TEST(transfer_fails_when_the_disk_becomes_read_only)
{
	struct run run;

	if (!is_there)
		return;
	put_good(&server, "small", "before");
	begin_slow(&run);
	disk_remount("in", "abort");
	end_slow(&run, 11, "Read-only file system");
	put_bad(11, "Read-only file system");
	ck_assert(process_is_alive(server.pid));
	start_again();
}
END_TEST

START_TEST(transfer_fails_when_the_disk_dies)
{
	struct run run;

	if (!is_there)
		return;
	put_good(&server, "small", "before");
	begin_slow(&run);
	disk_cut("in");
	end_slow(&run, 11, " error");
	put_bad(11, " error");
	ck_assert(process_is_alive(server.pid));
	start_again();
}
END_TEST

Suite *
disks_suite(void)
{
	Suite *suite = suite_create("disks");
	TCase *tcase = tcase_create("disks");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, put_fails_at_once_when_the_disk_is_full);
	tcase_add_test(tcase, put_fails_at_once_when_the_disk_is_read_only);
	tcase_add_test(tcase, transfer_fails_when_the_disk_becomes_read_only);
	tcase_add_test(tcase, transfer_fails_when_the_disk_dies);
	suite_add_tcase(suite, tcase);
	return suite;
}
