/* SPDX-License-Identifier: ISC */
/* Power is cut during a sweep of the staging directory or a resume. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/disk.h"
#include "tests/lab/proxy.h"
#include "tests/lab/stepper.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/kept.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define IMAGE "disk"
#define SOURCE "large/" KEPT_NAME
#define TARGET "in/d/" KEPT_NAME
#define ABANDONED 4
/* The client must not retry. */
#define PUT "ftx", "put", "-o", "retry=0", "-o", "queue-timeout=1s"

static const char *const arguments[] = {"-w", "1", "-o", "min-free=0", NULL};

static struct plan plan;
static struct server server;
static char staging[64];

static pid_t
start(void)
{
	static const char *const none[] = {NULL};
	pid_t workers[SERVER_WORKERS];

	server_start_by(&server, none, arguments);
	server_expect_workers(&server, workers, 1);
	return workers[0];
}

/*
 * Returns how many calls apart the cuts are.  Other disks than ext4 are slower.
 */
static unsigned
stride(enum disk_kind kind, unsigned short_form)
{
	if (getenv("FTX_ENDURANCE") != NULL)
		return 1;
	return kind == DISK_EXT4 ? short_form : 2 * short_form;
}

static void
sync_path(const char *path)
{
	int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fsync(fd), 0);
	close(fd);
}

/* Returns nonzero if the server runs, zero if the test was skipped. */
static int
begin(enum disk_kind kind)
{
	if (disk_begin_as(kind, IMAGE, "in") != 0) {
		harness_skip(disk_name(kind), "not all that it needs is there");
		return 0;
	}
	snprintf(
	    staging, sizeof(staging), "in/.ftx-%lu", (unsigned long)geteuid());
	directory_make("new");
	file_make("probe", 3000, 9);
	start();
	kept_begin();
	put_good(&server, "probe", "probe");
	return 1;
}

/* Cut power, and restore the disk. */
static void
cut(void)
{
	disk_cut("in");
	server_kill(&server);
	disk_restore(IMAGE, "in");
	ck_assert(file_equal("probe", "in/probe"));
}

/* Remove all staged files, also those that btrfs restored after the cut. */
static void
clean(void)
{
	struct run run;

	RUN(&run, "sh", "-ec", "rm -f \"$1\"/*; sync -f in", "sh", staging);
	run_check(&run, 0, NULL);
}

static void
plant(void)
{
	kept_plant();
	sync_path(kept_path());
	sync_path(staging);
}

/* Repeat the put: the file is whole, and nothing stays staged. */
static void
put_whole(void)
{
	struct run run;

	RUN(&run, "ftx", "put", SOURCE, "127.0.0.1:d/");
	run_check(&run, 0, NULL);
	ck_assert(file_equal(SOURCE, TARGET));
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
}

static void
end(void)
{
	server_stop(&server);
	disk_end(IMAGE, "in");
}

/* Leave staged files and a partial, as killed workers do. */
static void
abandon(void)
{
	char path[96];

	for (int i = 0; i < ABANDONED; i++) {
		snprintf(path, sizeof(path), "%s/gone-%d", staging, i);
		file_make(path, 3000, (unsigned)i);
		sync_path(path);
	}
	plant();
}

/* Returns the child of the server that is stopped, or 0. */
static pid_t
find_stopped(void)
{
	pid_t pids[SERVER_WORKERS], parent;
	int count = server_workers(&server, pids);
	char state;

	while (count-- > 0)
		if (process_look(pids[count], &parent, &state) == 0 &&
		    state == 'T')
			return pids[count];
	return 0;
}

/* Returns nonzero if power was cut during the sweep, zero if it had ended. */
static int
sweep_and_cut(unsigned step)
{
	static const struct plan_fault stop = {
	    FAULT_DIRECTORY, FAULT_ANYTHING, FAULT_SIGNAL, SIGSTOP, 0, 0};
	pid_t sweep;
	int came;

	plan_arm(&plan, &stop, 1, 0);
	server_start_by(&server, plan.launcher, arguments);
	eventually((sweep = find_stopped()) != 0, HARNESS_TIMEOUT);
	ck_assert_int_eq(stepper_begin(sweep), 0);
	came = stepper_go(sweep, step, 0);
	ck_assert_int_ge(came, 0);
	cut();
	stepper_end(sweep);
	return came;
}

/*
 * Cut power before calls of a sweep.  The partial stays; the abandoned files
 * are removed later.
 */
START_TEST(wanted_partial_stays_when_power_is_cut_during_a_sweep)
{
	enum disk_kind kind = (enum disk_kind)_i;
	unsigned cuts = 0, step = 1, by = stride(kind, 9);
	int came = 1;
	struct run run;

	if (plan_make(&plan, "plan") != 0 || !begin(kind))
		return;
	cut();
	clean();
	for (; came; step += by, cuts++) {
		abandon();
		RUN(&run, "cp", kept_path(), "wanted");
		run_check(&run, 0, NULL);
		came = sweep_and_cut(step);
		ck_assert_int_le(directory_count_staged("in"), ABANDONED + 1);
		ck_assert(file_equal("wanted", kept_path()));
	}
	printf("crash_staging: %s: %u power cuts up to call %u of the sweep\n",
	    disk_name(kind), cuts, step - by);
	ck_assert_uint_gt(cuts, 2);
	abandon();
	start();
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	put_whole();
	end();
}
END_TEST

