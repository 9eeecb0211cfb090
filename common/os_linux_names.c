/* SPDX-License-Identifier: ISC */
/* What Linux offers for names and times beyond POSIX. */
#define _GNU_SOURCE
#include "common/os.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's headers need not be installed; numbers and meanings are in
 * ioctl_iflags(2) and linux/fs.h.  In spite of their type, an int is passed.
 */
#define GET_FLAGS _IOR('f', 1, long)
#define SET_FLAGS _IOW('f', 2, long)
#define CASEFOLD 0x40000000

/* The beginning of struct statx, which not each C library declares. */
#define BEFORE_MODIFIED 112
#define STATUS_SIZE 256
#define MODIFIED_ONLY 0x40u
#define FROM_DESCRIPTOR 0x1000 /* AT_EMPTY_PATH */
#define ASK_ANEW 0x2000	       /* AT_STATX_FORCE_SYNC */

union status {
	struct {
		uint8_t before[BEFORE_MODIFIED];
		int64_t seconds;
		uint32_t nanoseconds;
	} at;
	uint8_t all[STATUS_SIZE];
};

int
os_folds_names(int directory)
{
	int flags = 0;

	return ioctl(directory, GET_FLAGS, &flags) == 0 &&
	    (flags & CASEFOLD) != 0;
}

int
os_fold_names(int directory)
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
	union status found;

	if (syscall(SYS_statx, fd, "", FROM_DESCRIPTOR | ASK_ANEW,
		MODIFIED_ONLY, &found) == -1)
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
