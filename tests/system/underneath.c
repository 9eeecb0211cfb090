/* SPDX-License-Identifier: ISC */
/* The receiving directory is moved, removed or covered under the server. */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os.h"
#include "tests/lab/disk.h"
#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/peer.h"
#include "tests/system/plan.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define IMAGE "disk"

static struct server server;

static void
begin(void)
{
	harness_begin();
	file_make("f", 5000, 1);
}

/*
 * Mount a disk on "in".  If that is not possible, skip the test and return 0.
 */
static int
has_disk(void)
{
	if (disk_begin(IMAGE, "in") == 0)
		return 1;
	harness_skip("loop", "needs root, loop devices and ext4");
	return 0;
}

static void
put_bad(const char *target, int status, const char *reason)
{
	char where[64];
	struct run run;

	snprintf(where, sizeof(where), "127.0.0.1:%s", target);
	RUN(&run, "ftx", "put", "f", where);
	run_check(&run, status, reason);
	ck_assert_int_lt(run.elapsed, 1000);
}

/* Until the next check, the server uses its descriptor, not the path. */
START_TEST(descriptor_is_used_until_a_move_is_noticed)
{
	struct run run;

	SERVER_START(&server, "-w", "1");
	put_good(&server, "f", "before");
	ck_assert_int_eq(rename("in", "elsewhere"), 0);
	directory_make("in");
	RUN(&run, "ftx", "put", "f", "127.0.0.1:a/after");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "elsewhere/a/after"));
	ck_assert_int_eq(directory_count("in"), 0);
	server_stop(&server);
	ck_assert_int_eq(directory_count_staged("elsewhere"), 0);
}
END_TEST

/*
 * Other users may change the link to the directory, so the server follows it
 * only at the start.  At SIGHUP it notices the change, and then refuses files
 * until the link is back.
 */
START_TEST(link_is_followed_only_at_the_start)
{
	directory_make("real");
	ck_assert_int_eq(chmod("real", 0777), 0);
	directory_make("other");
	ck_assert_int_eq(symlink("real", "in"), 0);
	SERVER_START(&server, "-w", "1");
	put_good(&server, "f", "before");
	ck_assert_int_eq(unlink("in"), 0);
	ck_assert_int_eq(symlink("other", "in"), 0);
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "replacing all workers");
	put_bad("after", 5, "receiving directory was replaced or covered: ");
	ck_assert_int_eq(unlink("in"), 0);
	ck_assert_int_eq(symlink("real", "in"), 0);
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "is the receiving directory again");
	put_good(&server, "f", "a/after");
	ck_assert(file_equal("f", "real/before"));
	ck_assert(file_equal("f", "real/a/after"));
	ck_assert_int_eq(directory_count("other"), 0);
	server_stop(&server);
	ck_assert_int_eq(directory_count_staged("real"), 0);
}
END_TEST

START_TEST(put_fails_when_the_directory_is_removed)
{
	SERVER_START(&server, "-w", "1");
	put_good(&server, "f", "f");
	ck_assert_int_eq(directory_remove("in"), 0);
	put_bad("f", 11, "No such file or directory");
	server_expect(&server, "receiving directory was replaced or covered");
	put_bad("f", 5, "replaced or covered");
	directory_make("in");
	put_bad("f", 5, "replaced or covered");
	ck_assert_int_eq(directory_count("in"), 0);
	server_stop(&server);
}
END_TEST

/* A new directory with the same name is not the receiving directory. */
START_TEST(put_is_refused_when_the_directory_is_made_again)
{
	const char *const reason =
	    "receiving directory was replaced or covered: ";
	struct run run;

	SERVER_START(&server, "-w", "1");
	ck_assert_int_eq(directory_remove("in"), 0);
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "keeping the open receiving directory");
	server_expect(&server, "replacing all workers");
	put_bad("f", 5, reason);
	directory_make("in");
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	eventually(server_count_logged(&server, "replacing all workers") == 2,
	    HARNESS_TIMEOUT);
	put_bad("f", 5, reason);
	RUN(&run, "ftx", "put", "-n", "f", "127.0.0.1:f");
	run_check(&run, 5, reason);
	directory_make("empty");
	RUN(&run, "ftx", "put", "-r", "empty", "127.0.0.1:");
	run_check(&run, 5, reason);
	ck_assert_int_eq(directory_count("in"), 0);
	server_stop(&server);
}
END_TEST

/*
 * Set the master's clock this many seconds ahead.  Any signal wakes the master.
 */
static void
advance_clock(struct plan *plan, int seconds)
{
	const struct plan_fault fault = {
	    .call = FAULT_CLOCK, .kind = FAULT_LEAP, .value = seconds};

	plan_arm(plan, &fault, 1, 1);
	ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
}

