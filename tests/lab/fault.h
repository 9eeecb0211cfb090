/* SPDX-License-Identifier: ISC */
/* What the fault shim does to a program, and how a test tells it. */
#ifndef TESTS_LAB_FAULT_H
#define TESTS_LAB_FAULT_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * The shim is a library that a program is started with (LD_PRELOAD).  It finds
 * two files by these variables, and does nothing without them:
 *
 * FAULT_PLAN is mapped, and is a struct fault_plan that the test maps as well.
 * All processes that the program forks share it, and it may be changed while
 * they run.
 *
 * FAULT_RECORD is appended to, a line for each call that bears on what is
 * promised: see tests/lab/record.h.
 *
 * A program that is linked statically takes no library, and a sanitizer may
 * keep its own allocator: loaded and seen tell what is reached.
 */
#define FAULT_PLAN "FTX_FAULT"
#define FAULT_RECORD "FTX_RECORD"

/* Calls that differ only in how they name a thing count as one. */
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
	FAULT_FOLDER, /* fdopendir, readdir */
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
	FAULT_ERROR,  /* it is not done, and fails with the errno `value` */
	FAULT_SHORT,  /* it reads or writes a single byte */
	FAULT_STORM,  /* each second time it fails with EINTR */
	FAULT_DELAY,  /* `value` milliseconds before it is done */
	FAULT_JUMP,   /* with FAULT_CLOCK: the time of day is `value` s off */
	FAULT_LEAP,   /* the same of the clock that only goes forward */
	FAULT_SIGNAL, /* the signal `value` before it is done */
	FAULT_SKIP,   /* it is not done, and claims to have been */
	/* As skipped, but done behind the next good call `until`. */
	FAULT_HOLD,
	/* With FAULT_OPEN: from then on links are followed, and not looked at.
	 */
	FAULT_FOLLOW
};

/* What a call has to work on; those without a descriptor work on nothing. */
enum fault_object {
	FAULT_ANYTHING,
	FAULT_A_FILE, /* and no standard descriptor, such as a log */
	FAULT_A_FOLDER,
	FAULT_A_PEER, /* a socket or a pipe */
	FAULT_OBJECTS
};

struct fault_plan {
	/* Set by the test while nothing runs; kind comes last. */
	atomic_int kind;
	atomic_int call, object, value;
	atomic_int at;	   /* the first call it befalls, from 1 */
	atomic_int always; /* and all that follow, not only that one */
	atomic_int until, until_object;
	atomic_int spared; /* a process that it does not befall, or 0 */
	/* Counted by the shim. */
	atomic_int met;	   /* such calls, since the test set it to 0 */
	atomic_int done;   /* of them were befallen */
	atomic_int loaded; /* programs that were started with the plan */
	atomic_int seen[FAULT_CALLS];
};

#endif
