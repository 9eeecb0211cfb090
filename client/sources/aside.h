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
 * ".ftx-removing-PID-NAME", in the same directory, with the ID of the process.
 */
#define ASIDE_NAME 256

/* Nonzero if a file of this name is set aside. */
int aside_is_name(const char *name);

/*
 * Removing one name of a file changes its change time, so its other names look
 * changed.  Keep the last changes that our own removals made.  Zeroed at first.
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
 * Remove a file from an open directory, if stamp describes it and only our own
 * removals have changed it since.  First rename it, without replacing anything,
 * and compare it again.  So a new file of the same name is not removed.
 *
 * Returns 0 if it was removed, -1 if it could not be removed, or 1 if it is a
 * symbolic link.  In the last two cases, outcome has the reason, and the file
 * keeps its name.  If it cannot be renamed back, outcome has its new name.
 */
int aside_remove(int directory, const char *name,
    const struct source_stamp *stamp, struct aside_changes *own,
    struct outcome *outcome);

/*
 * Reports that aside_restore gave a file its old name again, or failed to.
 * name is the name under which it was set aside.  If it failed, outcome has the
 * reason; otherwise outcome is NULL.
 */
typedef void aside_report(void *context, const char *name, const char *old_name,
    const struct outcome *outcome);

/*
 * Give all files that are set aside in an open directory their old names, and
 * close the directory.  If another running process set a file aside within the
 * last minute, leave the file alone.
 */
void aside_restore(int directory, aside_report *report, void *context);

#endif