START_TEST(replacement_is_noticed_within_a_minute)
{
	static struct plan plan;

	if (plan_make(&plan, "plan") != 0)
		return;
	server_start_by(
	    &server, plan.launcher, (const char *const[]){"-w", "1", NULL});
	ck_assert_int_eq(rename("in", "elsewhere"), 0);
	directory_make("in");
	advance_clock(&plan, 50);
	server_expect(&server, "idle after 0");
	(void)poll(NULL, 0, 200);
	ck_assert_int_eq(server_count_logged(&server, "replaced"), 0);
	advance_clock(&plan, 61);
	server_expect(&server, "receiving directory was replaced or covered");
	put_bad("f", 5, "replaced or covered");
	ck_assert_int_eq(rmdir("in"), 0);
	ck_assert_int_eq(rename("elsewhere", "in"), 0);
	advance_clock(&plan, 122);
	server_expect(&server, "is the receiving directory again");
	put_good(&server, "f", "f");
	(void)plan_disarm(&plan);
	server_stop(&server);
}
END_TEST

/* The file is received whole, but would go into the old directory. */
START_TEST(open_file_fails_when_the_directory_is_replaced)
{
	const struct proxy_plan slow = {.up = {.rate = 1 << 20}};
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("big", 1 << 19, 1);
	SERVER_START(&server, "-w", "1");
	ck_assert_int_eq(proxy_start(&proxy, &slow, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "big", "127.0.0.1:big");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	ck_assert_int_eq(rename("in", "elsewhere"), 0);
	directory_make("in");
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	run_finish(&run);
	run_check(&run, 5, "replaced or covered");
	ck_assert_int_eq(directory_count("elsewhere"), 0);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&server);
	ck_assert_int_eq(directory_count_staged("elsewhere"), 0);
}
END_TEST

/* If the server cannot check the path, it logs that once, and goes on. */
START_TEST(server_serves_on_when_its_path_cannot_be_checked)
{
	const struct passwd *nobody = getpwnam("nobody");

	if (geteuid() != 0 || nobody == NULL) {
		harness_skip("nobody", "changing the user needs root");
		return;
	}
	directory_make("closed");
	directory_make("closed/in");
	ck_assert_int_eq(chown("closed/in", nobody->pw_uid, nobody->pw_gid), 0);
	ck_assert_int_eq(chmod("closed", 0700), 0);
	ck_assert_int_eq(symlink("closed/in", "in"), 0);
	SERVER_START(&server, "-w", "1", "-u", "nobody");
	for (int i = 1; i <= 2; i++) {
		ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
		eventually(
		    server_count_logged(&server, "replacing all workers") == i,
		    HARNESS_TIMEOUT);
	}
	ck_assert_int_eq(server_count_logged(
			     &server, "is still the receiving directory: Perm"),
	    1);
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

/* The server writes neither to the covered disk, nor to what covers it. */
START_TEST(put_is_refused_when_the_directory_is_covered)
{
	struct run run;

	if (!has_disk())
		return;
	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	put_good(&server, "f", "f");
	RUN(&run, "mount", "-t", "tmpfs", "none", "in");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "replacing all workers");
	put_bad("f", 5, "receiving directory was replaced or covered: ");
	ck_assert_int_eq(directory_count("in"), 0);
	RUN(&run, "umount", "in");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
	server_expect(&server, "is the receiving directory again");
	put_good(&server, "f", "g");
	server_stop(&server);
	disk_end(IMAGE, "in");
}
END_TEST

/*
 * Until the next check, the server uses the file system that was unmounted, not
 * the directory beneath it.
 */
START_TEST(descriptor_is_used_until_an_unmount_is_noticed)
{
	struct run run;

	if (!has_disk())
		return;
	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	put_good(&server, "f", "before");
	RUN(&run, "umount", "-l", "in");
	run_check(&run, 0, NULL);
	RUN(&run, "ftx", "put", "f", "127.0.0.1:after");
	run_check(&run, 0, NULL);
	ck_assert_int_eq(directory_count("in"), 0);
	server_stop(&server);
	RUN(&run, "mount", "-o", "loop", IMAGE, "in");
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/after"));
	disk_end(IMAGE, "in");
}
END_TEST

START_TEST(file_is_refused_when_a_mount_lies_below)
{
	struct run run;

	if (!has_disk())
		return;
	directory_make("in/other");
	RUN(&run, "mount", "-t", "tmpfs", "none", "in/other");
	run_check(&run, 0, NULL);
	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	put_bad("other/f", 5, "another file system");
	ck_assert_int_eq(directory_count("in/other"), 0);
	put_good(&server, "f", "f");
	server_stop(&server);
	RUN(&run, "umount", "in/other");
	run_check(&run, 0, NULL);
	disk_end(IMAGE, "in");
}
END_TEST

