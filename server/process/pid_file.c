/* SPDX-License-Identifier: ISC */
/* The pid file, which stays locked while the master runs. */
#include "server/process/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "server/shared/inode.h"

static int
check_regular(int fd)
{
	struct stat found;

	if (fstat(fd, &found) == -1)
		return -1;
	if (S_ISREG(found.st_mode))
		return 0;
	errno = EINVAL;
	return -1;
}

static int
lock(const struct pid_file *file, char error[SETTINGS_ERROR])
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(file->fd, F_SETLK, &whole) == 0)
		return 0;
	if ((errno == EACCES || errno == EAGAIN) &&
	    fcntl(file->fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK)
		snprintf(error, SETTINGS_ERROR,
		    "%.200s: locked by process %ld, which is still running",
		    file->path, (long)whole.l_pid);
	else
		snprintf(error, SETTINGS_ERROR, "%.200s: cannot lock: %s",
		    file->path, strerror(errno));
	return -1;
}

/* Nonzero if the path still names the open file. */
static int
is_unchanged(const struct pid_file *file)
{
	struct stat held;

	return inode_has_name(file->fd, AT_FDCWD, file->path,
		   AT_SYMLINK_NOFOLLOW, &held) == 1;
}

static int
write_number(const struct pid_file *file)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(file->fd, 0) == -1)
		return -1;
	return io_write_all(file->fd, text, (size_t)length);
}

int
pid_file_create(
    struct pid_file *file, const char *path, char error[SETTINGS_ERROR])
{
	file->path = path;
	file->fd = open(path,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0644);
	if (file->fd == -1 || check_regular(file->fd) != 0) {
		snprintf(error, SETTINGS_ERROR, "%.200s: %s", path,
		    errno == EINVAL || errno == ELOOP ? "not a regular file"
						      : strerror(errno));
		goto fail;
	}
	if (lock(file, error) != 0)
		goto fail;
	if (!is_unchanged(file)) {
		snprintf(error, SETTINGS_ERROR,
		    "%.200s: another process has just removed it", path);
		goto fail;
	}
	if (write_number(file) != 0) {
		snprintf(
		    error, SETTINGS_ERROR, "%.200s: %s", path, strerror(errno));
		goto fail;
	}
	return 0;
fail:
	if (file->fd != -1)
		close(file->fd);
	file->fd = -1;
	return -1;
}

void
pid_file_remove(struct pid_file *file)
{
	if (file->fd == -1)
		return;
	if (is_unchanged(file) && unlink(file->path) == -1 &&
	    ftruncate(file->fd, 0) == -1)
		log_warn("cannot remove or empty %s: %s", file->path,
		    strerror(errno));
	close(file->fd);
	file->fd = -1;
}
