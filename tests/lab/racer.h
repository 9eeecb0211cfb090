/* SPDX-License-Identifier: ISC */
/* A local attacker that swaps or replaces files as fast as it can. */
#ifndef TESTS_LAB_RACER_H
#define TESTS_LAB_RACER_H

#include <stdatomic.h>
#include <sys/types.h>

struct racer {
	pid_t pid;
	atomic_ulong *turns; /* swaps so far; stays mapped */
};

/*
 * Exchange two names again and again, such as a directory and a symbolic link.
 * Returns 0, or -1 with errno; ENOSYS if the system cannot exchange names.
 */
int racer_swap(struct racer *racer, const char *one, const char *other);

/*
 * Make name refer in turn to a new file, a symbolic link to victim, a FIFO and
 * a hard link to twin.  spare is an unused name in the same directory.  Returns
 * 0, or -1 with errno.
 */
int racer_replace(struct racer *racer, const char *name, const char *spare,
    const char *victim, const char *twin);

/* End the attacker.  Returns 0, or -1 if it had ended before. */
int racer_stop(struct racer *racer);

#endif
