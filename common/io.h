/* SPDX-License-Identifier: ISC */
/* Reading, writing and waiting on descriptors, with the monotonic clock. */
#ifndef COMMON_IO_H
#define COMMON_IO_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* A point of time of the monotonic clock, in milliseconds. */
typedef int64_t io_time;

/* A deadline that never comes. */
#define IO_NEVER INT64_MAX

io_time io_now(void);

/* Milliseconds as a timespec; a negative time becomes zero. */
struct timespec io_timespec(int64_t milliseconds);

/*
 * One read(2) or write(2), repeated only where a signal came before the first
 * byte.  Returns what those return: short counts are the caller's business,
 * 0 from io_read is the end, -1 with errno is an error, EAGAIN included.
 */
ssize_t io_read(int fd, void *buffer, size_t size);
ssize_t io_write(int fd, const void *buffer, size_t size);

/*
 * Write all of it to a blocking descriptor.  Returns 0, or -1 with errno; a
 * write that takes nothing without an error is reported as ENOSPC.
 */
int io_write_all(int fd, const void *buffer, size_t size);

/*
 * Wait until one of the descriptors is ready or the deadline has come.
 * Returns the number that are ready; 0 at the deadline and also when a signal
 * came, so that the caller looks at its flags; -1 with errno.
 */
int io_poll(struct pollfd *descriptors, nfds_t count, io_time deadline);

/* Set or clear O_NONBLOCK.  Returns 0, or -1 with errno. */
int io_set_blocking(int fd, int blocking);

/* Set FD_CLOEXEC.  Returns 0, or -1 with errno. */
int io_close_on_exec(int fd);

#endif