/* Returns nonzero if power was cut during the put, zero if it had ended. */
static int
resume_and_cut(unsigned step)
{
	pid_t worker = start();
	struct run run;
	int came;

	ck_assert_int_eq(stepper_begin(worker), 0);
	RUN_BEGIN(&run, PUT, SOURCE, "127.0.0.1:d/");
	came = stepper_go(worker, step, run.pid);
	ck_assert_int_ge(came, 0);
	cut();
	stepper_end(worker);
	run_finish(&run);
	ck_assert_msg(run.status == 0
		? file_equal(SOURCE, TARGET)
		: !file_exists(TARGET) || file_equal(SOURCE, TARGET),
	    "call %u: status %d, but the file is not whole", step, run.status);
	return came;
}

/* Cut power before calls of a put that resumes a partial. */
START_TEST(put_resumes_when_power_is_cut_during_a_resume)
{
	/* Earlier calls only accept the connection and send the greeting. */
	enum disk_kind kind = (enum disk_kind)_i;
	unsigned cuts = 0, step = 11, by = stride(kind, 19);
	int came = 1;

	if (!begin(kind))
		return;
	cut();
	clean();
	for (; came; step += by, cuts++) {
		(void)unlink(TARGET);
		plant();
		came = resume_and_cut(step);
		start();
		put_whole();
		server_stop(&server);
	}
	printf("crash_staging: %s: %u power cuts up to call %u of a put\n",
	    disk_name(kind), cuts, step - by);
	ck_assert_uint_gt(cuts, 2);
	start();
	end();
}
END_TEST

/* Zero a block, as if the file's size was written but not these bytes. */
static void
lose_bytes(void)
{
	static const char nothing[65536];
	int fd = open(kept_path(), O_WRONLY);

	ck_assert_int_eq(pwrite(fd, nothing, sizeof(nothing), 512 << 10),
	    (ssize_t)sizeof(nothing));
	close(fd);
}

/*
 * The state of the partial after the cut: whole, short, empty, or with zeros.
 */
enum left {
	LEFT_WHOLE,
	LEFT_SHORT,
	LEFT_NAME,
	LEFT_ZEROS,
	LEFT_COUNT
};

static void
leave(enum left left)
{
	if (left == LEFT_WHOLE || left == LEFT_ZEROS)
		plant();
	if (left == LEFT_SHORT) {
		plant();
		ck_assert_int_eq(truncate(kept_path(), 1 << 20), 0);
		sync_path(kept_path());
	}
	if (left == LEFT_SHORT || left == LEFT_NAME)
		kept_plant();
	cut();
	if (left == LEFT_ZEROS)
		lose_bytes();
}

/* A partial is resumed only if its digest matches the source. */
START_TEST(partial_is_used_only_when_its_digest_is_right)
{
	static const struct proxy_plan plain = {.faulty = 0};
	enum disk_kind kind = (enum disk_kind)(_i / LEFT_COUNT);
	enum left left = (enum left)(_i % LEFT_COUNT);
	int is_good = left == LEFT_WHOLE || left == LEFT_SHORT;
	struct proxy proxy;
	struct run run;
	char port[16];

	if (!begin(kind))
		return;
	leave(left);
	start();
	ck_assert_int_eq(proxy_start(&proxy, &plain, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN(&run, "ftx", "put", "-P", port, SOURCE, "127.0.0.1:d/");
	run_check(&run, 0, NULL);
	ck_assert(file_equal(SOURCE, TARGET));
	/*
	 * If the whole file is sent, more bytes than this pass, even without
	 * its holes.  Each commit of btrfs writes everything, so it may keep an
	 * unsynced file.
	 */
	if (kind != DISK_BTRFS || left != LEFT_NAME)
		ck_assert_int_eq(is_good, *proxy.passed < 1152 << 10);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	eventually(directory_count_staged("in") == 0, HARNESS_TIMEOUT);
	end();
}
END_TEST

Suite *
crash_staging_suite(void)
{
	Suite *suite = suite_create("crash_staging");
	TCase *tcase = harness_case("crash_staging");

	tcase_set_timeout(tcase, 1200);
	tcase_add_loop_test(tcase,
	    wanted_partial_stays_when_power_is_cut_during_a_sweep, 0,
	    DISK_KINDS);
	tcase_add_loop_test(tcase,
	    put_resumes_when_power_is_cut_during_a_resume, 0, DISK_KINDS);
	tcase_add_loop_test(tcase,
	    partial_is_used_only_when_its_digest_is_right, 0,
	    LEFT_COUNT * DISK_KINDS);
	suite_add_tcase(suite, tcase);
	return suite;
}
