/* SPDX-License-Identifier: ISC */
/* Remove a source safely: rename it, compare it again, and then unlink it. */
#include "client/sources/aside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/blocking.h"
#include "common/os.h"

#define PREFIX ".ftx-removing-"

/* Seconds for which a running process may keep files set aside. */
#define HELD 60

/*
 * Split the name of a file that is set aside.  Returns its old name and
 * *process, or NULL.
 */
static const char *
old_name_of(const char *name, long *process)
{
	const size_t prefix = strlen(PREFIX);
	char *end;

	if (strncmp(name, PREFIX, prefix) != 0 || name[prefix] < '1' ||
	    name[prefix] > '9')
		return NULL;
	errno = 0;
	*process = strtol(name + prefix, &end, 10);
	if (errno != 0 || *process > INT_MAX || *end != '-')
		return NULL;
	name = end + 1;
	return name[0] == '\0' || strcmp(name, ".") == 0 ||
		strcmp(name, "..") == 0
	    ? NULL
	    : name;
}

int
aside_is_name(const char *name)
{
	long process;

	return old_name_of(name, &process) != NULL;
}

static int
fail(struct outcome *outcome, const char *text)
{
	outcome_set(outcome, STATUS_SOURCE, "%s", text);
	return -1;
}

static int
fail_changed(struct outcome *outcome)
{
	return fail(outcome, "it is no longer the file that was sent");
}

/* Nonzero if the system or the file system has no exclusive rename. */
static int
is_unsupported(int error)
{
	return error == ENOSYS || error == EINVAL;
}

