/* SPDX-License-Identifier: ISC */
/*
 * System calls outside POSIX: those of every Unix, and Linux extensions with a
 * fallback for other systems.
 */
#ifndef COMMON_OS_H
#define COMMON_OS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Bytes in one unit of st_blocks: undefined in POSIX, 512 on every Unix. */
#define OS_BLOCK 512

/*
 * Map zeroed memory that this process shares with its children.  It is never
 * unmapped.  Returns NULL with errno.
 */
void *os_shared_memory(size_t size);

/*
 * Fill memory with cryptographically random bytes from /dev/urandom.  Returns
 * 0, or -1 with errno.
 */
int os_random(void *bytes, size_t size);

/*
 * Change to this user and group, with the supplementary groups of the user
 * database (user NULL: none), and check that the change cannot be undone.
 * Returns 0, or -1 with errno.
 */
int os_become_user(const char *user, uid_t uid, gid_t gid);

/* The terminal's width in columns; 0 if fd is not a terminal. */
unsigned os_terminal_columns(int fd);

/* The parts of the sandbox.  All but the first need Landlock. */
enum os_sandbox {
	OS_SANDBOX_PRIVILEGES = 1, /* no new privileges by execve(2) */
	OS_SANDBOX_FILES = 2,
	OS_SANDBOX_TCP = 4,
	OS_SANDBOX_SIGNALS = 8
};

/*
 * Restrict this process and its future children permanently:
 *   files    only below directory, with the rights for receiving;
 *   TCP      no bind(2), no connect(2);
 *   signals  only to processes in the same sandbox.
 * Open descriptors stay usable.  Returns the sum of the enum os_sandbox parts
 * that the system enforces; always 0 on systems other than Linux.
 */
#ifdef OS_LINUX
unsigned os_sandbox_enter(int directory);
#else
static inline unsigned
os_sandbox_enter(int directory)
{
	(void)directory;
	return 0;
}
#endif

/*
 * Start writing these bytes of the file to the disk, without waiting.  A later
 * fsync(2) then has less to do.  Errors are ignored.  It does nothing on
 * systems other than Linux.  Source: sync_file_range(2).
 */
#ifdef OS_LINUX
void os_start_writeback(int fd, uint64_t offset, uint64_t length);
#else
static inline void
os_start_writeback(int fd, uint64_t offset, uint64_t length)
{
	(void)fd;
	(void)offset;
	(void)length;
}
#endif

/*
 * Sync the file system that contains the open file, and wait for it.  It does
 * nothing on systems other than Linux: sync(2) would also wait for other file
 * systems, and one of them may hang.  Source: syncfs(2).
 */
#ifdef OS_LINUX
void os_sync_file_system(int fd);
#else
static inline void
os_sync_file_system(int fd)
{
	(void)fd;
}
#endif

/*
 * Find the next hole of a file at or after from.  *begin is its first byte,
 * *end the first byte after it; without a hole both are the file's size.  Sets
 * the file offset to from.  Returns 0, or -1 with errno and the same offset:
 * ENXIO if from is past the end, others if the file system does not report
 * holes.  Fails on systems other than Linux.  Source: lseek(2), SEEK_HOLE.
 */
#ifdef OS_LINUX
int os_find_hole(int fd, off_t from, off_t *begin, off_t *end);
#else
static inline int
os_find_hole(int fd, off_t from, off_t *begin, off_t *end)
{
	(void)fd;
	(void)from;
	(void)begin;
	(void)end;
	errno = ENOTSUP;
	return -1;
}
#endif

/*
 * Rename a file unless the new name exists.  from and to are open directories.
 * Returns 0, or -1 with errno: EEXIST if the new name exists; ENOSYS or EINVAL
 * if the system or the file system does not support it.  Always ENOSYS on
 * systems other than Linux.  Source: renameat2(2), RENAME_NOREPLACE.
 */
#ifdef OS_LINUX
int os_rename_new(int from, const char *name, int to, const char *new_name);
#else
static inline int
os_rename_new(int from, const char *name, int to, const char *new_name)
{
	(void)from;
	(void)name;
	(void)to;
	(void)new_name;
	errno = ENOSYS;
	return -1;
}
#endif

/* os_stat without marks, from fstatat(2) or fstat(2). */
int os_stat_posix(int fd, const char *name, struct stat *found);

/* Attributes of a file that struct stat lacks. */
enum os_mark {
	OS_MARK_MOUNT = 1,    /* a mount point */
	OS_MARK_IMMUTABLE = 2 /* immutable or append-only */
};

/*
 * Get the status and the marks of a name in an open directory, in one system
 * call.  Does not follow a symbolic link.  An empty name means fd itself.
 * *marks is a sum of enum os_mark; 0 if the system reports none.  Returns 0, or
 * -1 with errno.  Source: statx(2).
 */
#ifdef OS_LINUX
int os_stat(int fd, const char *name, struct stat *found, unsigned *marks);
#else
static inline int
os_stat(int fd, const char *name, struct stat *found, unsigned *marks)
{
	*marks = 0;
	return os_stat_posix(fd, name, found);
}
#endif

/* Nonzero if os_stat reports OS_MARK_MOUNT, as on Linux 5.8 and later. */
#ifdef OS_LINUX
int os_detects_mounts(void);
#else
static inline int
os_detects_mounts(void)
{
	return 0;
}
#endif

/*
 * Nonzero if the directory has the casefold attribute: names that differ only
 * in case or in Unicode normalization are the same.  ext4, f2fs and tmpfs on
 * Linux have it; 0 on other systems.  Source: ioctl_iflags(2).
 */
#ifdef OS_LINUX
int os_has_casefold(int directory);
#else
static inline int
os_has_casefold(int directory)
{
	(void)directory;
	return 0;
}
#endif

/*
 * Set the casefold attribute of an empty directory.  Returns 0, or -1 with
 * errno if the file system does not support it.
 */
#ifdef OS_LINUX
int os_set_casefold(int directory);
#else
static inline int
os_set_casefold(int directory)
{
	(void)directory;
	errno = ENOTSUP;
	return -1;
}
#endif

/*
 * The modification time that the file system itself reports.  On Linux this
 * bypasses the kernel's cache of a FUSE or network file system.  Returns 0, or
 * -1 with errno.  Source: statx(2), AT_STATX_FORCE_SYNC.
 */
#ifdef OS_LINUX
int os_modified(int fd, struct timespec *modified);
#else
static inline int
os_modified(int fd, struct timespec *modified)
{
	struct stat found;

	if (fstat(fd, &found) == -1)
		return -1;
	*modified = found.st_mtim;
	return 0;
}
#endif

/*
 * Wait for an exclusive lock on this directory.  Children share the lock;
 * closing the last descriptor releases it.  Returns 0, or -1 with errno:
 * ENOTSUP on systems other than Linux.  Source: flock(2).
 */
#ifdef OS_LINUX
int os_lock_directory(int directory);
#else
static inline int
os_lock_directory(int directory)
{
	(void)directory;
	errno = ENOTSUP;
	return -1;
}
#endif

#endif
