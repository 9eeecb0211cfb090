/* SPDX-License-Identifier: ISC */
/* The receiving directory and its staging directory. */
#include "server/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/shared/inode.h"

/* The size of the staging directory's name, in bytes. */
#define NAME_SIZE 64

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
name_staging(char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, ".ftx-%ju", (uintmax_t)geteuid());
}

/* Not every file system counts links of directories, so check the name. */
int
store_staging_is_gone(const struct store *store)
{
	char name[NAME_SIZE];
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
	char name[NAME_SIZE];
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
		    "%s: must be on the receiving directory's file system",
		    name);
		return -1;
	}
	/* If this fails, the store uses safe assumptions. */
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

static int
is_host_character(char c)
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
	/* POSIX defines no errors for it, and lets it omit the NUL. */
	(void)gethostname(host, sizeof(host) - 1);
	length = strnlen(host, STORE_MARK - 2);
	for (size_t i = 0; i < length; i++)
		if (!is_host_character(host[i]))
			host[i] = '_';
	snprintf(store->mark, sizeof(store->mark), "@%.*s", (int)length, host);
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

struct timespec
store_time_of(const struct wire_request *request)
{
	return (struct timespec){
	    (time_t)request->seconds, (long)request->nanoseconds};
}
