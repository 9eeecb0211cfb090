/* SPDX-License-Identifier: ISC */
/* The fault shim: the calls of a program, that each may come out otherwise. */
#define _GNU_SOURCE
#include "tests/lab/fault.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/fault_turn.h"
#include "tests/lab/record.h"

/* Behind the C library's own allocator; only glibc is known to have them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

/* Where _FORTIFY_SOURCE makes calls of others, under their names. */
int __open64_2(const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);

/*
 * The library's own names for parameters are reserved, and types and lists of
 * parameters cannot stand in parentheses.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
 * NOLINTBEGIN(bugprone-macro-parentheses)
 */

/*
 * Define a function that the program's calls reach instead of the library's.
 * The headers give each the name that the program's flags choose: open64 and
 * the like.  noted is what the record gets of a call that went well.
 */
#define WRAP(turns, object, type, failed, name, parameters, arguments, noted)  \
	type name parameters                                                   \
	{                                                                      \
		static type(*real) parameters;                                 \
		struct turn turn = turn_begin(FAULT_##turns, object);          \
		type result = (type)failed;                                    \
                                                                               \
		if (real == NULL)                                              \
			real = (type(*) parameters)turn_find(#name);           \
		if (turn.verdict == TURN_CLAIM)                                \
			return (type)0;                                        \
		if (turn.verdict != TURN_FAIL)                                 \
			result = real arguments;                               \
		if (!turn.own && result != (type)failed) {                     \
			noted;                                                 \
		}                                                              \
		turn_end(&turn, result != (type)failed);                       \
		return result;                                                 \
	}

#define NOTHING (void)0
#define FEWER(size) (turn.verdict == TURN_SHORTEN && (size) > 0 ? 1 : (size))

WRAP(ACCEPT, fd, int, -1, accept,
    (int fd, struct sockaddr *restrict address, socklen_t *restrict length),
    (fd, address, length), record_accept(result))
WRAP(ACCESS, fd, int, -1, faccessat,
    (int fd, const char *path, int mode, int flags), (fd, path, mode, flags),
    NOTHING)
WRAP(BIND, fd, int, -1, bind,
    (int fd, const struct sockaddr *address, socklen_t length),
    (fd, address, length), NOTHING)
WRAP(CHMOD, fd, int, -1, fchmod, (int fd, mode_t mode), (fd, mode),
    record_change(fd))
WRAP(CHOWN, fd, int, -1, fchown, (int fd, uid_t user, gid_t group),
    (fd, user, group), record_change(fd))
WRAP(CLOCK, -1, time_t, -1, time, (time_t * seconds), (seconds),
     result += turn_jump(&turn, CLOCK_REALTIME);
     if (seconds != NULL) *seconds = result)
WRAP(CONNECT, fd, int, -1, connect,
    (int fd, const struct sockaddr *address, socklen_t length),
    (fd, address, length), NOTHING)
WRAP(DIRECTORY, fd, DIR *, NULL, fdopendir, (int fd), (fd), NOTHING)
WRAP(DIRECTORY, dirfd(directory), struct dirent *, NULL, readdir,
    (DIR * directory), (directory), NOTHING)
WRAP(FORK, -1, pid_t, -1, fork, (void), (), NOTHING)
WRAP(FSYNC, fd, int, -1, fsync, (int fd), (fd), record_sync(fd, 1))
WRAP(GROUPS, -1, int, -1, setgroups, (size_t count, const gid_t *groups),
    (count, groups), NOTHING)
WRAP(GROUPS, -1, int, -1, initgroups, (const char *user, gid_t group),
    (user, group), NOTHING)
WRAP(LINK, from, int, -1, linkat,
    (int from, const char *old, int to, const char *name, int flags),
    (from, old, to, name, flags), record_move(from, old, to, name))
WRAP(LISTEN, fd, int, -1, listen, (int fd, int backlog), (fd, backlog), NOTHING)
WRAP(LOOKUP, -1, int, EAI_SYSTEM, getaddrinfo,
    (const char *restrict node, const char *restrict service,
	const struct addrinfo *restrict hints,
	struct addrinfo **restrict found),
    (node, service, hints, found), NOTHING)
WRAP(MAP, fd, void *, -1, mmap,
    (void *at, size_t size, int protection, int flags, int fd, off_t offset),
    (at, size, protection, flags, fd, offset), NOTHING)
WRAP(MKDIR, fd, int, -1, mkdirat, (int fd, const char *path, mode_t mode),
    (fd, path, mode), record_mkdir(fd, path))
WRAP(OPEN, -1, FILE *, NULL, fopen,
    (const char *restrict path, const char *restrict mode), (path, mode),
    NOTHING)
WRAP(PIPE, -1, int, -1, pipe, (int ends[2]), (ends), NOTHING)
WRAP(POLL, turn_polled(polled, count), int, -1, poll,
    (struct pollfd * polled, nfds_t count, int timeout),
    (polled, count, timeout), NOTHING)
WRAP(READ, fd, ssize_t, -1, read, (int fd, void *buffer, size_t size),
    (fd, buffer, FEWER(size)), NOTHING)
WRAP(READ, fd, ssize_t, -1, pread,
    (int fd, void *buffer, size_t size, off_t offset),
    (fd, buffer, FEWER(size), offset), NOTHING)
WRAP(RENAME, from, int, -1, renameat,
    (int from, const char *old, int to, const char *name),
    (from, old, to, name), record_move(from, old, to, name))
WRAP(RENAME, from, int, -1, renameat2,
    (int from, const char *old, int to, const char *name, unsigned flags),
    (from, old, to, name, flags), record_move(from, old, to, name))
WRAP(SEEK, fd, off_t, -1, lseek, (int fd, off_t offset, int whence),
    (fd, offset, whence), NOTHING)
WRAP(SETGID, -1, int, -1, setgid, (gid_t group), (group), NOTHING)
WRAP(SETUID, -1, int, -1, setuid, (uid_t user), (user), NOTHING)
WRAP(SHUTDOWN, fd, int, -1, shutdown, (int fd, int how), (fd, how), NOTHING)
WRAP(SOCKET, -1, int, -1, socket, (int family, int type, int protocol),
    (family, type, protocol), NOTHING)
WRAP(SOCKOPT, fd, int, -1, setsockopt,
    (int fd, int level, int name, const void *value, socklen_t length),
    (fd, level, name, value, length), NOTHING)
WRAP(SOCKOPT, fd, int, -1, getsockopt,
    (int fd, int level, int name, void *restrict value,
	socklen_t *restrict length),
    (fd, level, name, value, length), NOTHING)
WRAP(SPACE, fd, int, -1, fstatvfs, (int fd, struct statvfs *system),
    (fd, system), NOTHING)
WRAP(STAT, fd, int, -1, fstat, (int fd, struct stat *found), (fd, found),
    NOTHING)
WRAP(STAT, fd, int, -1, fstatat,
    (int fd, const char *restrict path, struct stat *restrict found, int flags),
    (fd, path, found, turn_flags(flags, AT_SYMLINK_NOFOLLOW)), NOTHING)
WRAP(STAT, -1, int, -1, stat,
    (const char *restrict path, struct stat *restrict found), (path, found),
    NOTHING)
WRAP(STAT, -1, int, -1, lstat,
    (const char *restrict path, struct stat *restrict found), (path, found),
    NOTHING)
WRAP(TIMES, fd, int, -1, futimens, (int fd, const struct timespec times[2]),
    (fd, times), record_change(fd))
WRAP(TRUNCATE, fd, int, -1, ftruncate, (int fd, off_t length), (fd, length),
    record_change(fd))
WRAP(UNLINK, fd, int, -1, unlinkat, (int fd, const char *path, int flags),
    (fd, path, flags), NOTHING)
WRAP(UNLINK, -1, int, -1, unlink, (const char *path), (path), NOTHING)
WRAP(WAIT, -1, pid_t, -1, waitpid, (pid_t pid, int *status, int options),
    (pid, status, options), NOTHING)
WRAP(WRITE, fd, ssize_t, -1, write, (int fd, const void *bytes, size_t size),
    (fd, bytes, FEWER(size)), record_write(fd, bytes, (size_t)result))

/*
 * A descriptor is gone also when closing it fails, as on Linux.  It leaks where
 * that is only claimed.
 */
int
close(int fd)
{
	static int (*real)(int);
	struct turn turn = turn_begin(FAULT_CLOSE, fd);
	int error = errno, result;

	if (!turn.own && record_owns(fd)) {
		errno = EBADF;
		return -1;
	}
	if (turn.verdict == TURN_CLAIM)
		return 0;
	if (real == NULL)
		real = (int (*)(int))turn_find("close");
	result = real(fd);
	if (turn.verdict == TURN_FAIL) {
		errno = error;
		result = -1;
	}
	return result;
}

/* Where both exist, this is the one whose seconds have 64 bits. */
#ifndef SYS_clock_gettime64
#define SYS_clock_gettime64 SYS_clock_gettime
#endif

/*
 * A sanitizer's allocator asks for it, too, at a time when nothing can be
 * looked up.
 */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	struct turn turn = turn_begin(FAULT_CLOCK, -1);

	if (turn.verdict == TURN_FAIL ||
	    syscall(SYS_clock_gettime64, clock, now) == -1)
		return -1;
	now->tv_sec += turn_jump(&turn, clock);
	return 0;
}

/* Every call that takes memory is one turn; done is the call itself. */
#define TAKE_MEMORY(done)                                                      \
	struct turn turn = turn_begin(FAULT_ALLOCATE, -1);                     \
                                                                               \
	return turn.verdict == TURN_FAIL ? NULL : (done)

void *
malloc(size_t size)
{
	TAKE_MEMORY(__libc_malloc(size));
}

void *
calloc(size_t count, size_t size)
{
	TAKE_MEMORY(__libc_calloc(count, size));
}

void *
realloc(void *old, size_t size)
{
	TAKE_MEMORY(__libc_realloc(old, size));
}

/* The mode is there only where a file may be made. */
static mode_t
mode_of(int flags, va_list arguments)
{
	return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

static int
open_in(int directory, const char *path, int flags, mode_t mode)
{
	static int (*real)(int, const char *, int, ...);
	struct turn turn = turn_begin(FAULT_OPEN, directory);
	int result;

	if (real == NULL)
		real =
		    (int (*)(int, const char *, int, ...))turn_find("openat");
	if (turn.verdict == TURN_FAIL)
		return -1;
	result = real(directory, path, turn_flags(flags, O_NOFOLLOW), mode);
	turn_end(&turn, result != -1);
	return result;
}

int
open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return open_in(AT_FDCWD, path, flags, mode);
}

int
openat(int directory, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return open_in(directory, path, flags, mode);
}

int
__open64_2(const char *path, int flags)
{
	return open_in(AT_FDCWD, path, flags, 0);
}

int
__openat64_2(int directory, const char *path, int flags)
{
	return open_in(directory, path, flags, 0);
}

/* Whatever its argument is, it is passed on as one that is a pointer wide. */
int
fcntl(int fd, int command, ...)
{
	static int (*real)(int, int, ...);
	struct turn turn = turn_begin(FAULT_FCNTL, fd);
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (real == NULL)
		real = (int (*)(int, int, ...))turn_find("fcntl");
	if (turn.verdict == TURN_FAIL)
		return -1;
	if (turn.verdict == TURN_CLAIM)
		return 0;
	return real(fd, command, argument);
}

/*
 * Of all that the programs call so, statx(2) alone has a turn.  A sanitizer's
 * allocator comes here, too, by clock_gettime; and only a name that is found at
 * once takes no memory.
 */
long
syscall(long number, ...)
{
	static long (*real)(long, ...);
	long words[6];
	struct turn turn = {.verdict = TURN_GO};
	va_list arguments;
	long result;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		words[i] = va_arg(arguments, long);
	va_end(arguments);
	if (real == NULL)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	if (real == NULL)
		abort();
#ifdef SYS_statx
	if (number == SYS_statx) {
		turn = turn_begin(FAULT_STAT, (int)words[0]);
		words[2] = turn_flags((int)words[2], AT_SYMLINK_NOFOLLOW);
	}
#endif
	if (turn.verdict == TURN_CLAIM)
		return 0;
	if (turn.verdict == TURN_FAIL)
		return -1;
	result = real(
	    number, words[0], words[1], words[2], words[3], words[4], words[5]);
	if (turn.call == FAULT_STAT)
		turn_end(&turn, result != -1);
	return result;
}

/*
 * NOLINTEND(bugprone-macro-parentheses)
 * NOLINTEND(readability-inconsistent-declaration-parameter-name)
 */
