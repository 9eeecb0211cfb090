/* SPDX-License-Identifier: ISC */
/* Remove a source safely: rename it, compare it again, and then unlink it. */
#ifndef CLIENT_SOURCES_ASIDE_H
#define CLIENT_SOURCES_ASIDE_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "client/sources/source.h"
#include "common/status.h"

/*
 * Room for the name of a file that is set aside, with its NUL.  The name is
 * ".ftx-removing-PID-NAME", in the same directory; PID is that of the process.
 */
#define ASIDE_NAME 256

/* Nonzero if name is one of a file that is set aside. */
int aside_is_name(const char *name);

/*
 * The last changes by our own removals.  Removing one name of a file changes
 * its change time, which its other names show, too.  Zeroed at first.
 */
#define ASIDE_CHANGES 256
struct aside_changes {
	struct aside_change {
		dev_t device;
		ino_t inode;
		struct timespec before, after;
	} last[ASIDE_CHANGES];
	size_t next;
};

/*
 * Remove the file of that name in an open directory, if it is the one that
 * stamp describes and only our own removals have changed it since.  It is
 * renamed first, without replacing anything, and compared again.  So a file
 * that takes its name meanwhile is not removed.
 *
 * Returns 0 if it was removed.  Otherwise the file keeps its name, and outcome
 * has the reason: -1 if it could not be removed, 1 if it is a symbolic link. If
 * the file cannot be renamed back, outcome has its name.
 */
int aside_remove(int directory, const char *name,
    const struct source_stamp *stamp, struct aside_changes *own,
    struct outcome *outcome);

/*
 * Called for each file that an ended process left aside under name.  If outcome
 * is NULL, it has its old name again; otherwise outcome has the reason.
 */
typedef void aside_report(void *context, const char *name, const char *old_name,
    const struct outcome *outcome);

/*
 * Give all files that are set aside in an open directory their old names, and
 * close the directory.  A file is left alone if a running process set it
 * aside within the last minute.
 */
void aside_restore(int directory, aside_report *report, void *context);

#endif
