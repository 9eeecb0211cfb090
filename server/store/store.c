/* SPDX-License-Identifier: ISC */
/* The receiving directory: its staging folder, space, and what is published. */
#include "server/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/os.h"
#include "server/shared/inode.h"

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

static void
name_staging(char name[STORE_NAME])
{
	snprintf(name, STORE_NAME, ".ftx-%ju", (uintmax_t)geteuid());
}

/* By its name, because not every file system counts the links of folders. */
int
store_staging_is_gone(const struct store *store)
{
	char name[STORE_NAME];
	struct stat held;
	int same;

	name_staging(name);
	same = inode_has_name(
	    store->staging, store->root, name, AT_SYMLINK_NOFOLLOW, &held);
	/* After any other error the directory may still be there. */
	return same == -1 ? errno == ENOENT || errno == ESTALE : !same;
}

int
store_enter(struct store *store, struct outcome *outcome)
{
	char name[STORE_NAME];
	struct stat found;

	if (faccessat(store->root, ".", W_OK | X_OK, AT_EACCESS) == -1) {
		outcome_set_errno(outcome, errno,
		    store->path != NULL ? store->path
					: "the receiving directory");
		return -1;
	}
	name_staging(name);
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
	store->staging_inode = found.st_ino;
	if (found.st_dev != store->device) {
		outcome_set(outcome, STATUS_REFUSED,
		    "%s: must be on the file system that it lies in", name);
		return -1;
	}
	/* If that fails, the assumptions are safe. */
	(void)file_system_learn(&store->system, store->staging);
	return 0;
}

int
store_reenter(struct store *store, struct outcome *outcome)
{
	struct store next = *store;

	if (!store_staging_is_gone(store)) {
		if (!store->system.known)
			(void)file_system_learn(&store->system, store->staging);
		return 0;
	}
	next.staging = -1;
	if (store_enter(&next, outcome) == -1) {
		if (next.staging != -1)
			close(next.staging);
		return -1;
	}
	close(store->staging);
	*store = next;
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

int
store_check_place(const struct store *store, struct outcome *outcome)
{
	if (store->replaced == NULL || atomic_load(store->replaced) == 0)
		return 0;
	outcome_set(outcome, STATUS_REFUSED,
	    "receiving directory was replaced or covered: %s", store->path);
	return -1;
}

/* Nonzero for a character of a host's name that may go into a file name. */
static int
fits_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.';
}

void
store_mark(struct store *store, int shared_locks)
{
	char host[256] = "";
	size_t length;

	store->mark[0] = '\0';
	if (shared_locks)
		return;
	/* POSIX has no error for it, and may leave out the NUL. */
	(void)gethostname(host, sizeof(host) - 1);
	length = strnlen(host, STORE_MARK - 2);
	for (size_t i = 0; i < length; i++)
		if (!fits_name(host[i]))
			host[i] = '_';
	snprintf(store->mark, sizeof(store->mark), "@%.*s", (int)length, host);
}

int
store_is_own(const struct store *store, const char *name)
{
	const char *mark = strchr(name, '@');

	/* Who is at work on it tries again. */
	if (file_system_owns(name))
		return 1;
	return store->mark[0] == '\0' ||
	    (mark != NULL && strcmp(mark, store->mark) == 0);
}

int
store_sync_directory(int directory)
{
	if (fsync(directory) == 0)
		return 0;
	return errno == EINVAL || errno == ENOTSUP ? 1 : -1;
}

void
store_learn_sync(struct store *store)
{
	store->unsyncable = store_sync_directory(store->root) == 1;
}

const char *
store_unsynced(const struct store *store)
{
	if (!store->sync)
		return "files are not synced here: fsync is no";
	return store->unsyncable ? "this file system cannot sync directories"
				 : NULL;
}

int
store_lock(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_SETLK, &whole) == 0)
		return 0;
	if (errno == EACCES)
		errno = EAGAIN;
	return -1;
}

