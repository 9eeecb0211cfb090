/* SPDX-License-Identifier: ISC */
/* The receiving directory: its staging folder, space, and what is published. */
#include "server/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/io.h"
#include "common/text.h"
#include "server/options.h"

/* Names that others may have made are passed over, but not for ever. */
#define STAGE_TRIES 100

int
store_open(struct store *store, const char *path, struct outcome *outcome)
{
	struct stat found;

	store->staging = -1;
	store->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->root == -1 || fstat(store->root, &found) == -1) {
		outcome_set_errno(outcome, errno, path);
		return -1;
	}
	store->device = found.st_dev;
	return 0;
}

static int
open_staging(const struct store *store, const char *name)
{
	if (mkdirat(store->root, name, 0700) == -1 && errno != EEXIST)
		return -1;
	return openat(
	    store->root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
store_enter(struct store *store, struct outcome *outcome)
{
	char name[STORE_NAME];
	struct stat found;

	if (faccessat(store->root, ".", W_OK | X_OK, AT_EACCESS) == -1) {
		outcome_set_errno(outcome, errno, "the receiving directory");
		return -1;
	}
	snprintf(name, sizeof(name), ".ftx-%ju", (uintmax_t)geteuid());
	store->staging = open_staging(store, name);
	if (store->staging == -1 || fstat(store->staging, &found) == -1) {
		outcome_set_errno(outcome, errno, name);
		return -1;
	}
	if (found.st_uid != geteuid() || (found.st_mode & 0077) != 0) {
		outcome_set(outcome, STATUS_REFUSED,
		    "%s: must be this user's own, with mode 0700", name);
		return -1;
	}
	if (found.st_dev != store->device) {
		outcome_set(outcome, STATUS_REFUSED,
		    "%s: must be on the file system that it lies in", name);
		return -1;
	}
	return 0;
}

void
store_close(struct store *store)
{
	if (store->staging != -1)
		close(store->staging);
	if (store->root != -1)
		close(store->root);
	store->staging = store->root = -1;
}

static int
lock_file(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_SETLK, &whole);
}

/*
 * Between creation and lock a sweeper may take the file for abandoned: it then
 * has the lock, or the name is gone.
 */
static int
is_still_ours(int fd)
{
	struct stat found;

	if (lock_file(fd) == -1) {
		if (errno == EACCES)
			errno = EAGAIN;
		return -1;
	}
	if (fstat(fd, &found) == -1)
		return -1;
	if (found.st_nlink == 0) {
		errno = EAGAIN;
		return -1;
	}
	return 0;
}

static int
try_stage(const struct store *store, struct staged *staged)
{
	int error;

	staged->fd = openat(store->staging, staged->name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (staged->fd == -1)
		return -1;
	if (is_still_ours(staged->fd) == 0)
		return 0;
	error = errno;
	store_discard(store, staged);
	errno = error;
	return -1;
}

int
store_stage(const struct store *store, struct staged *staged)
{
	static unsigned long serial;

	for (int i = 0; i < STAGE_TRIES; i++) {
		snprintf(staged->name, sizeof(staged->name), "%lx-%llx-%lx",
		    (unsigned long)getpid(), (unsigned long long)io_now(),
		    serial++);
		if (try_stage(store, staged) == 0)
			return 0;
		if (errno != EEXIST && errno != EAGAIN)
			break;
	}
	return -1;
}

int
store_set_attributes(const struct store *store, const struct staged *staged,
    const struct wire_request *request, gid_t group)
{
	int exact = (request->attributes & WIRE_EXACT_MODE) != 0;
	mode_t mode =
	    request->mode & 0777 & ~(exact ? store->exact_mask : store->mask);
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
	    {(time_t)request->seconds, (long)request->nanoseconds}};

	if (group != STORE_NO_GROUP)
		(void)!fchown(staged->fd, (uid_t)-1, group);
	if (fchmod(staged->fd, mode) == -1)
		return -1;
	if ((request->attributes & WIRE_TIME) == 0)
		return 0;
	return futimens(staged->fd, times);
}

int
store_publish(const struct store *store, const struct staged *staged,
    int directory, const char *name, int no_clobber)
{
	if (!no_clobber)
		return renameat(store->staging, staged->name, directory, name);
	if (linkat(store->staging, staged->name, directory, name, 0) == -1)
		return -1;
	return unlinkat(store->staging, staged->name, 0);
}

int
store_finish(struct staged *staged)
{
	int fd = staged->fd;

	staged->fd = -1;
	return close(fd);
}

void
store_discard(const struct store *store, struct staged *staged)
{
	int error = errno;

	unlinkat(store->staging, staged->name, 0);
	if (staged->fd != -1)
		close(staged->fd);
	staged->fd = -1;
	errno = error;
}

static uint64_t
space_to_keep(const struct store *store, const struct statvfs *system)
{
	uint64_t percent = (uint64_t)system->f_blocks / 100 *
	    (uint64_t)store->free_percent * (uint64_t)system->f_frsize;

	return percent > store->free_bytes ? percent : store->free_bytes;
}

int
store_check_space(
    const struct store *store, uint64_t bytes, struct outcome *outcome)
{
	char needs[TEXT_NUMBER], there[TEXT_NUMBER], kept[TEXT_NUMBER];
	struct statvfs system;
	uint64_t available, keep;

	if (fstatvfs(store->staging, &system) == -1) {
		outcome_set_errno(outcome, errno, "free space");
		return -1;
	}
	/* Some file systems have no such numbers. */
	if (system.f_blocks == 0)
		return 0;
	available = (uint64_t)system.f_bavail * (uint64_t)system.f_frsize;
	keep = space_to_keep(store, &system);
	if (available >= keep && bytes <= available - keep)
		return 0;
	outcome_set(outcome, STATUS_NO_SPACE,
	    "%s: needs %s, %s free, of which %s must stay free",
	    strerror(ENOSPC), text_size(needs, bytes),
	    text_size(there, available), text_size(kept, keep));
	return -1;
}

/* Remove the file if no process holds its lock.  Returns 1 if it did. */
static int
sweep_file(const struct store *store, const char *name)
{
	struct stat held, named;
	int removed = 0;
	int fd = openat(
	    store->staging, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return 0;
	if (lock_file(fd) == 0 && fstat(fd, &held) == 0 &&
	    fstatat(store->staging, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_ino == named.st_ino && S_ISREG(held.st_mode))
		removed = unlinkat(store->staging, name, 0) == 0;
	close(fd);
	return removed;
}

int
store_sweep(const struct store *store)
{
	int removed = 0;
	int fd = openat(store->staging, ".",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (directory == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			removed += sweep_file(store, entry->d_name);
	closedir(directory);
	return removed;
}

void
store_configure(
    struct store *store, const struct options *options, mode_t inherited)
{
	int mask = options_umask(options);

	store->sync = options->fsync;
	store->mask = mask == -1 ? inherited : (mode_t)mask;
	store->exact_mask = mask == -1 ? 0 : (mode_t)mask;
	options_min_free(options, &store->free_percent, &store->free_bytes);
}
