/* SPDX-License-Identifier: ISC */
/* What Linux lets a process give up: privileges by exec, and, with Landlock,
 * all files but those below one directory, TCP, and others' signals. */
#define _GNU_SOURCE
#include "common/os.h"

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's names for this are missing, in whole or in part, from headers
 * older than the kernel, and C libraries have no functions for it; numbers and
 * meanings are in landlock(7) and the kernel's userspace-api/landlock.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define ASK_VERSION 1
#define BENEATH 1

#define WRITE_FILE (1u << 1)
#define READ_FILE (1u << 2)
#define READ_DIRECTORY (1u << 3)
#define REMOVE_FILE (1u << 5)
#define MAKE_DIRECTORY (1u << 7)
#define MAKE_FILE (1u << 8)
#define CHANGE_PARENT (1u << 13)
#define TRUNCATE (1u << 14)

/* All that receiving needs; to execute is not among it. */
#define RECEIVING                                                              \
	(WRITE_FILE | READ_FILE | READ_DIRECTORY | REMOVE_FILE |               \
	    MAKE_DIRECTORY | MAKE_FILE | CHANGE_PARENT | TRUNCATE)

/* Versions: the first with CHANGE_PARENT, TRUNCATE and so on. */
#define SINCE_PARENT 2
#define SINCE_TRUNCATE 3
#define SINCE_TCP 4
#define SINCE_DEVICES 5
#define SINCE_SIGNALS 6

/* What is governed: without a rule that allows it, it is denied. */
struct governed {
	uint64_t files;
	uint64_t tcp; /* bind, connect */
	uint64_t
	    scopes; /* abstract sockets, signals: of the same domain only */
};

struct beneath {
	uint64_t allowed;
	int32_t directory;
};

/* The version that the kernel has, or -1. */
static long
version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
}

static struct governed
govern(long version)
{
	struct governed all = {.files = (CHANGE_PARENT << 1) - 1};

	if (version >= SINCE_TRUNCATE)
		all.files |= TRUNCATE;
	if (version >= SINCE_DEVICES)
		all.files |= TRUNCATE << 1;
	if (version >= SINCE_TCP)
		all.tcp = 3;
	if (version >= SINCE_SIGNALS)
		all.scopes = 3;
	return all;
}

/* Returns 0, or -1. */
static int
restrict_to(int directory, const struct governed *all)
{
	struct beneath rule = {RECEIVING & all->files, directory};
	int status = -1;
	int rules =
	    (int)syscall(SYS_landlock_create_ruleset, all, sizeof(*all), 0);

	if (rules == -1)
		return -1;
	if (syscall(SYS_landlock_add_rule, rules, BENEATH, &rule, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, rules, 0) == 0)
		status = 0;
	close(rules);
	return status;
}

unsigned
os_confine(int directory)
{
	struct governed all;
	unsigned guards = 0;
	long has = version();

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		guards = OS_GUARD_PRIVILEGES;
	/* The first version refuses to publish: a rename to another folder. */
	if (guards == 0 || has < SINCE_PARENT)
		return guards;
	all = govern(has);
	if (restrict_to(directory, &all) != 0)
		return guards;
	guards |= OS_GUARD_FILES;
	if (all.tcp != 0)
		guards |= OS_GUARD_TCP;
	if (all.scopes != 0)
		guards |= OS_GUARD_SIGNALS;
	return guards;
}
