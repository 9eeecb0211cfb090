/* SPDX-License-Identifier: ISC */
/* Start ftxd with odd signals and descriptors, twice, and as process 1. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lab/proxy.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

#define SH(script) ((const char *const[]){"sh", "-c", script, "sh", NULL})

/* The server must receive files, replace a killed worker, and stop. */
static void
check_life(struct server *server, int count)
{
	pid_t pids[SERVER_WORKERS], after[SERVER_WORKERS];

	file_write("f", "x");
	put_good(server, "f", "d/f");
	server_expect_workers(server, pids, count);
	ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
	eventually(!process_is_alive(pids[0]), HARNESS_TIMEOUT);
	server_expect_workers(server, after, count);
	put_good(server, "f", "d/g");
	server_stop(server);
}

START_TEST(server_works_when_started_with_signals_ignored)
{
	struct server server;

	server_start_by(&server,
	    SH("trap '' TERM HUP INT QUIT CHLD USR1 USR2 PIPE ALRM XFSZ; "
	       "exec \"$@\""),
	    (const char *const[]){"-w", "2", NULL});
	check_life(&server, 2);
}
END_TEST

START_TEST(server_works_when_started_with_signals_blocked)
{
	struct server server;
	sigset_t all, before;

	sigfillset(&all);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, &all, &before), 0);
	SERVER_START(&server, "-w", "2");
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	check_life(&server, 2);
}
END_TEST

START_TEST(server_works_when_its_working_directory_is_removed)
{
	char here[HARNESS_PATH], place[HARNESS_PATH + 4];
	struct server server;

	directory_make("in");
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(place, sizeof(place), "%s/in", here);
	server_start_by(&server,
	    SH("mkdir gone && cd gone && rmdir ../gone && exec \"$@\""),
	    (const char *const[]){"-w", "2", "-d", place, NULL});
	check_life(&server, 2);
}
END_TEST

/* Returns a port that was free a moment ago. */
static unsigned
free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(
	    getsockname(fd, (struct sockaddr *)&address, &length), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* Returns nonzero if the descriptor of the process is /dev/null. */
static int
is_dev_null(pid_t pid, int fd)
{
	char path[64], target[HARNESS_PATH];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)pid, fd);
	length = readlink(path, target, sizeof(target) - 1);
	ck_assert_int_gt(length, 0);
	target[length] = '\0';
	return strcmp(target, "/dev/null") == 0;
}

/* The kernel must not give 0, 1 or 2 to a file of a client. */
START_TEST(server_works_when_standard_descriptors_are_closed)
{
	char port[16], program[HARNESS_PATH];
	struct run server, run;

	snprintf(port, sizeof(port), "%u", free_port());
	ck_assert_int_eq(setenv("FTX_PORT", port, 1), 0);
	directory_make("in");
	file_make("f", 100000, 1);
	RUN_BEGIN(&server, "sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh",
	    harness_program(program, "ftxd"), "-d", "in", "-w", "2", "-p",
	    port);
	do
		RUN(&run, "ftx", "put", "f", "127.0.0.1:f");
	while (run.status == 35);
	run_check(&run, 0, NULL);
	ck_assert(file_equal("f", "in/f"));
	for (int fd = 0; fd <= 2; fd++)
		ck_assert(is_dev_null(server.pid, fd));
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	run_finish(&server);
	run_check(&server, 0, NULL);
}
END_TEST

/* Returns how many descriptors a process has; adds those of "leak". */
static int
count_descriptors(pid_t pid, int *leaked)
{
	char path[64], target[HARNESS_PATH];
	struct dirent *entry;
	DIR *directory;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL) {
		ssize_t length = readlinkat(dirfd(directory), entry->d_name,
		    target, sizeof(target) - 1);

		if (length == -1)
			continue;
		target[length] = '\0';
		count++;
		*leaked += strstr(target, "/leak") != NULL;
	}
	closedir(directory);
	return count;
}