/* Returns the largest size that a file on the disk can have. */
static uint64_t
largest_size(void)
{
	uint64_t good = 0, bad = (uint64_t)INT64_MAX + 1;

	file_write("in/sized", "");
	while (bad - good > 1) {
		uint64_t middle = good + (bad - good) / 2;

		if (truncate("in/sized", (off_t)middle) == 0)
			good = middle;
		else
			bad = middle;
	}
	ck_assert_int_eq(unlink("in/sized"), 0);
	return good;
}

/* A file that is too large is refused before its holes are hashed. */
START_TEST(file_is_refused_when_larger_than_the_file_system_takes)
{
	struct script *script = script_new();
	struct client peer;
	uint64_t largest;

	if (!has_disk())
		return;
	largest = largest_size();
	ck_assert_uint_lt(largest, INT64_MAX);
	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	script_begin(script);
	for (uint32_t i = 1; i <= 3; i++)
		script_request(script, WIRE_ASK, i, "f", largest - 2 + i, 0);
	script_request(script, WIRE_ASK, 4, "f", largest + 1, WIRE_DRY_RUN);
	peer_start(&peer, server.port, script);
	peer_skip_to(&peer, WIRE_GO, 1);
	peer_skip_to(&peer, WIRE_GO, 2);
	client_expect_result(&peer, 3, STATUS_NO_SPACE);
	ck_assert_ptr_nonnull(strstr(client_text(&peer), "File too large"));
	client_expect_result(&peer, 4, STATUS_NO_SPACE);
	client_close(&peer);
	server_stop(&server);
	disk_end(IMAGE, "in");
}
END_TEST

START_TEST(file_is_refused_when_the_target_is_immutable)
{
	struct run run;

	if (!has_disk())
		return;
	file_write("in/fixed", "as it is");
	RUN(&run, "chattr", "+i", "in/fixed");
	run_check(&run, 0, NULL);
	SERVER_START(&server, "-w", "1", "-o", "min-free=0");
	/*
	 * If the server cannot detect the flag, the reason is the system's
	 * error.
	 */
	put_bad("fixed", 5,
	    os_detects_mounts() ? "immutable" : "Operation not permitted");
	ck_assert_uint_eq(file_size("in/fixed"), 8);
	ck_assert_int_eq(directory_count_staged("in"), 0);
	put_good(&server, "f", "f");
	server_stop(&server);
	RUN(&run, "chattr", "-i", "in/fixed");
	run_check(&run, 0, NULL);
	disk_end(IMAGE, "in");
}
END_TEST

/* Replacing a file needs write access to its directory, not to the file. */
START_TEST(file_is_replaced_when_only_its_directory_is_writable)
{
	const struct passwd *nobody = getpwnam("nobody");

	if (geteuid() != 0 || nobody == NULL) {
		harness_skip("nobody", "changing the user needs root");
		return;
	}
	directory_make("in");
	directory_make("in/d");
	file_write("in/readable", "old");
	ck_assert_int_eq(chmod("in/readable", 0400), 0);
	ck_assert_int_eq(chown("in", nobody->pw_uid, nobody->pw_gid), 0);
	ck_assert_int_eq(chown("in/d", nobody->pw_uid, nobody->pw_gid), 0);
	ck_assert_int_eq(chmod("in/d", 0555), 0);
	SERVER_START(&server, "-w", "1", "-u", "nobody");
	put_bad("d/f", 5, "Permission denied");
	ck_assert_int_eq(directory_count("in/d"), 0);
	ck_assert_int_eq(directory_count_staged("in"), 0);
	put_good(&server, "f", "readable");
	server_stop(&server);
}
END_TEST

START_TEST(file_is_refused_when_a_special_file_has_its_name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	directory_make("in");
	strcpy(address.sun_path, "in/socket");
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	SERVER_START(&server, "-w", "1");
	put_bad("socket", 5, "refused");
	if (mknod("in/device", S_IFCHR | 0666, makedev(1, 3)) == 0)
		put_bad("device", 5, "refused");
	server_stop(&server);
	close(fd);
}
END_TEST

START_TEST(files_stay_apart_when_only_case_differs)
{
	file_make("F", 5001, 2);
	SERVER_START(&server, "-w", "1");
	put_good(&server, "f", "name");
	put_good(&server, "F", "NAME");
	ck_assert(file_equal("f", "in/name"));
	server_stop(&server);
}
END_TEST

