/* SPDX-License-Identifier: ISC */
/* File status on Linux: mount points and immutable files, from statx(2). */
#define _GNU_SOURCE
#include "common/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * struct statx and its constants, because some C libraries lack the call and
 * older headers lack the newer attributes.  Source: statx(2).
 */
struct statx_time {
	int64_t seconds;
	uint32_t nanoseconds;
	int32_t unused;
};

struct file_status {
	uint32_t filled, block_size;
	uint64_t attributes;
	uint32_t links, user, group;
	uint16_t mode, unused;
	uint64_t inode, size, blocks, known_attributes;
	struct statx_time accessed, born, changed, modified;
	uint32_t special_major, special_minor, major, minor;
	uint64_t rest[14];
};

_Static_assert(sizeof(struct file_status) == 256, "the size of struct statx");

#define BASIC_STATUS 0x7ff
#define IMMUTABLE 0x10
#define APPEND 0x20
#define MOUNT_ROOT 0x2000

static struct timespec
to_timespec(const struct statx_time *time)
{
	return (struct timespec){
	    (time_t)time->seconds, (long)time->nanoseconds};
}

static void
to_stat(const struct file_status *status, struct stat *found)
{
	memset(found, 0, sizeof(*found));
	found->st_dev = makedev(status->major, status->minor);
	found->st_ino = status->inode;
	found->st_mode = status->mode;
	found->st_nlink = status->links;
	found->st_uid = status->user;
	found->st_gid = status->group;
	found->st_rdev = makedev(status->special_major, status->special_minor);
	found->st_size = (off_t)status->size;
	found->st_blksize = (blksize_t)status->block_size;
	found->st_blocks = (blkcnt_t)status->blocks;
	found->st_atim = to_timespec(&status->accessed);
	found->st_mtim = to_timespec(&status->modified);
	found->st_ctim = to_timespec(&status->changed);
}

/* Returns 0, or -1 with errno. */
static int
get_status(int fd, const char *name, struct file_status *status)
{
	int flags = AT_SYMLINK_NOFOLLOW | (name[0] == '\0' ? AT_EMPTY_PATH : 0);

	return (int)syscall(SYS_statx, fd, name, flags, BASIC_STATUS, status);
}

int
os_stat(int fd, const char *name, struct stat *found, unsigned *marks)
{
	struct file_status status;

	*marks = 0;
	if (get_status(fd, name, &status) == 0) {
		to_stat(&status, found);
		if ((status.attributes & MOUNT_ROOT) != 0)
			*marks |= OS_MARK_MOUNT;
		if ((status.attributes & (IMMUTABLE | APPEND)) != 0)
			*marks |= OS_MARK_IMMUTABLE;
		return 0;
	}
	/* ENOSYS: an old kernel.  EPERM: an old seccomp filter. */
	if (errno != ENOSYS && errno != EPERM)
		return -1;
	return os_stat_posix(fd, name, found);
}

int
os_detects_mounts(void)
{
	struct file_status status;

	return get_status(AT_FDCWD, "/", &status) == 0 &&
	    (status.known_attributes & MOUNT_ROOT) != 0;
}
