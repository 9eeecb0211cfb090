/* SPDX-License-Identifier: ISC */
/* A source is set aside in its directory, looked at, and only then removed. */
#ifndef CLIENT_ASIDE_H
#define CLIENT_ASIDE_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "client/source.h"
#include "common/status.h"

/*
 * What is set aside is called ".ftx-removing-PID-NAME", by the process that
 * does it, in the same directory.  The longest name, with its NUL.
 */
#define ASIDE_NAME 256

/* Nonzero if that is such a name. */
int aside_is_name(const char *name);

/*
 * The last changes that removals have made: to remove one name of a file
 * changes what its other names lead to.  Zeroed at first.
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
 * Remove what is called so in an open directory, if it is the file that this
 * identifies and nothing but own removals has changed it since then.  It is
 * renamed first, without replacing anything, and compared again, so that
 * nothing that takes its name meanwhile is removed in its place.  Returns 0;
 * or, with outcome and the file under its name, -1 if it could not be removed,
 * and 1 if it is a symbolic link.  If the file cannot be renamed back, outcome
 * names it.
 */
int aside_remove(int directory, const char *name,
    const struct source_identity *identity, struct aside_changes *own,
    struct outcome *outcome);

/*
 * Called for each file that an ended process has left aside, with its name: it
 * has its old name again; or, with outcome, it has not.
 */
typedef void aside_told(void *context, const char *name, const char *old_name,
    const struct outcome *outcome);

/*
 * Give those in an open directory, which is closed, their old names.  What a
 * process that still runs has set aside within the last minute is left alone.
 */
void aside_restore(int directory, aside_told *tell, void *context);

#endif
