/* SPDX-License-Identifier: ISC */
/* Make the kernel refuse system calls of this process and its children. */
#define _GNU_SOURCE
#include "tests/lab/filter.h"

#include <errno.h>

#ifdef __linux__

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* On other machines, the plain calls take 32-bit IDs. */
#ifndef SYS_setuid32
#define SYS_setuid32 SYS_setuid
#define SYS_setgid32 SYS_setgid
#define SYS_setgroups32 SYS_setgroups
#endif

/* All machines have these numbers; older headers lack their names. */
const long filter_landlock[] = {444, 445, 446, 0};
#ifdef SYS_statx
const long filter_statx[] = {SYS_statx, 0};
#else
const long filter_statx[] = {0};
#endif
const long filter_setuid[] = {SYS_setuid32, 0};
const long filter_setgid[] = {SYS_setgid32, 0};
const long filter_setgroups[] = {SYS_setgroups32, 0};

#define CALLS 16

int
filter_refuse(const long calls[], int error)
{
	const struct sock_filter load =
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0); /* the call's number */
	const struct sock_filter refuse =
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error);
	const struct sock_filter allow =
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_filter steps[2 * CALLS + 2];
	struct sock_fprog program = {0, steps};

	steps[program.len++] = load;
	for (; *calls != 0 && program.len < 2 * CALLS; calls++) {
		const struct sock_filter is =
		    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)*calls, 0, 1);

		steps[program.len++] = is;
		steps[program.len++] = refuse;
	}
	steps[program.len++] = allow;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return 0;
	/* Without root, a filter needs no_new_privs. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#else

const long filter_landlock[] = {0}, filter_statx[] = {0};
const long filter_setuid[] = {0}, filter_setgid[] = {0};
const long filter_setgroups[] = {0};

int
filter_refuse(const long calls[], int error)
{
	(void)calls;
	(void)error;
	errno = ENOTSUP;
	return -1;
}

#endif
