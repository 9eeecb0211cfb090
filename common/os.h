/* SPDX-License-Identifier: ISC */
/* What lies outside POSIX: what every Unix has, and what Linux gains by. */
#ifndef COMMON_OS_H
#define COMMON_OS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* The unit of st_blocks, which POSIX leaves open, on every system we know. */
#define OS_BLOCK 512

/*
 * Zeroed memory that this process shares with those it forks; kept until the
 * end.  Returns NULL with errno.
 */
void *os_shared_memory(size_t size);

/*
 * Fill memory with random bytes that nobody can guess.  Returns 0, or -1 with
 * errno.  Source: /dev/urandom, which every Unix has.
 */
int os_random(void *bytes, size_t size);

/*
 * Become this user and group, with the groups that the user database names,
 * and make sure that there is no way back.  Returns 0, or -1 with errno.
 */
int os_become(const char *user, uid_t uid, gid_t gid);

/* The columns of the terminal that this descriptor is, or 0. */
unsigned os_terminal_columns(int fd);

/* What os_confine has done; others than the first need Linux's Landlock. */
enum os_guard {
	OS_GUARD_PRIVILEGES = 1, /* a program that is run has no more rights */
	OS_GUARD_FILES = 2,
	OS_GUARD_TCP = 4,
	OS_GUARD_SIGNALS = 8
};

/*
 * Have this process, and those that it forks, give up for good: to open, make,
 * rename, link, remove or run any file but to receive below directory; to bind
 * or connect sockets of TCP; to signal processes that stand outside.  What is
 * open stays so, and can be used as before.  Returns what of that the system
 * has done, as a sum of enum os_guard; elsewhere than on Linux 0.
 */
#ifdef OS_LINUX
unsigned os_confine(int directory);
#else
static inline unsigned
os_confine(int directory)
{
	(void)directory;
	return 0;
}
#endif

/*
 * Have the system begin to write these bytes of the file to the disk, without
 * waiting, so that a later sync finds less to do.  A hint: it promises nothing
 * and cannot fail.  Elsewhere than on Linux it does nothing.
 */
#ifdef OS_LINUX
void os_begin_writing(int fd, uint64_t offset, uint64_t length);
#else
static inline void
os_begin_writing(int fd, uint64_t offset, uint64_t length)
{
	(void)fd;
	(void)offset;
	(void)length;
}
#endif

/*
 * Make the file system of this descriptor write out all its changes, and wait
 * for that.  On other systems than Linux it does nothing: sync() would also
 * wait for other file systems, which may not answer.  Source: syncfs(2).
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
 * The next hole of a file at or behind from: *begin is where it begins, *end
 * the first byte behind it; both the size of the file if there is none.  The
 * offset of fd is from afterwards.  Returns 0, or -1 with errno, the offset
 * being the same, if there is nothing at from (ENXIO) or the file system does
 * not tell.  Elsewhere than on Linux it is never known.
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
 * Rename a file unless the new name exists.  Both names are looked up in open
 * directories.  Returns 0, or -1 with errno: EEXIST if the new name exists, and
 * ENOSYS or EINVAL if the system or this file system cannot do it.  On other
 * systems than Linux it is always ENOSYS.  Source: renameat2(2),
 * RENAME_NOREPLACE.
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

/* os_look without marks: fstatat() and fstat(). */
int os_look_plainly(int fd, const char *name, struct stat *found);

/* What a look at a file shows beyond its status. */
enum os_mark {
	OS_MARK_MOUNT = 1, /* something is mounted there */
	OS_MARK_KEPT = 2 /* immutable or append-only, also for what is in it */
};

/*
 * Look at a name in an open directory without following a link, or, where the
 * name is empty, at what is open itself.  It is one system call, as fstatat()
 * is.  marks is a sum of enum os_mark, or 0 if the system shows none.  Returns
 * 0, or -1 with errno.  os_tells_mounts says whether OS_MARK_MOUNT is known
 * here, as it is on Linux 5.8 and later.
 */
#ifdef OS_LINUX
int os_look(int fd, const char *name, struct stat *found, unsigned *marks);
int os_tells_mounts(void);
#else
static inline int
os_look(int fd, const char *name, struct stat *found, unsigned *marks)
{
	*marks = 0;
	return os_look_plainly(fd, name, found);
}
static inline int
os_tells_mounts(void)
{
	return 0;
}
#endif

/*
 * Nonzero if this directory has the attribute by which names fold: those that
 * differ in case or in Unicode normalization are one.  ext4, f2fs and tmpfs on
 * Linux have it; on other systems this is 0.  Source: ioctl_iflags(2).
 */
#ifdef OS_LINUX
int os_folds_names(int directory);
#else
static inline int
os_folds_names(int directory)
{
	(void)directory;
	return 0;
}
#endif

/*
 * Give an empty directory that attribute.  Returns 0, or -1 with errno where
 * the file system has no such attribute.
 */
#ifdef OS_LINUX
int os_fold_names(int directory);
#else
static inline int
os_fold_names(int directory)
{
	(void)directory;
	errno = ENOTSUP;
	return -1;
}
#endif

/*
 * The time of modification that the file system itself has.  On Linux a FUSE or
 * network file system is asked again, past the kernel's cache.  Returns 0, or
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
 * Wait for the lock of this directory, and take it.  Closing the descriptor
 * ends it; a fork shares it.  Returns 0, or -1 with errno: ENOTSUP if there are
 * no such locks, as on other systems than Linux.  Source: flock(2).
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
