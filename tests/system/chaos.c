/* SPDX-License-Identifier: ISC */
/* Random faults of all kinds: each file reported as stored is stored. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/disk.h"
#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define IMAGE "disk"
#define WORKERS 8
#define PUTTERS 3
#define NAMES 8	    /* of each putter */
#define DOUBTFUL 16 /* retired names, checked again before removal */
#define PAUSE 150   /* milliseconds between two faults */

/* Two of three files are small.  If the third is cut, a partial is kept. */
#define SMALL 60000
#define LARGE (1200 * 1024)

static struct server server;
static struct proxy proxy;
static int on_disk;
static pid_t stopped;

/* A target of a putter.  All versions that are sent to it differ. */
struct name {
	char path[64]; /* "in/PUTTER/SLOT.SERIAL"; empty: unused */
	unsigned serial;
	int stored;		 /* "oldest" or a later version was stored */
	unsigned oldest, newest; /* versions that may be there */
};

struct putter {
	int number;
	unsigned version, stored, failed, retired;
	struct name names[NAMES];
	struct name doubts[DOUBTFUL];
};

/* Returns the duration in milliseconds: a short one in "make check". */
static int64_t
duration(void)
{
	const char *text = getenv("FTX_CHAOS");

	if (text != NULL)
		return 1000 * (int64_t)strtol(text, NULL, 10);
	return getenv("FTX_ENDURANCE") != NULL ? 60000 : 1500;
}

static void
make_version(const struct putter *putter, const char *path, unsigned version)
{
	uint64_t size = version % 3 == 0 ? LARGE : SMALL;

	file_make(
	    path, size + version, (unsigned)putter->number * 100000 + version);
}

/* The file must be one of the possible versions: never a mix, never short. */
static void
check_name(const struct putter *putter, const struct name *name)
{
	char copy[32];

	if (name->path[0] == '\0')
		return;
	if (!file_exists(name->path)) {
		ck_assert_msg(!name->stored, "%s was stored", name->path);
		return;
	}
	snprintf(copy, sizeof(copy), "copy.%d", putter->number);
	for (unsigned i = name->oldest; i <= name->newest; i++) {
		make_version(putter, copy, i);
		if (file_equal(copy, name->path))
			return;
	}
	ck_abort_msg("%s is no version from %u to %u", name->path, name->oldest,
	    name->newest);
}

/*
 * After a lost connection, the worker may still store this version later.  So
 * the next version gets a new name.
 */
static void
choose_new_name(struct putter *putter, struct name *name)
{
	struct name *slot = &putter->doubts[putter->retired++ % DOUBTFUL];

	check_name(putter, slot);
	(void)unlink(slot->path);
	*slot = *name;
	*name = (struct name){.serial = name->serial + 1};
}

static void
note_version(struct putter *putter, unsigned slot, struct name *name)
{
	if (name->path[0] == '\0') {
		snprintf(name->path, sizeof(name->path), "in/%d/%u.%u",
		    putter->number, slot, name->serial);
		name->oldest = putter->version;
	}
	name->newest = putter->version;
}

static void
put_once(struct putter *putter)
{
	unsigned slot = (unsigned)random() % NAMES;
	struct name *name = &putter->names[slot];
	char source[32], target[128];
	struct run run;

	snprintf(source, sizeof(source), "source.%d", putter->number);
	make_version(putter, source, ++putter->version);
	note_version(putter, slot, name);
	snprintf(
	    target, sizeof(target), "127.0.0.1:%s", name->path + strlen("in/"));
	RUN(&run, "ftx", "put", "-o", "retry=1", "-o", "timeout=2s", "-o",
	    "commit-timeout=2s", "-o", "queue-timeout=3s", source, target);
	if (run.status == 0) {
		putter->stored++;
		name->stored = 1;
		name->oldest = name->newest;
		check_name(putter, name);
	} else {
		putter->failed++;
		ck_assert_msg(run.status < 128 && run.err[0] != '\0',
		    "status %d, \"%s\"", run.status, run.err);
	}
	if (run.err[0] != '\0')
		choose_new_name(putter, name);
}