/* The fallback: check that the new name is free, then rename. */
static int
rename_checked(int directory, const char *from, const char *to)
{
	struct stat there;

	if (fstatat(directory, to, &there, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	if (errno != ENOENT)
		return -1;
	return renameat(directory, from, directory, to);
}

/* Our process ID in the new name makes a collision unlikely. */
static int
set_aside(int directory, const char *name, const char *aside)
{
	int result = os_rename_new(directory, name, directory, aside);

	return result == -1 && is_unsupported(errno)
	    ? rename_checked(directory, name, aside)
	    : result;
}

/* The old name may be in use again; link(2) never replaces a file. */
static int
put_back(int directory, const char *aside, const char *back)
{
	int result = os_rename_new(directory, aside, directory, back);

	if (result == 0 || !is_unsupported(errno))
		return result;
	if (linkat(directory, aside, directory, back, 0) == 0)
		return unlinkat(directory, aside, 0);
	return errno == EEXIST ? -1 : rename_checked(directory, aside, back);
}

/* Rename the file back.  If that fails, add its name to outcome. */
static int
restore_name(
    int directory, const char *aside, const char *name, struct outcome *outcome)
{
	const struct outcome why = *outcome;

	if (put_back(directory, aside, name) == 0)
		return -1;
	outcome_set(outcome, STATUS_SOURCE,
	    "%s; it was renamed to %s, and cannot be renamed back: %s",
	    why.text, aside, strerror(errno));
	return -1;
}

/* Returns 0, or -1 with outcome. */
static int
remove_renamed(int directory, const char *aside,
    const struct source_stamp *stamp, struct outcome *outcome)
{
	struct stat moved;

	if (fstatat(directory, aside, &moved, AT_SYMLINK_NOFOLLOW) == -1)
		return fail(outcome, strerror(errno));
	if (!source_is_same(stamp, &moved, 0))
		return fail_changed(outcome);
	return unlinkat(directory, aside, 0) == 0
	    ? 0
	    : fail(outcome, strerror(errno));
}

/* Remove the file by its name, which may be another file's by now. */
static int
remove_named(int directory, const char *name, const struct source_stamp *stamp,
    struct outcome *outcome)
{
	char aside[ASIDE_NAME];

	if (snprintf(aside, sizeof(aside), PREFIX "%ld-%s", (long)getpid(),
		name) >= (int)sizeof(aside))
		return fail(
		    outcome, "its name is too long to be renamed first");
	if (set_aside(directory, name, aside) == -1)
		return fail(outcome, strerror(errno));
	if (remove_renamed(directory, aside, stamp, outcome) == 0)
		return 0;
	return restore_name(directory, aside, name, outcome);
}

static int
is_same_time(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

/* Nonzero if only our removals of its other names have changed the file. */
static int
is_untouched(const struct aside_changes *own, const struct source_stamp *stamp,
    const struct stat *found)
{
	struct timespec changed = stamp->changed;

	for (size_t i = 0; i < ASIDE_CHANGES; i++) {
		const struct aside_change *change =
		    &own->last[(own->next + i) % ASIDE_CHANGES];

		if (change->device == stamp->device &&
		    change->inode == stamp->inode &&
		    is_same_time(&change->before, &changed))
			changed = change->after;
	}
	return is_same_time(&changed, &found->st_ctim);
}

/* Note the new change time of an open file that has lost a name. */
static void
note_change(struct aside_changes *own, const struct stat *found, int fd)
{
	struct stat left;

	if (found->st_nlink < 2 || fstat(fd, &left) == -1)
		return;
	own->last[own->next] = (struct aside_change){
	    found->st_dev, found->st_ino, found->st_ctim, left.st_ctim};
	own->next = (own->next + 1) % ASIDE_CHANGES;
}

/* Compare the open file, then remove its name.  The caller closes it. */
static int
remove_open(int directory, const char *name, int fd, const struct stat *found,
    const struct source_stamp *stamp, struct aside_changes *own,
    struct outcome *outcome)
{
	if (!S_ISREG(found->st_mode) || !source_is_same(stamp, found, 0))
		return fail_changed(outcome);
	if (!is_untouched(own, stamp, found))
		return fail(outcome,
		    "it, its mode or its links have changed since it was sent");
	if (remove_named(directory, name, stamp, outcome) == -1)
		return -1;
	note_change(own, found, fd);
	return 0;
}

int
aside_remove(int directory, const char *name, const struct source_stamp *stamp,
    struct aside_changes *own, struct outcome *outcome)
{
	enum source_kind kind;
	struct stat found;
	int fd, result;

	kind = source_open_at(directory, name, 0, &fd, &found, outcome);
	if (kind == SOURCE_FAILED)
		return -1;
	if (kind == SOURCE_SKIPPED && S_ISLNK(found.st_mode)) {
		(void)fail(outcome, "it is a symbolic link");
		return 1;
	}
	if (kind == SOURCE_SKIPPED)
		return fail_changed(outcome);
	result = remove_open(directory, name, fd, &found, stamp, own, outcome);
	close(fd);
	return result;
}

/* Nonzero if another process may still be removing the file. */
static int
is_held(long process, const struct stat *found)
{
	if (process == (long)getpid() ||
	    (kill((pid_t)process, 0) == -1 && errno == ESRCH))
		return 0;
	return found->st_ctim.tv_sec > time(NULL) - HELD;
}

/* Nonzero if the file has its old name as well. */
static int
has_both_names(int directory, const struct stat *found, const char *old_name)
{
	struct stat other;

	return fstatat(directory, old_name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	    other.st_dev == found->st_dev && other.st_ino == found->st_ino;
}

/* Returns 1 if the file was renamed, 0 if it stays, or -1 with errno. */
static int
restore(int directory, const char *name, const char *old_name, long process)
{
	struct stat found;

	if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == -1 ||
	    is_held(process, &found))
		return 0;
	if (put_back(directory, name, old_name) == 0)
		return 1;
	if (errno == EEXIST && has_both_names(directory, &found, old_name))
		return unlinkat(directory, name, 0) == 0 ? 1 : -1;
	return errno == ENOENT ? 0 : -1;
}

static const struct dirent *
next_entry(DIR *dir)
{
	const struct dirent *entry;

	blocking_enter(NULL);
	entry = readdir(dir);
	blocking_leave();
	return entry;
}

void
aside_restore(int directory, aside_report *report, void *context)
{
	DIR *dir = fdopendir(directory);
	const struct dirent *entry;
	struct outcome outcome;
	const char *old_name;
	long process;
	int result;

	if (dir == NULL) {
		(void)blocking_close(directory);
		return;
	}
	/* The walk reports a directory that cannot be read. */
	while ((entry = next_entry(dir)) != NULL) {
		old_name = old_name_of(entry->d_name, &process);
		if (old_name == NULL)
			continue;
		blocking_enter(NULL);
		result = restore(directory, entry->d_name, old_name, process);
		blocking_leave();
		if (result == -1)
			(void)fail(&outcome, strerror(errno));
		if (result != 0)
			report(context, entry->d_name, old_name,
			    result == 1 ? NULL : &outcome);
	}
	blocking_enter(NULL);
	closedir(dir);
	blocking_leave();
}
