/* SPDX-License-Identifier: ISC */
/* Targets that can never be published: refused before their data. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os.h"
#include "tests/lab/filter.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define SIZE (8 << 20)
/* More bytes than a refused put sends, and fewer than the file has. */
#define FEW (SIZE / 2)

/* The server has a tmpfs in a mount namespace of its own. */
static const char *const launcher[] = {"unshare", "-m", "--propagation",
    "private", "sh", "-ec",
    "mount -t tmpfs -o size=64m none in; here=$PWD; cd in; umask 022;"
    "mkdir bind else foreign sticky fixed grows there;"
    "for f in else/g mounted sticky/f fixed/f grows/f kept there/f; do"
    " echo old >$f; done;"
    "chown -R nobody . ; chown root foreign sticky sticky/f;"
    "chmod 1777 sticky; mount --bind else bind;"
    "mount --bind else/g mounted; chattr +i fixed kept; chattr +a grows;"
    "cd $here; exec \"$@\"",
    "sh", NULL};

static const struct {
	const char *target, *words;
	int needs_mount_reports; /* needs a system that reports mounts */
} cases[] = {
    {"bind/f", "mount", 1},
    {"bind/new/f", "mount", 1},
    {"mounted", "mounted on the target", 1},
    {"foreign/f", "foreign: the server cannot write there", 0},
    {"foreign/new/f", "Permission denied", 0},
    {"sticky/f", "sticky", 0},
    {"fixed/new", "Operation not permitted", 0},
    {"kept", "immutable", 1},
    {"grows/f", "append-only", 1},
};

#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))

static struct server server;
static char seen[HARNESS_PATH]; /* its tmpfs, seen from outside */

/* Returns nonzero if the server runs, zero if the test was skipped. */
static int
start(void)
{
	static const char *const arguments[] = {
	    "-w", "1", "-u", "nobody", "-o", "min-free=0", NULL};
	char here[HARNESS_PATH / 2];
	struct run run;

	RUN(&run, "unshare", "-m", "--propagation", "private", "sh", "-ec",
	    "mount -t tmpfs none /tmp; touch /tmp/f; chattr +i /tmp/f");
	if (run.status != 0) {
		harness_skip("marks", "needs root, unshare and chattr");
		return 0;
	}
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	file_make("f", SIZE, 1);
	server_start_by(&server, launcher, arguments);
	snprintf(
	    seen, sizeof(seen), "/proc/%ld/root%s/in", (long)server.pid, here);
	return 1;
}

/* Returns how many bytes the only worker has read. */
static uint64_t
bytes_read(void)
{
	pid_t pids[SERVER_WORKERS];
	char text[PROCESS_TEXT];

	server_expect_workers(&server, pids, 1);
	ck_assert_int_eq(process_field(pids[0], "io", "rchar:", text), 0);
	return strtoull(text, NULL, 10);
}

static void
put(struct run *run, const char *option, const char *target)
{
	char remote[HARNESS_PATH];

	snprintf(remote, sizeof(remote), "127.0.0.1:%s", target);
	RUN(run, "ftx", "put", option, "f", remote);
}

START_TEST(hopeless_target_is_refused_before_its_data)
{
	const char *target = cases[_i].target;
	struct run run;
	uint64_t before;

	if (cases[_i].needs_mount_reports && !os_detects_mounts()) {
		harness_skip("marks", "this system does not report mounts");
		return;
	}
	if (!start())
		return;
	put(&run, "-n", target);
	run_check(&run, 5, cases[_i].words);
	before = bytes_read();
	put(&run, "-v", target);
	run_check(&run, 5, cases[_i].words);
	ck_assert_uint_lt(bytes_read() - before, FEW);
	server_stop(&server);
}
END_TEST

START_TEST(no_parent_is_made_beneath_a_mount)
{
	char path[HARNESS_PATH + 16];
	struct run run;

	if (!start())
		return;
	put(&run, "-v", "bind/new/f");
	run_check(&run, 5, NULL);
	snprintf(path, sizeof(path), "%s/else/new", seen);
	ck_assert_int_eq(file_exists(path), !os_detects_mounts());
	server_stop(&server);
}
END_TEST

/* Other targets in the same directories are stored. */
START_TEST(good_targets_are_stored_beside_hopeless_ones)
{
	static const char *const good[] = {
	    "there/f", "sticky/new", "grows/new", "new/er/f", "else/g"};
	struct run run;

	if (!start())
		return;
	for (int i = 0; i < 5; i++) {
		put(&run, "-n", good[i]);
		run_check(&run, 0, NULL);
		put(&run, "-v", good[i]);
		run_check(&run, 0, NULL);
	}
	server_stop(&server);
}
END_TEST

/* Refuse statx(2), as old filters of system calls do. */
START_TEST(mounts_are_found_late_when_statx_is_missing)
{
	struct run run;

	/* 32-bit loaders call statx, and fail on errors other than ENOSYS. */
	if (_i != 0 && sizeof(long) == 4) {
		harness_skip("filter", "the loader needs statx");
		return;
	}
	if (filter_refuse(filter_statx, _i == 0 ? ENOSYS : EPERM) != 0) {
		harness_skip("filter", strerror(errno));
		return;
	}
	RUN(&run, "ftxd", "-T", "-d", ".");
	run_check(&run, 0, NULL);
	ck_assert_ptr_nonnull(strstr(run.out, "does not report mounts"));
	if (!start())
		return;
	put(&run, "-n", "bind/f");
	run_check(&run, 0, NULL);
	put(&run, "-v", "bind/f");
	run_check(&run, 5, "publishing");
	put(&run, "-v", "foreign/f");
	run_check(&run, 5, "cannot write there");
	put(&run, "-v", "there/f");
	run_check(&run, 0, NULL);
	server_stop(&server);
}
END_TEST

Suite *
hopeless_suite(void)
{
	Suite *suite = suite_create("hopeless");
	TCase *tcase = harness_case("hopeless");

	tcase_add_loop_test(
	    tcase, hopeless_target_is_refused_before_its_data, 0, CASES);
	tcase_add_test(tcase, no_parent_is_made_beneath_a_mount);
	tcase_add_test(tcase, good_targets_are_stored_beside_hopeless_ones);
	tcase_add_loop_test(
	    tcase, mounts_are_found_late_when_statx_is_missing, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
