/* SPDX-License-Identifier: ISC */
/* An empty directory for each test, and operations on files in it. */
#include "tests/unit/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "tests/sanitized.h"

/* More descriptors than any test opens. */
#define DESCRIPTORS_MAX 4096

static char top[256];
static size_t descriptors;

/* Run a shell command; $FTX_TOP is the directory of the test case. */
static void
run_command(const char *command)
{
	ck_assert_int_eq(setenv("FTX_TOP", top, 1), 0);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

/* Fixture of a test case, in the process that forks the tests. */
static void
make_top(void)
{
	const char *temporary = getenv("TMPDIR");

	snprintf(top, sizeof(top), "%s/ftx-unit.XXXXXX",
	    temporary != NULL ? temporary : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(top));
}

static void
remove_top(void)
{
	run_command(
	    "test ! -r /proc/mounts || while read -r kind path rest; do "
	    "case $path in \"$FTX_TOP\"/*) umount \"$path\" ;; esac; "
	    "done </proc/mounts");
	run_command("chmod -R u+rwX \"$FTX_TOP\" && rm -rf \"$FTX_TOP\"");
}

static void
enter_directory(void)
{
	char directory[sizeof(top) + 16];

	snprintf(directory, sizeof(directory), "%s/test.XXXXXX", top);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chmod(directory, 0755), 0);
	ck_assert_int_eq(chdir(directory), 0);
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	log_open("unit", LOG_LEVEL_ERROR, 0);
	descriptors = support_descriptors();
}

static void
leave_directory(void)
{
	ck_assert_uint_eq(support_descriptors(), descriptors);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_int_eq(chdir("/"), 0);
}

TCase *
support_case(const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_unchecked_fixture(tcase, make_top, remove_top);
	tcase_add_checked_fixture(tcase, enter_directory, leave_directory);
	tcase_set_timeout(tcase, 60);
	return tcase;
}

size_t
support_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

void
support_skip(const char *name, const char *reason)
{
	printf("skipped %s: %s\n", name, reason);
	fflush(stdout);
}

static struct rlimit usual_limit;

int
support_can_limit_memory(void)
{
	if (IS_SANITIZED)
		support_skip(
		    "memory", "a sanitizer ends a process without memory");
	return !IS_SANITIZED;
}

void
support_limit_memory(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &usual_limit), 0);
	limit = (struct rlimit){1 << 20, usual_limit.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

void
support_restore_memory(void)
{
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &usual_limit), 0);
}

static int
run_mount(const char *command)
{
	if (system(command) == 0) /* NOLINT(cert-env33-c) */
		return 1;
	support_skip("tmpfs", "mounting is not allowed here");
	return 0;
}

int
support_mount(const char *path, unsigned kilobytes)
{
	char command[128];

	directory_make(path);
	snprintf(command, sizeof(command),
	    "mount -t tmpfs -o size=%uk none '%s' 2>/dev/null", kilobytes,
	    path);
	return run_mount(command);
}

int
support_bind(const char *from, const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "mount --bind '%s' '%s' 2>/dev/null",
	    from, path);
	return run_mount(command);
}

void
file_make(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	ck_assert_msg(fd != -1, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(io_write_all(fd, text, strlen(text)), 0);
	ck_assert_int_eq(close(fd), 0);
}

void
file_expect(const char *path, const void *bytes, size_t length)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char *there = malloc(length + 1);
	size_t got = 0;
	ssize_t more;

	ck_assert_msg(fd != -1, "%s: %s", path, strerror(errno));
	ck_assert_ptr_nonnull(there);
	ck_assert(S_ISREG(file_mode(path)));
	while ((more = io_read(fd, there + got, length + 1 - got)) > 0)
		got += (size_t)more;
	ck_assert_int_eq(more, 0);
	ck_assert_uint_eq(got, length);
	ck_assert(length == 0 || memcmp(there, bytes, length) == 0);
	free(there);
	close(fd);
}

void
file_expect_text(const char *path, const char *text)
{
	file_expect(path, text, strlen(text));
}

int
file_exists(const char *path)
{
	struct stat found;

	return lstat(path, &found) == 0;
}

int
file_is(int fd, const char *path)
{
	struct stat held, named;

	ck_assert_int_eq(fstat(fd, &held), 0);
	ck_assert_int_eq(stat(path, &named), 0);
	return held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

mode_t
file_mode(const char *path)
{
	struct stat found;

	ck_assert_msg(
	    lstat(path, &found) == 0, "%s: %s", path, strerror(errno));
	return found.st_mode;
}

void
directory_make(const char *path)
{
	ck_assert_msg(mkdir(path, 0755) == 0, "%s: %s", path, strerror(errno));
}

size_t
directory_count(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	ck_assert_msg(directory != NULL, "%s: %s", path, strerror(errno));
	while ((entry = readdir(directory)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	closedir(directory);
	return count;
}
