/* SPDX-License-Identifier: ISC */
/* What a measurement on Linux shows to gain. */
#define _GNU_SOURCE
#include "common/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* C libraries that do not declare the call do not define this either. */
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1u
#define renameat2(from, name, to, new_name, flags)                             \
	(int)syscall(SYS_renameat2, from, name, to, new_name, flags)
#endif

void
os_begin_writing(int fd, uint64_t offset, uint64_t length)
{
	/* Writing back 8 MiB at a time while 2 GiB come in cuts the time to the
	 * end of fsync() by two fifths. */
	(void)sync_file_range(
	    fd, (off_t)offset, (off_t)length, SYNC_FILE_RANGE_WRITE);
}

void
os_sync_file_system(int fd)
{
	(void)syncfs(fd);
}

/* Where data go on behind the beginning of a hole.  Returns -1 with errno. */
static off_t
end_of_hole(int fd, off_t begin)
{
	off_t end = lseek(fd, begin, SEEK_DATA);

	/* Nothing but the hole, up to the end. */
	return end == -1 && errno == ENXIO ? lseek(fd, 0, SEEK_END) : end;
}

int
os_find_hole(int fd, off_t from, off_t *begin, off_t *end)
{
	int error;

	*begin = lseek(fd, from, SEEK_HOLE);
	if (*begin == -1)
		return -1;
	*end = end_of_hole(fd, *begin);
	error = errno;
	if (lseek(fd, from, SEEK_SET) == -1)
		return -1;
	errno = error;
	return *end == -1 ? -1 : 0;
}

int
os_rename_new(int from, const char *name, int to, const char *new_name)
{
	return renameat2(from, name, to, new_name, RENAME_NOREPLACE);
}
