/* SPDX-License-Identifier: ISC */
/* Start and end the real programs; errors fail the test. */
#include "tests/system/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/filter.h"
#include "tests/sanitized.h"
#include "tests/system/files.h"

#define ARGUMENTS_MAX 400

static char programs[HARNESS_PATH], skips[HARNESS_PATH], top[HARNESS_PATH];

/* Make a path absolute, so that it stays valid after chdir. */
static int
resolve(char out[HARNESS_PATH], const char *path)
{
	char *full = realpath(path, NULL);
	int length = -1;

	if (full != NULL)
		length = snprintf(out, HARNESS_PATH, "%s", full);
	free(full);
	if (length >= 0 && length < HARNESS_PATH)
		return 0;
	fprintf(stderr, "system: %s: %s\n", path, strerror(errno));
	return -1;
}

/* Both programs must be in the build directory, not only in PATH. */
static int
check_programs(void)
{
	static const char *const names[] = {"ftxd", "ftx"};
	char path[HARNESS_PATH];

	for (int i = 0; i < 2; i++)
		if (harness_program(path, names[i]) != path) {
			fprintf(stderr, "system: no %s in %s\n", names[i],
			    programs);
			return -1;
		}
	return 0;
}

int
harness_open(void)
{
	const char *directory = getenv("FTX_PROGRAMS");
	const char *temporary = getenv("TMPDIR");
	char program[HARNESS_PATH];

	if (resolve(programs, directory != NULL ? directory : "build") != 0 ||
	    resolve(skips, "tests/skips") != 0 || check_programs() != 0)
		return -1;
	snprintf(top, sizeof(top), "%s/ftx-system.XXXXXX",
	    temporary != NULL ? temporary : "/tmp");
	/* LeakSanitizer needs /proc, which Landlock hides from ftxd -i. */
	if (IS_SANITIZED && filter_refuse(filter_landlock, ENOSYS) != 0)
		return -1;
	if (mkdtemp(top) == NULL || chmod(top, 0755) != 0) {
		fprintf(stderr, "system: %s: %s\n", top, strerror(errno));
		return -1;
	}
	if (setenv("FTX_PROGRAMS", programs, 1) != 0)
		return -1;
	return setenv("FTX", harness_program(program, "ftx"), 1);
}

void
harness_close(int failed)
{
	if (failed)
		printf(
		    "system: the directories of failed tests are in %s\n", top);
	else if (directory_remove(top) != 0)
		fprintf(stderr, "system: %s cannot be removed\n", top);
}

const char *
harness_top(void)
{
	return top;
}

void
harness_begin(void)
{
	char directory[HARNESS_PATH + 16];

	snprintf(directory, sizeof(directory), "%s/test.XXXXXX", top);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chmod(directory, 0755), 0);
	ck_assert_int_eq(chdir(directory), 0);
	signal(SIGPIPE, SIG_IGN);
	/* Remove libcheck's handler, which would end the whole test. */
	signal(SIGTERM, SIG_DFL);
	umask(022);
}

void
harness_end(void)
{
	char directory[HARNESS_PATH + 16];

	ck_assert_msg(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
	    "a child process still runs");
	ck_assert_ptr_nonnull(getcwd(directory, sizeof(directory)));
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(directory_remove(directory), 0);
}

TCase *
harness_case(const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, harness_begin, harness_end);
	tcase_set_timeout(tcase, 60);
	return tcase;
}

void
harness_skip(const char *name, const char *reason)
{
	char *list = file_read(skips);
	char wanted[HARNESS_PATH];
	const char *found;

	snprintf(wanted, sizeof(wanted), "%s ", name);
	found = strstr(list, wanted);
	ck_assert_msg(found != NULL && (found == list || found[-1] == '\n'),
	    "skipping %s (%s) is not allowed by tests/skips", name, reason);
	free(list);
	printf("skipped %s: %s\n", name, reason);
	fflush(stdout);
}

const char *
harness_program(char buffer[HARNESS_PATH], const char *name)
{
	snprintf(
	    buffer, HARNESS_PATH, "%.*s/%s", HARNESS_PATH - 32, programs, name);
	return access(buffer, X_OK) == 0 ? buffer : name;
}

/* In a child: run the program with these standard output and error. */
static void
become(const char *const argv[], int out, int err)
{
	char path[HARNESS_PATH];
	char *copy[ARGUMENTS_MAX];
	int null = open("/dev/null", O_RDONLY);
	size_t count = 0;

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(err, 2) < 0)
		_exit(126);
	if (null > 2)
		close(null);
	while (count < ARGUMENTS_MAX - 1 && argv[count] != NULL) {
		copy[count] = strdup(argv[count]);
		count++;
	}
	copy[count] = NULL;
	signal(SIGPIPE, SIG_DFL);
	execvp(harness_program(path, argv[0]), copy);
	_exit(127);
}

void
harness_pipe(int ends[2])
{
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(io_close_on_exec(ends[0]), 0);
	ck_assert_int_eq(io_close_on_exec(ends[1]), 0);
}

pid_t
harness_spawn(const char *const argv[], int out, int err)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		become(argv, out, err);
	return pid;
}

int
harness_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
process_look(pid_t pid, pid_t *parent, char *state)
{
	char path[64], text[512];
	const char *after_name;
	long number;
	ssize_t count;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	count = io_read(fd, text, sizeof(text) - 1);
	close(fd);
	text[count > 0 ? count : 0] = '\0';
	after_name = strrchr(text, ')');
	if (after_name == NULL ||
	    sscanf(after_name + 1, " %c %ld", state, &number) != 2)
		return -1;
	*parent = (pid_t)number;
	return 0;
}

int
process_field(
    pid_t pid, const char *file, const char *word, char text[PROCESS_TEXT])
{
	char path[64], line[256];
	size_t length = strlen(word);
	int found = 0;
	FILE *lines;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, file);
	lines = fopen(path, "re");
	if (lines == NULL)
		return -1;
	while (!found && fgets(line, sizeof(line), lines) != NULL)
		found = strncmp(line, word, length) == 0;
	fclose(lines);
	if (!found)
		return -1;
	length += strspn(line + length, " \t");
	snprintf(text, PROCESS_TEXT, "%.*s", (int)strcspn(line + length, "\n"),
	    line + length);
	return 0;
}

int
process_is_alive(pid_t pid)
{
	pid_t parent;
	char state;

	return process_look(pid, &parent, &state) == 0 && state != 'Z' &&
	    state != 'X';
}
