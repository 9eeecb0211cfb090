/* SPDX-License-Identifier: ISC */
/* Give a complete file its mode, time and final name. */
#include "server/store/publish.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os.h"

static mode_t
mode_of(const struct store *store, const struct wire_request *request)
{
	int exact = (request->attributes & WIRE_EXACT_MODE) != 0;

	return (mode_t)request->mode & 0777 &
	    ~(exact ? store->exact_mask : store->mask);
}

/*
 * If a time is requested and the file system keeps times, set it.  Returns 0,
 * or -1 with errno.
 */
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
publish_set_attributes(const struct store *store,
    const struct staging_file *staged, const struct wire_request *request,
    gid_t group)
{
	if (group != STORE_NO_GROUP)
		(void)!fchown(staged->fd, (uid_t)-1, group);
	if (store->system.modes != MODES_REFUSED &&
	    fchmod(staged->fd, mode_of(store, request)) == -1)
		return -1;
	return set_time(store, staged->fd, request);
}

int
publish_set_directory(const struct store *store, int directory,
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
publish_file(const struct store *store, const struct staging_file *staged,
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
publish_lock_names(const struct store *store)
{
	/* Processes share the lock of an inherited descriptor: open another. */
	int fd =
	    openat(store->staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || os_lock_directory(fd) == 0)
		return fd;
	close(fd);
	return -1;
}