/* The sources are hard links of one file; the stored files are separate. */
START_TEST(many_files_go_into_one_directory)
{
	enum {
		COUNT = 5000
	};
	struct run run;
	char path[HARNESS_PATH + 32], seen[HARNESS_PATH];

	/* In memory, since the test is about the number, not the disk. */
	if (server_start_on_tmpfs(&server, seen) != 0) {
		harness_skip("tmpfs", "needs root");
		return;
	}
	directory_make("many");
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "many/%d", i);
		ck_assert_int_eq(link("f", path), 0);
	}
	RUN(&run, "ftx", "put", "-r", "many", "127.0.0.1:");
	run_check(&run, 0, NULL);
	snprintf(path, sizeof(path), "%s/many", seen);
	ck_assert_int_eq(directory_count(path), COUNT);
	for (int i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "%s/many/%d", seen, i);
		ck_assert_uint_eq(file_size(path), 5000);
	}
	server_stop(&server);
}
END_TEST

#define VERSIONS 3
#define LONG 300000

static char *versions[VERSIONS];

/* Make versions of equal and of different length, each of one letter. */
static void
make_versions(void)
{
	static const size_t lengths[VERSIONS] = {LONG, 1, LONG};
	char name[8];

	for (int i = 0; i < VERSIONS; i++) {
		versions[i] = calloc(1, LONG + 1);
		ck_assert_ptr_nonnull(versions[i]);
		memset(versions[i], 'a' + i, lengths[i]);
		snprintf(name, sizeof(name), "v%d", i);
		file_write(name, versions[i]);
	}
}

/*
 * Fork a reader, which runs until it is killed.  It must always read one whole
 * version.
 */
static pid_t
start_reader(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	while (pid == 0) {
		char *seen = file_read("in/f");
		int whole = 0;

		for (int i = 0; i < VERSIONS; i++)
			whole |= strcmp(seen, versions[i]) == 0;
		free(seen);
		if (!whole)
			_exit(1);
	}
	return pid;
}

START_TEST(reader_sees_only_whole_versions)
{
	int rounds = getenv("FTX_ENDURANCE") != NULL ? 3000 : 60, status;
	char source[8];
	pid_t reader;

	make_versions();
	SERVER_START(&server, "-w", "1", "-o", "fsync=no");
	put_good(&server, "v0", "f");
	reader = start_reader();
	for (int i = 1; i <= rounds; i++) {
		snprintf(source, sizeof(source), "v%d", i % VERSIONS);
		put_good(&server, source, "f");
	}
	ck_assert_int_eq(waitpid(reader, &status, WNOHANG), 0);
	ck_assert_int_eq(kill(reader, SIGKILL), 0);
	ck_assert_int_eq(waitpid(reader, &status, 0), reader);
	ck_assert(WIFSIGNALED(status));
	server_stop(&server);
	for (int i = 0; i < VERSIONS; i++)
		free(versions[i]);
}
END_TEST

Suite *
underneath_suite(void)
{
	Suite *suite = suite_create("underneath");
	TCase *tcase = tcase_create("underneath");

	tcase_add_checked_fixture(tcase, begin, harness_end);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, descriptor_is_used_until_a_move_is_noticed);
	tcase_add_test(tcase, link_is_followed_only_at_the_start);
	tcase_add_test(tcase, put_fails_when_the_directory_is_removed);
	tcase_add_test(tcase, put_is_refused_when_the_directory_is_made_again);
	tcase_add_test(tcase, replacement_is_noticed_within_a_minute);
	tcase_add_test(tcase, open_file_fails_when_the_directory_is_replaced);
	tcase_add_test(tcase, server_serves_on_when_its_path_cannot_be_checked);
	tcase_add_test(tcase, put_is_refused_when_the_directory_is_covered);
	tcase_add_test(tcase, descriptor_is_used_until_an_unmount_is_noticed);
	tcase_add_test(tcase, file_is_refused_when_a_mount_lies_below);
	tcase_add_test(
	    tcase, file_is_refused_when_larger_than_the_file_system_takes);
	tcase_add_test(tcase, file_is_refused_when_the_target_is_immutable);
	tcase_add_test(
	    tcase, file_is_replaced_when_only_its_directory_is_writable);
	tcase_add_test(tcase, file_is_refused_when_a_special_file_has_its_name);
	tcase_add_test(tcase, files_stay_apart_when_only_case_differs);
	tcase_add_test(tcase, many_files_go_into_one_directory);
	tcase_add_test(tcase, reader_sees_only_whole_versions);
	suite_add_tcase(suite, tcase);
	return suite;
}
