/* SPDX-License-Identifier: ISC */
/* Read, write and poll descriptors, with the monotonic clock. */
#ifndef COMMON_IO_H
#define COMMON_IO_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* A time of the monotonic clock, in milliseconds. */
typedef int64_t io_time;

/* A deadline that never comes. */
#define IO_NEVER INT64_MAX

io_time io_now(void);

/* Milliseconds as a timespec; a negative time becomes zero. */
struct timespec io_timespec(int64_t milliseconds);

/*
 * Call read(2) or write(2).  If a signal interrupts the call before the first
 * byte, repeat it.  Returns what the call returns, also short counts and
 * EAGAIN.
 */
ssize_t io_read(int fd, void *buffer, size_t size);
ssize_t io_write(int fd, const void *buffer, size_t size);

/*
 * Write all bytes to a blocking descriptor.  Returns 0, or -1 with errno:
 * ENOSPC if write(2) returns 0.
 */
int io_write_all(int fd, const void *buffer, size_t size);

/*
 * Wait for one of the descriptors, until the deadline.  Returns the number of
 * ready descriptors, 0 at the deadline, or -1 with errno.  After a signal it
 * also returns 0, so that the caller checks its flags.
 */
int io_poll(struct pollfd *descriptors, nfds_t count, io_time deadline);

/* Set or clear O_NONBLOCK.  Returns 0, or -1 with errno. */
int io_set_blocking(int fd, int blocking);

/* Set FD_CLOEXEC.  Returns 0, or -1 with errno. */
int io_close_on_exec(int fd);

#endif
