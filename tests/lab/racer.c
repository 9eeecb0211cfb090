/* SPDX-License-Identifier: ISC */
/* A local attacker that swaps or replaces files as fast as it can. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sys/syscall.h>
#endif

#include "tests/lab/racer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os.h"

/* At every instant both names exist.  Source: renameat2(2). */
static int
swap(const char *one, const char *other)
{
#if defined(SYS_renameat2)
	const unsigned exchange = 2;

	return (int)syscall(
	    SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, exchange);
#else
	(void)one;
	(void)other;
	errno = ENOSYS;
	return -1;
#endif
}

static int
make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd != -1 ? close(fd) : -1;
}

/* Make the file of this turn at path.  Returns 0, or -1 with errno. */
static int
make_next(
    unsigned long turn, const char *path, const char *victim, const char *twin)
{
	switch (turn % 4) {
	case 0:
		return make_file(path);
	case 1:
		return symlink(victim, path);
	case 2:
		return mkfifo(path, 0644);
	default:
		return link(twin, path);
	}
}

/* Returns 0 in the parent, 1 in the child, or -1 with errno. */
static int
fork_racer(struct racer *racer)
{
	racer->turns = os_shared_memory(sizeof(*racer->turns));
	if (racer->turns == NULL)
		return -1;
	racer->pid = fork();
	return racer->pid == -1 ? -1 : racer->pid == 0;
}

int
racer_swap(struct racer *racer, const char *one, const char *other)
{
	int forked = swap(one, other) == 0 ? fork_racer(racer) : -1;

	while (forked == 1) {
		if (swap(one, other) == -1)
			_exit(1);
		atomic_fetch_add(racer->turns, 1);
	}
	return forked;
}

int
racer_replace(struct racer *racer, const char *name, const char *spare,
    const char *victim, const char *twin)
{
	int forked = fork_racer(racer);

	while (forked == 1) {
		unsigned long turn = atomic_fetch_add(racer->turns, 1);

		/* If both names are links to one file, rename(2) keeps both. */
		if (make_next(turn, spare, victim, twin) == -1 ||
		    rename(spare, name) == -1 ||
		    (unlink(spare) == -1 && errno != ENOENT))
			_exit(1);
	}
	return forked;
}

int
racer_stop(struct racer *racer)
{
	int status;

	if (kill(racer->pid, SIGKILL) == -1 ||
	    waitpid(racer->pid, &status, 0) == -1)
		return -1;
	return WIFSIGNALED(status) ? 0 : -1;
}
