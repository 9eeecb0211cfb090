/* SPDX-License-Identifier: ISC */
/* Read, write and poll descriptors, with the monotonic clock. */
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

io_time
io_now(void)
{
	struct timespec now;

	/* It cannot fail: POSIX requires the clock, and now is valid. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (io_time)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timespec
io_timespec(int64_t milliseconds)
{
	if (milliseconds < 0)
		milliseconds = 0;
	return (struct timespec){(time_t)(milliseconds / 1000),
	    (long)(milliseconds % 1000) * 1000000};
}

ssize_t
io_read(int fd, void *buffer, size_t size)
{
	ssize_t done;

	do {
		done = read(fd, buffer, size);
	} while (done == -1 && errno == EINTR);
	return done;
}

ssize_t
io_write(int fd, const void *buffer, size_t size)
{
	ssize_t done;

	do {
		done = write(fd, buffer, size);
	} while (done == -1 && errno == EINTR);
	return done;
}

int
io_write_all(int fd, const void *buffer, size_t size)
{
	const char *next = buffer;
	ssize_t done;

	while (size > 0) {
		done = io_write(fd, next, size);
		if (done == -1)
			return -1;
		if (done == 0) {
			errno = ENOSPC;
			return -1;
		}
		next += done;
		size -= (size_t)done;
	}
	return 0;
}

/* The timeout for poll(2): -1 for no limit, and at most INT_MAX. */
static int
timeout_until(io_time deadline)
{
	io_time now;

	if (deadline == IO_NEVER)
		return -1;
	now = io_now();
	if (deadline <= now)
		return 0;
	/* The difference may exceed an int. */
	if (deadline > now + INT_MAX)
		return INT_MAX;
	return (int)(deadline - now);
}

int
io_poll(struct pollfd *descriptors, nfds_t count, io_time deadline)
{
	int timeout, ready;

	do {
		timeout = timeout_until(deadline);
		ready = poll(descriptors, count, timeout);
	} while (ready == 0 && timeout == INT_MAX);
	if (ready == -1 && errno == EINTR)
		return 0;
	return ready;
}

int
io_set_blocking(int fd, int blocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return -1;
	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) == -1 ? -1 : 0;
}

int
io_close_on_exec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags == -1)
		return -1;
	return fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == -1 ? -1 : 0;
}
