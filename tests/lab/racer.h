/* SPDX-License-Identifier: ISC */
/* A local attacker: it changes what a name stands for as fast as it can. */
#ifndef TESTS_LAB_RACER_H
#define TESTS_LAB_RACER_H

#include <stdatomic.h>
#include <sys/types.h>

struct racer {
	pid_t pid;
	atomic_ulong *turns; /* how often it did so far; kept until the end */
};

/*
 * Let two names change places again and again, such as those of a directory
 * and of a symbolic link.  Returns 0; or -1 with errno, such as ENOSYS where
 * the system has no call for that.
 */
int racer_swap(struct racer *racer, const char *one, const char *other);

/*
 * Let a name stand for a file, a link to the victim, a FIFO and a second name
 * of the victim's twin by turns; spare is a free name beside.  Returns 0, or -1
 * with errno.
 */
int racer_turn(struct racer *racer, const char *name, const char *spare,
    const char *victim, const char *twin);

/* End it.  Returns 0, or -1 if it had ended before. */
int racer_stop(struct racer *racer);

#endif
