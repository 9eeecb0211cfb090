/* SPDX-License-Identifier: ISC */
/* What Linux shows of a file beyond POSIX: mounts, and immutable files. */
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
 * Not every C library has statx(2), and older headers lack the newer
 * attributes; the layout and the numbers are those of its manual page.
 */
struct moment {
	int64_t seconds;
	uint32_t nanoseconds;
	int32_t unused;
};

struct looked {
	uint32_t filled, block_size;
	uint64_t attributes;
	uint32_t links, user, group;
	uint16_t mode, unused;
	uint64_t inode, size, blocks, known_attributes;
	struct moment accessed, born, changed, modified;
	uint32_t special_major, special_minor, major, minor;
	uint64_t rest[14];
};

_Static_assert(sizeof(struct looked) == 256, "this is no struct statx");

#define BASIC_STATUS 0x7ff
#define IMMUTABLE 0x10
#define APPEND 0x20
#define MOUNT_ROOT 0x2000

static struct timespec
time_of(const struct moment *moment)
{
	return (struct timespec){
	    (time_t)moment->seconds, (long)moment->nanoseconds};
}

static void
convert(const struct looked *looked, struct stat *found)
{
	memset(found, 0, sizeof(*found));
	found->st_dev = makedev(looked->major, looked->minor);
	found->st_ino = looked->inode;
	found->st_mode = looked->mode;
	found->st_nlink = looked->links;
	found->st_uid = looked->user;
	found->st_gid = looked->group;
	found->st_rdev = makedev(looked->special_major, looked->special_minor);
	found->st_size = (off_t)looked->size;
	found->st_blksize = (blksize_t)looked->block_size;
	found->st_blocks = (blkcnt_t)looked->blocks;
	found->st_atim = time_of(&looked->accessed);
	found->st_mtim = time_of(&looked->modified);
	found->st_ctim = time_of(&looked->changed);
}

/* Returns 0, or -1 with errno. */
static int
look(int fd, const char *name, struct looked *looked)
{
	int flags = AT_SYMLINK_NOFOLLOW | (name[0] == '\0' ? AT_EMPTY_PATH : 0);

	return (int)syscall(SYS_statx, fd, name, flags, BASIC_STATUS, looked);
}

int
os_look(int fd, const char *name, struct stat *found, unsigned *marks)
{
	struct looked looked;

	*marks = 0;
	if (look(fd, name, &looked) == 0) {
		convert(&looked, found);
		if ((looked.attributes & MOUNT_ROOT) != 0)
			*marks |= OS_MARK_MOUNT;
		if ((looked.attributes & (IMMUTABLE | APPEND)) != 0)
			*marks |= OS_MARK_KEPT;
		return 0;
	}
	/* An old kernel, or a filter of system calls older than the call. */
	if (errno != ENOSYS && errno != EPERM)
		return -1;
	return os_look_plainly(fd, name, found);
}

int
os_tells_mounts(void)
{
	struct looked looked;

	return look(AT_FDCWD, "/", &looked) == 0 &&
	    (looked.known_attributes & MOUNT_ROOT) != 0;
}
