/* SPDX-License-Identifier: ISC */
/* The sandbox: workers reach only their directory, and gain no privileges. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os.h"
#include "tests/lab/filter.h"
#include "tests/system/files.h"
#include "tests/system/harness.h"
#include "tests/system/run.h"
#include "tests/system/server.h"
#include "tests/system/suites.h"

static int
open_and_close(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	return fd == -1 ? -1 : close(fd);
}

static int
use_tcp(int (*use)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int status, error;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	status = use(fd, (struct sockaddr *)&address, sizeof(address));
	error = errno;
	close(fd);
	errno = error;
	return status;
}

/* Returns only if it fails: -1 if access is denied, 0 on other errors. */
static int
run_program(const char *path)
{
	execl(path, path, (char *)NULL);
	return errno == EACCES ? -1 : 0;
}

/* Nonzero if the call failed with an error of the sandbox. */
static int
refused(int status)
{
	if (status != -1)
		return 0;
	return errno == EACCES || errno == EPERM || errno == EXDEV;
}

/*
 * Runs in a child.  Reports, a line each, calls that failed but must succeed,
 * and calls that were not refused but must be.
 */
static void
try_files(FILE *report, int held)
{
#define MUST(call)                                                             \
	do {                                                                   \
		if ((call) == -1)                                              \
			fprintf(report, "%s: %s\n", #call, strerror(errno));   \
	} while (0)
#define MUST_NOT(call)                                                         \
	do {                                                                   \
		if (!refused(call))                                            \
			fprintf(report, "%s: not refused\n", #call);           \
	} while (0)
	MUST(open_and_close("in/f", O_WRONLY | O_CREAT | O_EXCL));
	MUST(open_and_close("in/f", O_RDWR | O_TRUNC));
	MUST(open_and_close("in", O_RDONLY | O_DIRECTORY));
	MUST(mkdir("in/d", 0755));
	MUST(rename("in/f", "in/d/f"));
	MUST(link("in/d/f", "in/g"));
	MUST(unlink("in/g"));
	MUST(write(held, "x", 1));
	MUST_NOT(open_and_close("out/f", O_RDONLY));
	MUST_NOT(open_and_close("out/f", O_WRONLY));
	MUST_NOT(open_and_close("out/g", O_WRONLY | O_CREAT));
	MUST_NOT(open_and_close("out", O_RDONLY | O_DIRECTORY));
	MUST_NOT(open_and_close("/etc/passwd", O_RDONLY));
	MUST_NOT(open_and_close("in/link", O_RDONLY));
	MUST_NOT(mkdir("out/d", 0755));
	MUST_NOT(rename("in/d/f", "out/g"));
	MUST_NOT(rename("out/f", "in/g"));
	MUST_NOT(link("in/d/f", "out/g"));
	MUST_NOT(link("out/f", "in/g"));
	MUST_NOT(unlink("out/f"));
	MUST_NOT(mknod("in/c", S_IFCHR | 0600, 0x103));
	MUST_NOT(mknod("in/b", S_IFBLK | 0600, 0x103));
	MUST_NOT(mknod("in/x", S_IFSOCK | 0600, 0));
	MUST_NOT(symlink("f", "in/s"));
	MUST_NOT(mkfifo("in/p", 0600));
	MUST_NOT(rmdir("in/d"));
	MUST_NOT(run_program("/bin/true"));
	MUST_NOT(run_program("in/program"));
}

static void
try_all(const char *path, int directory, int held)
{
	FILE *report = fopen(path, "w");
	unsigned parts = os_sandbox_enter(directory);

	if (report == NULL)
		_exit(1);
	if ((parts & OS_SANDBOX_FILES) != 0)
		try_files(report, held);
	else
		fprintf(report, "skipped\n");
	if ((parts & OS_SANDBOX_TCP) != 0) {
		MUST_NOT(use_tcp(bind));
		MUST_NOT(use_tcp(connect));
		/* A kernel that can refuse TCP can also refuse truncate. */
		MUST_NOT(truncate("out/f", 0));
	}
	if ((parts & OS_SANDBOX_SIGNALS) != 0)
		MUST_NOT(kill(getppid(), 0));
	_exit(fclose(report) == 0 ? 0 : 1);
}

START_TEST(confined_process_reaches_only_its_directory)
{
	int status, directory, held;
	char *report;
	pid_t pid;

	directory_make("in");
	directory_make("out");
	file_write("out/f", "x");
	/* If it may be run, execl fails with ENOEXEC, not with EACCES. */
	file_write("in/program", "nothing");
	ck_assert_int_eq(chmod("in/program", 0755), 0);
	ck_assert_int_eq(symlink("../out/f", "in/link"), 0);
	directory = open("in", O_RDONLY | O_DIRECTORY);
	held = open("out/log", O_WRONLY | O_CREAT | O_APPEND, 0644);
	ck_assert_int_ge(directory, 0);
	ck_assert_int_ge(held, 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		try_all("report", directory, held);
	close(directory);
	close(held);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	report = file_read("report");
	if (strcmp(report, "skipped\n") == 0)
		harness_skip("landlock", "the kernel does not have it");
	else
		ck_assert_str_eq(report, "");
	free(report);
}
END_TEST

/* Nonzero if the server's log names the part. */
static int
has_part(const struct server *server, const char *part)
{
	server_expect(server, "worker sandbox: no core files");
	return server_count_logged(server, part) > 0;
}

START_TEST(limits_are_lowered_in_all_processes)
{
	struct server server;
	struct rlimit limit = {100, 4096};
	pid_t pids[SERVER_WORKERS];

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	SERVER_START(&server, "-w", "2");
	server_expect_workers(&server, pids, 2);
	server_check_proc(&server, "limits", "Max core file size", "0  ");
	server_check_proc(&server, "limits", "Max open files", "256 ");
	server_stop(&server);
	limit.rlim_cur = 4096;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	SERVER_START(&server, "-w", "1");
	server_check_proc(&server, "limits", "Max open files", "1024 ");
	server_stop(&server);
	limit.rlim_cur = limit.rlim_max = 90;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	SERVER_START(&server, "-w", "1");
	server_check_proc(&server, "limits", "Max open files", "90 ");
	server_stop(&server);
}
END_TEST

static int
gains_no_privileges(pid_t pid)
{
	char text[PROCESS_TEXT];

	return process_field(pid, "status", "NoNewPrivs:", text) == 0 &&
	    strcmp(text, "1") == 0;
}

START_TEST(workers_gain_no_new_privileges)
{
	struct server server;
	pid_t pids[SERVER_WORKERS];

	SERVER_START(&server, "-w", "3");
	server_expect_workers(&server, pids, 3);
	if (!has_part(&server, "no new privileges"))
		harness_skip("sandbox", "this ftxd is not built for Linux");
	else
		for (int i = 0; i < 3; i++)
			eventually(
			    gains_no_privileges(pids[i]), HARNESS_TIMEOUT);
	server_stop(&server);
}
END_TEST

/* Count the successful calls of landlock_restrict_self. */
static int
count_confined(void)
{
	char *text = file_read("trace");
	int found = 0;

	for (const char *line = strtok(text, "\n"); line != NULL;
	     line = strtok(NULL, "\n"))
		found += strstr(line, "landlock_restrict_self") != NULL &&
		    strstr(line, " = 0") != NULL;
	free(text);
	return found;
}

/* "ftxd -i" enters the sandbox once, without a trial. */
static void
check_inetd(void)
{
	char command[2 * HARNESS_PATH], program[HARNESS_PATH];
	struct run run;

	snprintf(command, sizeof(command),
	    "strace -o trace -e trace=landlock_restrict_self %s -i -d in",
	    harness_program(program, "ftxd"));
	RUN(&run, "ftx", "put", "-e", command, "f", "there:g");
	run_check(&run, 0, NULL);
	eventually(count_confined() == 1, HARNESS_TIMEOUT);
}

START_TEST(each_worker_is_confined_before_it_serves)
{
	static const char *const tracer[] = {"strace", "-D", "-f", "-qq", "-o",
	    "trace", "-e", "trace=landlock_restrict_self", NULL};
	static const char *const arguments[] = {"-w", "3", NULL};
	struct server server;
	struct run run;
	int has_landlock;

	ck_assert_int_eq(setenv("ASAN_OPTIONS", "detect_leaks=0", 1), 0);
	RUN(&run, "strace", "-f", "-o", "trace", "-e",
	    "trace=landlock_restrict_self", "true");
	if (run.status != 0) {
		harness_skip("order", "strace is missing or may not trace");
		return;
	}
	server_start_by(&server, tracer, arguments);
	has_landlock = has_part(&server, "Landlock");
	file_write("f", "x");
	put_good(&server, "f", "f");
	/* The trial, three workers and the sweeper. */
	if (has_landlock)
		eventually(count_confined() == 5, HARNESS_TIMEOUT);
	server_stop(&server);
	if (has_landlock)
		check_inetd();
	else
		harness_skip("landlock", "kernel or ftxd do not have it");
}
END_TEST

START_TEST(put_succeeds_when_landlock_is_missing)
{
	struct server server;

	if (filter_refuse(filter_landlock, ENOSYS) != 0) {
		harness_skip("filter", strerror(errno));
		return;
	}
	file_write("f", "x");
	SERVER_START(&server, "-w", "2");
	ck_assert(!has_part(&server, "Landlock"));
	put_good(&server, "f", "d/f");
	server_stop(&server);
}
END_TEST

Suite *
sandbox_suite(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tcase = harness_case("sandbox");

	tcase_add_test(tcase, confined_process_reaches_only_its_directory);
	tcase_add_test(tcase, limits_are_lowered_in_all_processes);
	tcase_add_test(tcase, workers_gain_no_new_privileges);
	tcase_add_test(tcase, each_worker_is_confined_before_it_serves);
	tcase_add_test(tcase, put_succeeds_when_landlock_is_missing);
	suite_add_tcase(suite, tcase);
	return suite;
}
