/* SPDX-License-Identifier: ISC */
/* The sandbox on Linux: no_new_privs, and Landlock for files, TCP, signals. */
#define _GNU_SOURCE
#include "common/os.h"

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Older headers lack some or all of these constants, and C libraries have no
 * functions for the calls.  Source: landlock(7) and the kernel's
 * userspace-api/landlock.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define GET_VERSION 1
#define RULE_PATH_BENEATH 1

#define WRITE_FILE (1u << 1)
#define READ_FILE (1u << 2)
#define READ_DIRECTORY (1u << 3)
#define REMOVE_FILE (1u << 5)
#define MAKE_DIRECTORY (1u << 7)
#define MAKE_FILE (1u << 8)
#define CHANGE_PARENT (1u << 13)
#define TRUNCATE (1u << 14)

/* The rights that receiving needs. */
#define RECEIVING                                                              \
	(WRITE_FILE | READ_FILE | READ_DIRECTORY | REMOVE_FILE |               \
	    MAKE_DIRECTORY | MAKE_FILE | CHANGE_PARENT | TRUNCATE)

/* The first Landlock version that supports each right. */
#define SINCE_CHANGE_PARENT 2
#define SINCE_TRUNCATE 3
#define SINCE_TCP 4
#define SINCE_DEVICES 5
#define SINCE_SIGNALS 6

/* struct landlock_ruleset_attr: rights that only a rule can grant. */
struct ruleset {
	uint64_t files;
	uint64_t tcp;	 /* bind, connect */
	uint64_t scopes; /* abstract sockets, signals: same sandbox only */
};

/* struct landlock_path_beneath_attr */
struct path_rule {
	uint64_t allowed;
	int32_t directory;
};

/* The kernel's version of Landlock, or -1. */
static long
get_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, GET_VERSION);
}

static struct ruleset
choose_ruleset(long version)
{
	struct ruleset denied = {.files = (CHANGE_PARENT << 1) - 1};

	if (version >= SINCE_TRUNCATE)
		denied.files |= TRUNCATE;
	if (version >= SINCE_DEVICES)
		denied.files |= TRUNCATE << 1;
	if (version >= SINCE_TCP)
		denied.tcp = 3;
	if (version >= SINCE_SIGNALS)
		denied.scopes = 3;
	return denied;
}

/* Returns 0, or -1. */
static int
restrict_to(int directory, const struct ruleset *denied)
{
	struct path_rule rule = {RECEIVING & denied->files, directory};
	int status = -1;
	int ruleset = (int)syscall(
	    SYS_landlock_create_ruleset, denied, sizeof(*denied), 0);

	if (ruleset == -1)
		return -1;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
		0) == 0 &&
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == 0)
		status = 0;
	close(ruleset);
	return status;
}

unsigned
os_sandbox_enter(int directory)
{
	struct ruleset denied;
	unsigned parts = 0;
	long version = get_version();

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		parts = OS_SANDBOX_PRIVILEGES;
	/* Version 1 denies renames to another directory, which commit needs. */
	if (parts == 0 || version < SINCE_CHANGE_PARENT)
		return parts;
	denied = choose_ruleset(version);
	if (restrict_to(directory, &denied) != 0)
		return parts;
	parts |= OS_SANDBOX_FILES;
	if (denied.tcp != 0)
		parts |= OS_SANDBOX_TCP;
	if (denied.scopes != 0)
		parts |= OS_SANDBOX_SIGNALS;
	return parts;
}
