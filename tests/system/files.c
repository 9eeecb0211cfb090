/* SPDX-License-Identifier: ISC */
/* Make, inspect and compare files; errors fail the test. */
#include "tests/system/files.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"

#define CHUNK 65536

/* Source: Marsaglia, "Xorshift RNGs", 2003. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

void
file_make(const char *path, uint64_t size, unsigned seed)
{
	uint64_t words[CHUNK / sizeof(uint64_t)];
	uint64_t state = (size + 1) * 1000003 + seed;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	while (size > 0) {
		size_t count = size < CHUNK ? (size_t)size : CHUNK;

		for (size_t i = 0; i < CHUNK / sizeof(words[0]); i++)
			words[i] = next_random(&state);
		ck_assert_int_eq(io_write_all(fd, words, count), 0);
		size -= count;
	}
	ck_assert_int_eq(close(fd), 0);
}

void
file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(io_write_all(fd, text, strlen(text)), 0);
	ck_assert_int_eq(close(fd), 0);
}

/* Read up to size bytes.  Returns how many were read. */
static size_t
read_up_to(int fd, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = io_read(fd, (char *)buffer + done, size - done);

		ck_assert_int_ge(count, 0);
		if (count == 0)
			break;
		done += (size_t)count;
	}
	return done;
}

char *
file_read(const char *path)
{
	const size_t most = 1 << 20;
	char *text = malloc(most + 1);
	int fd = open(path, O_RDONLY);

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	text[read_up_to(fd, text, most)] = '\0';
	close(fd);
	return text;
}

int
file_equal(const char *one, const char *other)
{
	static char left[CHUNK], right[CHUNK];
	int a = open(one, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	int b = open(other, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	int equal = a >= 0 && b >= 0;
	struct stat status;
	size_t count;

	if (equal && (fstat(b, &status) != 0 || !S_ISREG(status.st_mode)))
		equal = 0;
	while (equal) {
		count = read_up_to(a, left, CHUNK);
		if (read_up_to(b, right, CHUNK) != count ||
		    memcmp(left, right, count) != 0)
			equal = 0;
		if (count < CHUNK)
			break;
	}
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	return equal;
}

int
file_exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

static struct stat
status_of(const char *path)
{
	struct stat status;

	ck_assert_msg(
	    lstat(path, &status) == 0, "%s: %s", path, strerror(errno));
	return status;
}

uint64_t
file_size(const char *path)
{
	return (uint64_t)status_of(path).st_size;
}

mode_t
file_mode(const char *path)
{
	return status_of(path).st_mode & 07777;
}

ino_t
file_inode(const char *path)
{
	return status_of(path).st_ino;
}

void
directory_make(const char *path)
{
	ck_assert_msg(mkdir(path, 0755) == 0 && chmod(path, 0755) == 0,
	    "%s: %s", path, strerror(errno));
}

/* Count the entries that do not begin with prefix. */
static int
count_entries(const char *path, const char *prefix)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	ck_assert_msg(directory != NULL, "%s: %s", path, strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		count += strncmp(name, prefix, strlen(prefix)) != 0;
	}
	closedir(directory);
	return count;
}

int
directory_count(const char *path)
{
	return count_entries(path, ".ftx-");
}

int
directory_count_staged(const char *root)
{
	DIR *directory = opendir(root);
	struct dirent *entry;
	char path[1024];
	int count = 0;

	ck_assert_msg(directory != NULL, "%s: %s", root, strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		if (strncmp(entry->d_name, ".ftx-", 5) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", root, entry->d_name);
		/* The server's file ".secret" is no staged file. */
		count += count_entries(path, ".secret");
	}
	closedir(directory);
	return count;
}

uint64_t
directory_staged_bytes(const char *root)
{
	char pattern[1024];
	struct stat staged;
	uint64_t size = 0;
	glob_t found;

	/* The server's file ".secret" does not match. */
	snprintf(pattern, sizeof(pattern), "%s/.ftx-*/*", root);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (stat(found.gl_pathv[i], &staged) == 0)
				size += (uint64_t)staged.st_size;
	globfree(&found);
	return size;
}

int
directory_remove(const char *path)
{
	int status;
	pid_t pid = fork();

	/* rm removes trees whose paths are longer than PATH_MAX. */
	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0
									 : -1;
}
