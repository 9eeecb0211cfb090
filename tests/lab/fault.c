/* SPDX-License-Identifier: ISC */
/* The fault shim: wrappers of the calls that can fail. */
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

/* glibc's own names of its allocator; other libraries may lack them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

/* _FORTIFY_SOURCE replaces some calls of open and openat with these. */
int __open64_2(const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);

/*
 * Parameters cannot have the names of the C library, because those are
 * reserved.  A macro cannot put types and parameter lists in parentheses.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
 * NOLINTBEGIN(bugprone-macro-parentheses)
 */

/*
 * Define a function that replaces one of the C library.  The headers choose its
 * symbol by the compiler's flags, such as open64 for open.  If the call
 * succeeds, the function executes the statement "recording".
 */
#define WRAP(                                                                  \
    turns, object, type, failed, name, parameters, arguments, recording)       \
	type name parameters                                                   \
	{                                                                      \
		static type(*real) parameters;                                 \
		struct turn turn = turn_begin(FAULT_##turns, object);          \
		type result = (type)failed;                                    \
                                                                               \
		if (real == NULL)                                              \
			real = (type(*) parameters)turn_find(#name);           \
		if (turn.action == TURN_SKIP)                                  \
			return (type)0;                                        \
		if (turn.action != TURN_FAIL)                                  \
			result = real arguments;                               \
		if (!turn.own && result != (type)failed) {                     \
			recording;                                             \
		}                                                              \
		turn_end(&turn, result != (type)failed);                       \
		return result;                                                 \
	}

#define NOTHING (void)0
#define FEWER(size) (turn.action == TURN_SHORTEN && (size) > 0 ? 1 : (size))

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
 * If close fails, the descriptor is closed all the same, as on Linux.  If the
 * fault skips the call, the descriptor leaks.
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
	if (turn.action == TURN_SKIP)
		return 0;
	if (real == NULL)
		real = (int (*)(int))turn_find("close");
	result = real(fd);
	if (turn.action == TURN_FAIL) {
		errno = error;
		result = -1;
	}
	return result;
}

/* If both exist, the seconds of clock_gettime64 have 64 bits. */
#ifndef SYS_clock_gettime64
#define SYS_clock_gettime64 SYS_clock_gettime
#endif

/*
 * A sanitizer's allocator calls this, too.  turn_find could allocate memory, so
 * make the system call.
 */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	struct turn turn = turn_begin(FAULT_CLOCK, -1);

	if (turn.action == TURN_FAIL ||
	    syscall(SYS_clock_gettime64, clock, now) == -1)
		return -1;
	now->tv_sec += turn_jump(&turn, clock);
	return 0;
}

/* An allocation is one turn.  The argument calls the allocator. */
#define ALLOCATE(allocation)                                                   \
	struct turn turn = turn_begin(FAULT_ALLOCATE, -1);                     \
                                                                               \
	return turn.action == TURN_FAIL ? NULL : (allocation)

void *
malloc(size_t size)
{
	ALLOCATE(__libc_malloc(size));
}

void *
calloc(size_t count, size_t size)
{
	ALLOCATE(__libc_calloc(count, size));
}

void *
realloc(void *old, size_t size)
{
	ALLOCATE(__libc_realloc(old, size));
}

/* Only calls with O_CREAT have a mode. */
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
	if (turn.action == TURN_FAIL)
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

/* Pass the argument on as a pointer, which is as wide as any argument. */
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
	if (turn.action == TURN_FAIL)
		return -1;
	if (turn.action == TURN_SKIP)
		return 0;
	return real(fd, command, argument);
}

/*
 * Of the calls that the programs make this way, only statx(2) has a turn.
 * clock_gettime calls this for a sanitizer's allocator, so it must not allocate
 * memory.  dlsym(3) allocates none if it finds the first name.
 */
long
syscall(long number, ...)
{
	static long (*real)(long, ...);
	long words[6];
	struct turn turn = {.action = TURN_GO};
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
	if (turn.action == TURN_SKIP)
		return 0;
	if (turn.action == TURN_FAIL)
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