/*
 * A finished file has the mode that its sender wished, which may keep us from
 * opening it to write.  Then it can be asked for its lock, but not be locked,
 * and nobody else can do that either.
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

static int
is_unheld(int fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (store_lock(fd) == 0)
		return 1;
	return errno == EBADF && fcntl(fd, F_GETLK, &whole) == 0 &&
	    whole.l_type == F_UNLCK;
}

DIR *
store_list(const struct store *store)
{
	int fd = openat(store->staging, ".",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd != -1 ? fdopendir(fd) : NULL;

	if (directory == NULL && fd != -1)
		close(fd);
	return directory;
}

int
store_is_unheld(const struct store *store, const char *name)
{
	int fd = open_abandoned(store, name);
	int unheld = fd != -1 && is_unheld(fd);

	if (fd != -1)
		close(fd);
	return unheld;
}

int
store_remove_unheld(const struct store *store, const char *name)
{
	struct stat held;
	int removed = 0;
	int fd = store_is_own(store, name) ? open_abandoned(store, name) : -1;

	if (fd == -1)
		return errno == EISDIR && file_system_owns(name) &&
		    unlinkat(store->staging, name, AT_REMOVEDIR) == 0;
	if (is_unheld(fd) &&
	    inode_has_name(
		fd, store->staging, name, AT_SYMLINK_NOFOLLOW, &held) == 1 &&
	    S_ISREG(held.st_mode))
		removed = unlinkat(store->staging, name, 0) == 0;
	close(fd);
	return removed;
}

/*
 * Between creation and lock a sweeper may take the file for abandoned: it then
 * has the lock, or the name is gone.
 */
static int
is_still_ours(int fd)
{
	struct stat found;

	if (store_lock(fd) == -1 || fstat(fd, &found) == -1)
		return -1;
	if (found.st_nlink == 0) {
		errno = EAGAIN;
		return -1;
	}
	return 0;
}

static int
try_stage(const struct store *store, struct store_file *staged)
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
store_stage(const struct store *store, struct store_file *staged)
{
	static unsigned long serial;

	for (int i = 0; i < STAGE_TRIES; i++) {
		snprintf(staged->name, sizeof(staged->name), "%lx-%llx-%lx%s",
		    (unsigned long)getpid(), (unsigned long long)io_now(),
		    serial++, store->mark);
		if (try_stage(store, staged) == 0)
			return 0;
		if (errno != EEXIST && errno != EAGAIN)
			break;
	}
	return -1;
}

static mode_t
mode_of(const struct store *store, const struct wire_request *request)
{
	int exact = (request->attributes & WIRE_EXACT_MODE) != 0;

	return (mode_t)request->mode & 0777 &
	    ~(exact ? store->exact_mask : store->mask);
}

struct timespec
store_time_of(const struct wire_request *request)
{
	return (struct timespec){
	    (time_t)request->seconds, (long)request->nanoseconds};
}

/* Returns 0, or -1 with errno.  Where no times are kept, none is set. */
static int
set_time(const struct store *store, int fd, const struct wire_request *request)
{
	const struct timespec modified = store_time_of(request);

	if ((request->attributes & WIRE_TIME) == 0 ||
	    store->system.granularity == 0)
		return 0;
	return file_system_set_time(&store->system, fd, &modified);
}

int
store_set_attributes(const struct store *store, const struct store_file *staged,
    const struct wire_request *request, gid_t group)
{
	if (group != STORE_NO_GROUP)
		(void)!fchown(staged->fd, (uid_t)-1, group);
	if (store->system.modes != MODES_REFUSED &&
	    fchmod(staged->fd, mode_of(store, request)) == -1)
		return -1;
	return set_time(store, staged->fd, request);
}

int
store_set_directory(const struct store *store, int directory,
    const struct wire_request *request)
{
	const mode_t special = S_ISUID | S_ISGID | S_ISVTX, owner = 0700;
	struct stat found;
	int result = fstat(directory, &found);
	mode_t mode;

	if (result == -1 || found.st_uid != geteuid())
		return result;
	mode = ((mode_t)request->mode & 0777 & ~store->mask) | owner |
	    (found.st_mode & special);
	if ((request->attributes & WIRE_EXACT_MODE) != 0 &&
	    fchmod(directory, mode) == -1)
		return -1;
	return set_time(store, directory, request);
}

int
store_publish(const struct store *store, const struct store_file *staged,
    int directory, const char *name, int no_clobber)
{
	if (!no_clobber)
		return renameat(store->staging, staged->name, directory, name);
	if (store->system.new_names == NEW_BY_RENAME)
		return os_rename_new(
		    store->staging, staged->name, directory, name);
	if (linkat(store->staging, staged->name, directory, name, 0) == -1)
		return -1;
	return unlinkat(store->staging, staged->name, 0);
}

int
store_take_turn(const struct store *store)
{
	/* A descriptor of its own: those that were inherited share a lock. */
	int fd =
	    openat(store->staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || os_lock_directory(fd) == 0)
		return fd;
	close(fd);
	return -1;
}

int
store_finish(struct store_file *staged)
{
	int fd = staged->fd;

	staged->fd = -1;
	return close(fd);
}

void
store_discard(const struct store *store, struct store_file *staged)
{
	int error = errno;

	unlinkat(store->staging, staged->name, 0);
	if (staged->fd != -1)
		close(staged->fd);
	staged->fd = -1;
	errno = error;
}