START_TEST(inherited_descriptors_are_closed)
{
	pid_t pids[SERVER_WORKERS + 1];
	struct server server;
	int fds[50], leaked = 0;

	/* The oracle's record would be one more descriptor. */
	(void)unsetenv("FTX_ORACLE");
	for (int i = 0; i < 50; i++)
		ck_assert_int_ge(
		    fds[i] = open("leak", O_RDWR | O_CREAT, 0600), 0);
	SERVER_START(&server, "-w", "2");
	for (int i = 0; i < 50; i++)
		close(fds[i]);
	server_expect_workers(&server, pids, 2);
	pids[2] = server.pid;
	/* Three standard descriptors, a listener, two directories. */
	for (int i = 0; i < 3; i++)
		ck_assert_int_le(count_descriptors(pids[i], &leaked), 6);
	ck_assert_int_eq(leaked, 0);
	server_stop(&server);
}
END_TEST

/* Returns the mode of the staged file. */
static mode_t
staged_mode(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	struct stat found;
	mode_t mode = 0;

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL)
		if (entry->d_name[0] != '.' &&
		    fstatat(dirfd(directory), entry->d_name, &found, 0) == 0)
			mode = found.st_mode & 07777;
	closedir(directory);
	return mode;
}

/* Incomplete files are private, whatever the umask. */
START_TEST(staged_files_are_private_when_the_umask_is_0)
{
	const struct proxy_plan plan = {.up = {.rate = 1 << 20}};
	char port[16], directory[64];
	struct server server;
	struct proxy proxy;
	struct run run;

	file_make("big", 1 << 20, 1);
	ck_assert_int_eq(chmod("big", 0646), 0);
	server_start_by(&server, SH("umask 000 && exec \"$@\""),
	    (const char *const[]){"-w", "2", "-C", "2", NULL});
	snprintf(directory, sizeof(directory), "in/.ftx-%lu",
	    (unsigned long)geteuid());
	ck_assert_uint_eq(file_mode(directory), 0700);
	ck_assert_int_eq(proxy_start(&proxy, &plan, server.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "big", "127.0.0.1:d/big");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	while (!file_exists("in/d/big")) {
		mode_t mode = staged_mode(directory);

		/* The file gets its own mode last, when it is whole. */
		ck_assert_msg(mode == 0600 || mode == 0 || mode == 0646,
		    "mode %o", (unsigned)mode);
		(void)poll(NULL, 0, 5);
	}
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert_uint_eq(file_mode("in/d/big"), 0646);
	ck_assert_uint_eq(file_mode("in/d"), 0777);
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	check_life(&server, 2);
}
END_TEST

/* Returns nonzero if a child with a pid near these is a zombie. */
static int
has_zombie(const struct server *server, const pid_t workers[2])
{
	pid_t parent;
	char state;

	for (pid_t pid = workers[0] - 20; pid < workers[1] + 20; pid++)
		if (process_look(pid, &parent, &state) == 0 &&
		    parent == server->pid && state == 'Z')
			return 1;
	return 0;
}

/* In a PID namespace, ftxd is process 1 and inherits orphans. */
START_TEST(server_works_as_process_1)
{
	static const char *const launcher[] = {"unshare", "-pf", "sh", "-c",
	    "(sleep 0.2 >&- 2>&- &) ; exec \"$@\"", "sh", NULL};
	pid_t pids[SERVER_WORKERS];
	struct server server, outer;
	struct run run;

	RUN(&run, "unshare", "-pf", "true");
	if (run.status != 0) {
		harness_skip("namespace", "process namespaces need root");
		return;
	}
	file_write("f", "x");
	server_start_by(
	    &outer, launcher, (const char *const[]){"-w", "2", NULL});
	server_expect_workers(&outer, pids, 1);
	server = outer;
	server.pid = pids[0];
	put_good(&server, "f", "f");
	/* The orphan has ended and is reaped: only two workers are left. */
	server_expect_workers(&server, pids, 2);
	eventually(!has_zombie(&server, pids), 1000);
	ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
	eventually(!process_is_alive(pids[0]), HARNESS_TIMEOUT);
	server_expect_workers(&server, pids, 2);
	ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
	ck_assert_int_eq(server_wait(&outer, 3000), 0);
}
END_TEST

START_TEST(second_server_fails_when_the_port_is_in_use)
{
	struct server server;
	struct run run;
	char port[16];

	file_write("f", "x");
	directory_make("other");
	SERVER_START(&server, "-w", "2");
	snprintf(port, sizeof(port), "%u", server.port);
	RUN(&run, "ftxd", "-p", port, "-d", "other");
	run_check(&run, 3, "in use");
	ck_assert_str_eq(run.out, "");
	put_good(&server, "f", "f");
	server_stop(&server);
}
END_TEST

/* The second server's first sweep keeps a file that the first receives. */
START_TEST(second_server_leaves_staged_files_of_the_first)
{
	const struct proxy_plan plan = {.up = {.rate = 1 << 20}};
	struct server first, second;
	struct proxy proxy;
	struct run run;
	char port[16];

	file_make("big", 1 << 20, 1);
	file_write("f", "x");
	SERVER_START(&first, "-w", "2");
	ck_assert_int_eq(proxy_start(&proxy, &plan, first.port), 0);
	snprintf(port, sizeof(port), "%u", proxy.port);
	RUN_BEGIN(&run, "ftx", "put", "-P", port, "-o", "retry=0", "big",
	    "127.0.0.1:big");
	eventually(directory_count_staged("in") == 1, HARNESS_TIMEOUT);
	SERVER_START(&second, "-w", "2", "-v");
	server_expect(&second, "sweep ");
	put_good(&second, "f", "f");
	run_finish(&run);
	run_check(&run, 0, NULL);
	ck_assert(file_equal("big", "in/big"));
	ck_assert_int_eq(proxy_stop(&proxy), 0);
	server_stop(&second);
	server_stop(&first);
}
END_TEST

/* ftxd ignores the number in an old PID file, and uses only regular files. */
START_TEST(pid_file_is_refused_when_it_is_hostile)
{
	struct server server;
	struct run run;
	char *text;

	file_write("pid", "-1\n");
	SERVER_START(&server, "-w", "1", "-P", "pid");
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-P", "pid");
	run_check(&run, 1, "locked by process");
	/* The server must not remove a file that replaced its own. */
	ck_assert_int_eq(unlink("pid"), 0);
	file_write("pid", "another's\n");
	server_stop(&server);
	ck_assert(file_exists("pid"));
	file_write("victim", "untouched\n");
	ck_assert_int_eq(symlink("victim", "link"), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-P", "link");
	run_check(&run, 1, "not a regular file");
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-P", "fifo");
	run_check(&run, 1, "not a regular file");
	RUN(&run, "ftxd", "-p", "0", "-d", "in", "-P", "missing/pid");
	run_check(&run, 1, "missing/pid");
	text = file_read("victim");
	ck_assert_str_eq(text, "untouched\n");
	free(text);
}
END_TEST

Suite *
launch_suite(void)
{
	Suite *suite = suite_create("launch");
	TCase *hostile = harness_case("hostile");

	tcase_add_test(hostile, server_works_when_started_with_signals_ignored);
	tcase_add_test(hostile, server_works_when_started_with_signals_blocked);
	tcase_add_test(
	    hostile, server_works_when_its_working_directory_is_removed);
	tcase_add_test(
	    hostile, server_works_when_standard_descriptors_are_closed);
	tcase_add_test(hostile, inherited_descriptors_are_closed);
	tcase_add_test(hostile, staged_files_are_private_when_the_umask_is_0);
	tcase_add_test(hostile, server_works_as_process_1);
	tcase_add_test(hostile, second_server_fails_when_the_port_is_in_use);
	tcase_add_test(hostile, second_server_leaves_staged_files_of_the_first);
	tcase_add_test(hostile, pid_file_is_refused_when_it_is_hostile);
	suite_add_tcase(suite, hostile);
	return suite;
}
