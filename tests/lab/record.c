/* SPDX-License-Identifier: ISC */
/* Inside the fault shim: record the calls of a program in their order. */
#define _GNU_SOURCE
#include "tests/lab/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/fault_turn.h"

#define PATH 4352
/* The most bytes in one "send" line. */
#define PIECE 1024
/* The record's descriptor is at least this, above those of the program. */
#define RECORD_FD 60

static int record = -1;

void
record_open(const char *path)
{
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd != -1)
		record = fcntl(fd, F_DUPFD_CLOEXEC, RECORD_FD);
	if (record == -1)
		abort();
	close(fd);
}

int
record_owns(int fd)
{
	return record != -1 && fd == record;
}

static void
write_line(char *line, size_t length)
{
	int was = turn_disable(), error = errno;

	line[length] = '\n';
	/* With one write, the lines of several processes do not mix. */
	if (write(record, line, length + 1) != (ssize_t)length + 1)
		abort();
	turn_restore(was);
	errno = error;
}

static size_t
escape(char *out, const char *path)
{
	size_t length = 0;

	for (; *path != '\0'; path++)
		if (*path > ' ' && *path < 0x7f && *path != '%')
			out[length++] = *path;
		else
			length += (size_t)sprintf(out + length, "%%%02X",
			    (unsigned)(unsigned char)*path);
	out[length] = '\0';
	return length;
}

/* The path of a descriptor, and of a name in it if that is not NULL. */
static size_t
print_place(char *out, int fd, const char *name)
{
	int was = turn_disable(), error = errno;
	char link[32], target[PATH + 256];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, PATH - 1);
	target[length > 0 ? length : 0] = '\0';
	if (name != NULL)
		snprintf(target + strlen(target), 256 + 1, "/%s", name);
	turn_restore(was);
	errno = error;
	return escape(out, target);
}

static void
write_call(const char *word, int fd, const char *name)
{
	char line[3 * PATH + 1024];
	size_t length;

	if (record == -1)
		return;
	length = (size_t)snprintf(
	    line, sizeof(line), "%ld %s ", (long)getpid(), word);
	length += print_place(line + length, fd, name);
	write_line(line, length);
}

void
record_accept(int fd)
{
	char line[64];

	if (record != -1)
		write_line(line,
		    (size_t)snprintf(line, sizeof(line), "%ld accept %d",
			(long)getpid(), fd));
}

static void
write_send(int fd, const unsigned char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	char line[2 * PIECE + 64];
	size_t end = (size_t)snprintf(
	    line, sizeof(line), "%ld send %d ", (long)getpid(), fd);

	for (size_t i = 0; i < length; i++) {
		line[end++] = digits[bytes[i] >> 4];
		line[end++] = digits[bytes[i] & 15];
	}
	write_line(line, end);
}

void
record_write(int fd, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;
	enum fault_object object;

	/* A log need not be durable. */
	if (record == -1 || fd == STDERR_FILENO)
		return;
	object = turn_object(fd);
	if (object == FAULT_A_FILE)
		write_call("change", fd, NULL);
	for (; object == FAULT_A_PEER && length > 0; length -= PIECE) {
		if (length <= PIECE) {
			write_send(fd, next, length);
			break;
		}
		write_send(fd, next, PIECE);
		next += PIECE;
	}
}

void
record_change(int fd)
{
	if (record != -1 && turn_object(fd) == FAULT_A_FILE)
		write_call("change", fd, NULL);
}

void
record_sync(int fd, int good)
{
	if (good)
		write_call("sync", fd, NULL);
}

void
record_mkdir(int parent, const char *name)
{
	write_call("mkdir", parent, name);
}

void
record_move(int from, const char *old, int to, const char *name)
{
	char line[6 * PATH + 2048];
	size_t length;

	if (record == -1)
		return;
	length =
	    (size_t)snprintf(line, sizeof(line), "%ld move ", (long)getpid());
	length += print_place(line + length, from, old);
	line[length++] = ' ';
	length += print_place(line + length, to, name);
	write_line(line, length);
}
