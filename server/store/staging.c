/* SPDX-License-Identifier: ISC */
/* Files in the staging directory, each locked by the process that fills it. */
#include "server/store/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "server/shared/inode.h"

/* Names to try before giving up. */
#define CREATE_TRIES 100

int
staging_lock(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_SETLK, &whole) == 0)
		return 0;
	if (errno == EACCES)
		errno = EAGAIN;
	return -1;
}

/*
 * Between creation and lock, a sweep may find the file unlocked and remove it.
 */
static int
lock_created(int fd)
{
	struct stat found;

	if (staging_lock(fd) == -1 || fstat(fd, &found) == -1)
		return -1;
	if (found.st_nlink == 0) {
		errno = EAGAIN;
		return -1;
	}
	return 0;
}

static int
create(const struct store *store, struct staging_file *staged)
{
	staged->fd = openat(store->staging, staged->name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (staged->fd == -1)
		return -1;
	if (lock_created(staged->fd) == 0)
		return 0;
	staging_discard(store, staged);
	return -1;
}

int
staging_create(const struct store *store, struct staging_file *staged)
{
	static unsigned long serial;

	for (int i = 0; i < CREATE_TRIES; i++) {
		snprintf(staged->name, sizeof(staged->name), "%lx-%llx-%lx%s",
		    (unsigned long)getpid(), (unsigned long long)io_now(),
		    serial++, store->mark);
		if (create(store, staged) == 0)
			return 0;
		if (errno != EEXIST && errno != EAGAIN)
			break;
	}
	return -1;
}

int
staging_close(struct staging_file *staged)
{
	int fd = staged->fd;

	staged->fd = -1;
	return close(fd);
}

void
staging_discard(const struct store *store, struct staging_file *staged)
{
	int error = errno;

	unlinkat(store->staging, staged->name, 0);
	if (staged->fd != -1)
		close(staged->fd);
	staged->fd = -1;
	errno = error;
}

int
staging_is_own(const struct store *store, const char *name)
{
	const char *mark = strchr(name, '@');

	/* If this host removes another's probe, the other probes again. */
	if (file_system_is_probe(name))
		return 1;
	return store->mark[0] == '\0' ||
	    (mark != NULL && strcmp(mark, store->mark) == 0);
}

/*
 * A complete file may have a mode that forbids this process to write.  With a
 * descriptor for reading, the process can test the lock but not acquire it.
 * Another process can acquire it only if it opened the file before.
 */
static int
open_abandoned(const struct store *store, const char *name)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = openat(store->staging, name, O_RDWR | flags);

	if (fd == -1 && errno == EACCES)
		fd = openat(store->staging, name, O_RDONLY | flags);
	return fd;
}

/* Acquire the lock or, without permission to write, test it. */
static int
is_unlocked(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (staging_lock(fd) == 0)
		return 1;
	return errno == EBADF && fcntl(fd, F_GETLK, &whole) == 0 &&
	    whole.l_type == F_UNLCK;
}

int
staging_is_unlocked(const struct store *store, const char *name)
{
	int fd = open_abandoned(store, name);
	int unlocked = fd != -1 && is_unlocked(fd);

	if (fd != -1)
		close(fd);
	return unlocked;
}

int
staging_remove_unlocked(const struct store *store, const char *name)
{
	struct stat held;
	int removed = 0;
	int fd = staging_is_own(store, name) ? open_abandoned(store, name) : -1;

	if (fd == -1)
		return errno == EISDIR && file_system_is_probe(name) &&
		    unlinkat(store->staging, name, AT_REMOVEDIR) == 0;
	if (is_unlocked(fd) &&
	    inode_has_name(
		fd, store->staging, name, AT_SYMLINK_NOFOLLOW, &held) == 1 &&
	    S_ISREG(held.st_mode))
		removed = unlinkat(store->staging, name, 0) == 0;
	close(fd);
	return removed;
}
