/* SPDX-License-Identifier: ISC */
/* System calls outside POSIX that every Unix has. */
#define _DEFAULT_SOURCE

#include "common/os.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

void *
os_shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int
os_random(void *bytes, size_t size)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd == -1 ? -1 : read(fd, bytes, size);

	if (got != -1 && (size_t)got != size)
		errno = EIO;
	if (fd != -1)
		(void)close(fd);
	return got == (ssize_t)size ? 0 : -1;
}

static int
is_user(uid_t uid, gid_t gid)
{
	return getuid() == uid && geteuid() == uid && getgid() == gid &&
	    getegid() == gid;
}

/* Nonzero if the process can become root again. */
static int
can_regain_root(uid_t uid, gid_t gid)
{
	if (uid == 0)
		return 0;
	if (setuid(0) == 0 || seteuid(0) == 0)
		return 1;
	return gid != 0 && (setgid(0) == 0 || setegid(0) == 0);
}

/* Groups first: after setuid() the process may no longer set them. */
static int
change_user(const char *user, uid_t uid, gid_t gid)
{
	if (user == NULL ? setgroups(1, &gid) != 0 : initgroups(user, gid) != 0)
		return -1;
	return setgid(gid) != 0 || setuid(uid) != 0 ? -1 : 0;
}

int
os_become_user(const char *user, uid_t uid, gid_t gid)
{
	if ((geteuid() == 0 || !is_user(uid, gid)) &&
	    change_user(user, uid, gid) != 0)
		return -1;
	if (!is_user(uid, gid) || can_regain_root(uid, gid)) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

unsigned
os_terminal_columns(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == -1 ? 0 : size.ws_col;
}

int
os_stat_posix(int fd, const char *name, struct stat *found)
{
	return name[0] == '\0' ? fstat(fd, found)
			       : fstatat(fd, name, found, AT_SYMLINK_NOFOLLOW);
}
