/* SPDX-License-Identifier: ISC */
/* Where ftxd receives: the path, its default, and whether it still leads there.
 */
#include "server/process/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "server/shared/inode.h"

#define HERE 4096

void
place_resolve(char place[PLACE_PATH], const char *directory)
{
	char here[HERE];

	if (directory[0] == '/' || getcwd(here, sizeof(here)) == NULL)
		snprintf(place, PLACE_PATH, "%s", directory);
	else if (strcmp(directory, ".") == 0)
		snprintf(place, PLACE_PATH, "%s", here);
	else
		snprintf(place, PLACE_PATH, "%s/%s",
		    strcmp(here, "/") == 0 ? "" : here, directory);
}

/* Files below a new directory are durable only if its entry is. */
static void
sync_working_directory(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 ||
	    (fsync(fd) == -1 && errno != EINVAL && errno != ENOTSUP))
		log_warn("syncing the working directory: %s", strerror(errno));
	if (fd != -1)
		close(fd);
}

/* Returns 0, or -1 with errno. */
static int
give_to(const struct user *owner)
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
place_make(mode_t mask, const struct user *owner)
{
	int error;

	if (mkdir(PLACE_DEFAULT, 0755 & ~mask) == -1)
		return errno == EEXIST ? 0 : -1;
	if (owner != NULL && give_to(owner) == -1) {
		error = errno;
		(void)rmdir(PLACE_DEFAULT);
		errno = error;
		return -1;
	}
	sync_working_directory();
	return 0;
}

enum place
place_look(const char *path, int directory)
{
	struct stat held;
	int same = inode_has_name(directory, AT_FDCWD, path, 0, &held);

	if (same != -1)
		return same ? PLACE_SAME : PLACE_OTHER;
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
	    ? PLACE_OTHER
	    : PLACE_UNKNOWN;
}
