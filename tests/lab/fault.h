/* SPDX-License-Identifier: ISC */
/* The fault shim: an LD_PRELOAD library that makes calls of a program fail. */
#ifndef TESTS_LAB_FAULT_H
#define TESTS_LAB_FAULT_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * Two environment variables name files for the shim.  Without them, it does
 * nothing.
 *
 * The file of FAULT_PLAN contains a struct fault_plan.  The test, the program
 * and the processes that it forks map the file.  The test may change the plan
 * while they run.
 *
 * The shim appends a line to the file of FAULT_RECORD for each call that
 * tests/lab/record.h lists.
 *
 * A statically linked program does not load the shim, and a sanitizer may bring
 * its own allocator.  The members loaded and seen show what the shim reaches.
 */
#define FAULT_PLAN "FTX_FAULT"
#define FAULT_RECORD "FTX_RECORD"

/* Variants of one call, such as open and openat, count as one. */
enum fault_call {
	FAULT_ACCEPT,
	FAULT_ACCESS,
	FAULT_ALLOCATE, /* malloc, calloc, realloc */
	FAULT_BIND,
	FAULT_CHMOD,
	FAULT_CHOWN,
	FAULT_CLOCK, /* time, clock_gettime */
	FAULT_CLOSE,
	FAULT_CONNECT,
	FAULT_FCNTL,
	FAULT_DIRECTORY, /* fdopendir, readdir */
	FAULT_FORK,
	FAULT_FSYNC,
	FAULT_GROUPS, /* setgroups, initgroups */
	FAULT_LINK,
	FAULT_LISTEN,
	FAULT_LOOKUP, /* getaddrinfo */
	FAULT_MAP,
	FAULT_MKDIR,
	FAULT_OPEN,
	FAULT_PIPE,
	FAULT_POLL,
	FAULT_READ,
	FAULT_RENAME,
	FAULT_SEEK,
	FAULT_SETGID,
	FAULT_SETUID,
	FAULT_SHUTDOWN,
	FAULT_SOCKET,
	FAULT_SOCKOPT,
	FAULT_SPACE, /* fstatvfs */
	FAULT_STAT,
	FAULT_TIMES,
	FAULT_TRUNCATE,
	FAULT_UNLINK,
	FAULT_WAIT, /* waitpid */
	FAULT_WRITE,
	FAULT_CALLS
};

enum fault_kind {
	FAULT_NONE,
	FAULT_ERROR,  /* do not make the call; set errno to `value` */
	FAULT_SHORT,  /* read or write a single byte */
	FAULT_STORM,  /* every second call fails with EINTR */
	FAULT_DELAY,  /* make it after `value` milliseconds */
	FAULT_JUMP,   /* with FAULT_CLOCK: the time of day is `value` s ahead */
	FAULT_LEAP,   /* the same for the monotonic clock */
	FAULT_SIGNAL, /* raise the signal `value`, then make it */
	FAULT_SKIP,   /* do not make it; report success */
	/* Skip a sync; make it after the next successful call of `until`. */
	FAULT_HOLD,
	/* Follow symbolic links in all calls of open, fstatat and statx. */
	FAULT_FOLLOW
};

/* The object of a call; a call without a descriptor has none. */
enum fault_object {
	FAULT_ANYTHING,
	FAULT_A_FILE, /* except standard descriptors, such as a log */
	FAULT_A_DIRECTORY,
	FAULT_A_PEER, /* a socket or a pipe */
	FAULT_OBJECTS
};

struct fault_plan {
	/* The test sets these while kind is FAULT_NONE, and kind last. */
	atomic_int kind;
	atomic_int call, object, value;
	atomic_int at;	   /* number of the first call to hit, from 1 */
	atomic_int always; /* hit all later calls, too */
	atomic_int until, until_object;
	atomic_int spared; /* process without faults, or 0 */
	/* Counted by the shim. */
	atomic_int matched; /* matching calls since the test set it to 0 */
	atomic_int hit;	    /* the number of them that the fault hit */
	atomic_int loaded;  /* programs started with the plan */
	atomic_int seen[FAULT_CALLS];
};

#endif
