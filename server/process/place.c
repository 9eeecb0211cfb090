/* SPDX-License-Identifier: ISC */
/* The path of the receiving directory: default, absolute form, later checks. */
#include "server/process/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "server/shared/inode.h"

void
place_resolve(char place[PLACE_PATH], const char *directory)
{
	char working[PLACE_PATH / 2];

	if (directory[0] == '/' || getcwd(working, sizeof(working)) == NULL)
		snprintf(place, PLACE_PATH, "%s", directory);
	else if (strcmp(directory, ".") == 0)
		snprintf(place, PLACE_PATH, "%s", working);
	else
		snprintf(place, PLACE_PATH, "%s/%s",
		    strcmp(working, "/") == 0 ? "" : working, directory);
}

/* Files in the new directory are durable only if its own entry is. */
static void
sync_working_directory(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 ||
	    (fsync(fd) == -1 && errno != EINVAL && errno != ENOTSUP))
		log_warn(
		    "cannot sync the working directory: %s", strerror(errno));
	if (fd != -1)
		close(fd);
}

/* Returns 0, or -1 with errno. */
static int
change_owner(const struct user *owner)
{
	int error,
	    fd = open(
		PLACE_DEFAULT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return -1;
	error = fchown(fd, owner->uid, owner->gid) == 0 ? 0 : errno;
	close(fd);
	errno = error;
	return error == 0 ? 0 : -1;
}

int
place_create_default(mode_t mask, const struct user *owner)
{
	int error;

	if (mkdir(PLACE_DEFAULT, 0755 & ~mask) == -1)
		return errno == EEXIST ? 0 : -1;
	if (owner != NULL && change_owner(owner) == -1) {
		error = errno;
		(void)rmdir(PLACE_DEFAULT);
		errno = error;
		return -1;
	}
	sync_working_directory();
	return 0;
}

enum place
place_check(const char *path, int directory)
{
	struct stat held;
	int same = inode_has_name(directory, AT_FDCWD, path, 0, &held);

	if (same != -1)
		return same ? PLACE_SAME : PLACE_REPLACED;
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
	    ? PLACE_REPLACED
	    : PLACE_UNKNOWN;
}