static _Noreturn void
put_until(int number, io_time end)
{
	struct putter putter = {.number = number};

	srandom((unsigned)number);
	while (io_now() < end)
		put_once(&putter);
	for (unsigned i = 0; i < NAMES; i++)
		check_name(&putter, &putter.names[i]);
	for (unsigned i = 0; i < DOUBTFUL; i++)
		check_name(&putter, &putter.doubts[i]);
	printf("chaos: %u stored, %u not\n", putter.stored, putter.failed);
	fflush(stdout);
	ck_assert_uint_gt(putter.stored, 0);
	_exit(0);
}

static pid_t
any_worker(void)
{
	pid_t pids[SERVER_WORKERS];
	int count = server_workers(&server, pids);

	return count > 0 ? pids[random() % count] : 0;
}

static void
kill_one(void)
{
	pid_t pid = any_worker();

	if (pid > 0)
		(void)kill(pid, random() % 2 == 0 ? SIGKILL : SIGSEGV);
}

static void
stop_or_continue(void)
{
	if (stopped > 0)
		(void)kill(stopped, SIGCONT);
	stopped = stopped > 0 ? 0 : any_worker();
	if (stopped > 0)
		(void)kill(stopped, SIGSTOP);
}

static void
read_settings(void)
{
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
}

static void
cut_links(void)
{
	ck_assert_int_eq(proxy_cut(&proxy), 0);
}

/* Fill the disk only if the test made it. */
static void
fill_disk(void)
{
	static char block[1 << 20];
	int fd;

	if (!on_disk)
		return;
	fd = open("in/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	(void)poll(NULL, 0, PAUSE);
	close(fd);
	(void)unlink("in/filler");
}

/* Workers are killed too seldom for ftxd to delay the next one. */
static void (*const faults[])(void) = {stop_or_continue, kill_one, cut_links,
    read_settings, stop_or_continue, fill_disk, cut_links, fill_disk};

static void
make_faults(io_time end)
{
	while (io_now() < end) {
		faults[(size_t)random() %
		    (sizeof(faults) / sizeof(faults[0]))]();
		(void)poll(NULL, 0, (int)(random() % (2 * PAUSE)));
		ck_assert_msg(process_is_alive(server.pid), "the master died");
	}
	if (stopped > 0)
		stop_or_continue();
}

/* Old workers end only after they notice that their connections are lost. */
static void
check_calm(void)
{
	pid_t pids[SERVER_WORKERS];

	eventually(server_workers(&server, pids) == WORKERS, HARNESS_TIMEOUT);
	file_write("f", "x");
	put_good(&server, "f", "afterwards");
	server_stop(&server);
}

START_TEST(stored_files_are_whole_when_all_faults_come_at_once)
{
	const struct proxy_plan plan = {.handshake = 0};
	io_time end;
	pid_t pids[PUTTERS];
	char port[16];
	int status;

	on_disk = disk_begin(IMAGE, "in") == 0;
	SERVER_START(
	    &server, "-w", "8", "-C", "8", "-q", "-t", "2", "-o", "min-free=0");
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
	end = io_now() + duration();
	for (int i = 0; i < PUTTERS; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] == 0)
			put_until(i + 1, end);
	}
	make_faults(end);
	for (int i = 0; i < PUTTERS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_msg(status == 0, "putter %d: %d", i, status);
	}
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	snprintf(port, sizeof(port), "%u", server.port);
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
	check_calm();
	if (on_disk)
		disk_end(IMAGE, "in");
}
END_TEST

Suite *
chaos_suite(void)
{
	Suite *suite = suite_create("chaos");
	TCase *tcase = harness_case("chaos");

	tcase_add_test(
	    tcase, stored_files_are_whole_when_all_faults_come_at_once);
	tcase_set_timeout(tcase, 120 + (double)duration() / 1000);
	suite_add_tcase(suite, tcase);
	return suite;
}
