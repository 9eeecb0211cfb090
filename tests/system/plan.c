/* SPDX-License-Identifier: ISC */
/* Programs that run with the fault shim; errors fail the test. */
#include "tests/system/plan.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/system/run.h"

static const char *const names[FAULT_CALLS] = {
    [FAULT_ACCEPT] = "accept",
    [FAULT_ACCESS] = "faccessat",
    [FAULT_ALLOCATE] = "malloc",
    [FAULT_BIND] = "bind",
    [FAULT_CHMOD] = "fchmod",
    [FAULT_CHOWN] = "fchown",
    [FAULT_CLOCK] = "time",
    [FAULT_CLOSE] = "close",
    [FAULT_CONNECT] = "connect",
    [FAULT_FCNTL] = "fcntl",
    [FAULT_DIRECTORY] = "readdir",
    [FAULT_FORK] = "fork",
    [FAULT_FSYNC] = "fsync",
    [FAULT_GROUPS] = "setgroups",
    [FAULT_LINK] = "linkat",
    [FAULT_LISTEN] = "listen",
    [FAULT_LOOKUP] = "getaddrinfo",
    [FAULT_MAP] = "mmap",
    [FAULT_MKDIR] = "mkdirat",
    [FAULT_OPEN] = "openat",
    [FAULT_PIPE] = "pipe",
    [FAULT_POLL] = "poll",
    [FAULT_READ] = "read",
    [FAULT_RENAME] = "renameat",
    [FAULT_SEEK] = "lseek",
    [FAULT_SETGID] = "setgid",
    [FAULT_SETUID] = "setuid",
    [FAULT_SHUTDOWN] = "shutdown",
    [FAULT_SOCKET] = "socket",
    [FAULT_SOCKOPT] = "setsockopt",
    [FAULT_SPACE] = "fstatvfs",
    [FAULT_STAT] = "fstat",
    [FAULT_TIMES] = "futimens",
    [FAULT_TRUNCATE] = "ftruncate",
    [FAULT_UNLINK] = "unlinkat",
    [FAULT_WAIT] = "waitpid",
    [FAULT_WRITE] = "write",
};

/*
 * Create a plan of zeros that any user may write, since ftxd may change its
 * user.  Returns path.
 */
static const char *
make_shared(char path[HARNESS_PATH], const char *name)
{
	char here[HARNESS_PATH - 64];
	int fd;

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(path, HARNESS_PATH, "%s/%s", here, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, 0666), 0);
	ck_assert_int_eq(ftruncate(fd, sizeof(struct fault_plan)), 0);
	close(fd);
	return path;
}

static void
map(struct plan *plan, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	plan->shared = mmap(NULL, sizeof(*plan->shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(plan->shared, MAP_FAILED);
	close(fd);
}

/* Returns nonzero if ftxd loads the shim; a static program does not. */
static int
loads_shim(const struct plan *plan)
{
	const char *argv[PLAN_LAUNCHER + 2];
	char program[HARNESS_PATH];
	struct run run;
	size_t count = 0;

	while (plan->launcher[count] != NULL) {
		argv[count] = plan->launcher[count];
		count++;
	}
	argv[count++] = harness_program(program, "ftxd");
	argv[count++] = "-V";
	argv[count] = NULL;
	run_all(&run, argv);
	return run.status == 0 && atomic_load(&plan->shared->loaded) == 1;
}

/* Set path to the ASan library that this program has loaded, or to "". */
static void
find_sanitizer(char path[HARNESS_PATH])
{
	char line[HARNESS_PATH];
	FILE *maps = fopen("/proc/self/maps", "r");

	path[0] = '\0';
	while (maps != NULL && path[0] == '\0' &&
	    fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "/libasan.so") != NULL)
			snprintf(path, HARNESS_PATH, "%.*s",
			    (int)strcspn(strchr(line, '/'), "\n"),
			    strchr(line, '/'));
	if (maps != NULL)
		fclose(maps);
}

int
plan_make(struct plan *plan, const char *name)
{
	char path[HARNESS_PATH], program[HARNESS_PATH], library[HARNESS_PATH];
	const char *sanitizer = getenv("ASAN_OPTIONS");

	memset(plan, 0, sizeof(*plan));
	map(plan, make_shared(path, name));
	find_sanitizer(library);
	snprintf(plan->texts[0], sizeof(plan->texts[0]), "LD_PRELOAD=%s:%s",
	    library, harness_program(program, "fault.so"));
	snprintf(plan->texts[1], HARNESS_PATH, "%s=%.480s", FAULT_PLAN, path);
	/* The shim precedes a static ASan, so turn off ASan's check. */
	snprintf(plan->texts[2], HARNESS_PATH,
	    "ASAN_OPTIONS=%.400s:verify_asan_link_order=0",
	    sanitizer != NULL ? sanitizer : "");
	plan->launcher[0] = "env";
	for (int i = 0; i < 3; i++)
		plan->launcher[1 + i] = plan->texts[i];
	if (loads_shim(plan))
		return 0;
	harness_skip("faults", "the programs do not load the shim");
	return -1;
}

void
plan_record(struct plan *plan, const char *path)
{
	char full[HARNESS_PATH];

	snprintf(plan->texts[3], HARNESS_PATH, "%s=%.480s", FAULT_RECORD,
	    make_shared(full, path));
	ck_assert_int_eq(truncate(full, 0), 0);
	plan->launcher[4] = plan->texts[3];
}

void
plan_arm(
    struct plan *plan, const struct plan_fault *fault, int number, int always)
{
	struct fault_plan *shared = plan->shared;

	atomic_store(&shared->call, (int)fault->call);
	atomic_store(&shared->object, (int)fault->object);
	atomic_store(&shared->value, fault->value);
	atomic_store(&shared->until, (int)fault->until);
	atomic_store(&shared->until_object, (int)fault->until_object);
	atomic_store(&shared->at, number);
	atomic_store(&shared->always, always);
	atomic_store(&shared->matched, 0);
	atomic_store(&shared->hit, 0);
	atomic_store(&shared->kind, (int)fault->kind);
}

int
plan_disarm(struct plan *plan)
{
	atomic_store(&plan->shared->kind, FAULT_NONE);
	return atomic_load(&plan->shared->hit);
}

int
plan_start(
    struct plan *plan, const struct plan_fault *fault, int number, int always)
{
	char program[HARNESS_PATH];
	struct pollfd polled = {.events = POLLIN};
	struct run run;
	int done;

	plan_arm(plan, fault, number, always);
	RUN_BEGIN(&run, "env", plan->texts[0], plan->texts[1], plan->texts[2],
	    harness_program(program, "ftxd"), "-p", "0", "-d", "in");
	polled.fd = run.fds[0];
	/* If it listens, it prints a line; if it ends, the pipe closes. */
	ck_assert_int_gt(poll(&polled, 1, HARNESS_TIMEOUT), 0);
	done = plan_disarm(plan);
	(void)kill(run.pid, SIGTERM);
	run_finish(&run);
	ck_assert_msg(run.status < 128 && run.err[0] != '\0',
	    "%s %d: status %d, \"%s\"", plan_name(fault->call), number,
	    run.status, run.err);
	if (strstr(run.out, "listening") != NULL)
		run_check(&run, 0, NULL);
	return done;
}

int
plan_count_matches(const struct plan *plan)
{
	return atomic_load(&plan->shared->matched);
}

const char *
plan_name(enum fault_call call)
{
	return names[call];
}
