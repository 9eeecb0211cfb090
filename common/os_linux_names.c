/* SPDX-License-Identifier: ISC */
/* Linux calls for casefold directories, modification times and locks. */
#define _GNU_SOURCE
#include "common/os.h"

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * From linux/fs.h, which may not be installed.  The kernel reads an int, not
 * the long that the numbers encode.  Source: ioctl_iflags(2).
 */
#define GET_FLAGS _IOR('f', 1, long)
#define SET_FLAGS _IOW('f', 2, long)
#define CASEFOLD 0x40000000

/* The part of struct statx up to stx_mtime; some C libraries lack it. */
#define BEFORE_MODIFIED 112
#define STATUS_SIZE 256
#define MODIFIED_ONLY 0x40u
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH */
#define FORCE_SYNC 0x2000 /* AT_STATX_FORCE_SYNC */

union statx_buffer {
	struct {
		uint8_t before[BEFORE_MODIFIED];
		int64_t seconds;
		uint32_t nanoseconds;
	} at;
	uint8_t all[STATUS_SIZE];
};

int
os_has_casefold(int directory)
{
	int flags = 0;

	return ioctl(directory, GET_FLAGS, &flags) == 0 &&
	    (flags & CASEFOLD) != 0;
}

int
os_set_casefold(int directory)
{
	int flags = 0;

	if (ioctl(directory, GET_FLAGS, &flags) == -1)
		return -1;
	flags |= CASEFOLD;
	return ioctl(directory, SET_FLAGS, &flags);
}

int
os_modified(int fd, struct timespec *modified)
{
	union statx_buffer found;

	if (syscall(SYS_statx, fd, "", EMPTY_PATH | FORCE_SYNC, MODIFIED_ONLY,
		&found) == -1)
		return -1;
	modified->tv_sec = (time_t)found.at.seconds;
	modified->tv_nsec = (long)found.at.nanoseconds;
	return 0;
}

int
os_lock_directory(int directory)
{
	int result;

	do
		result = flock(directory, LOCK_EX);
	while (result == -1 && errno == EINTR);
	return result;
}
