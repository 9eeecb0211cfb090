/* SPDX-License-Identifier: ISC */
/* What is to be sent: the named sources one by one, opened and identified. */
#ifndef CLIENT_SOURCE_H
#define CLIENT_SOURCE_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/status.h"
#include "common/wire.h"

struct source_list {
	char *const *paths; /* not owned */
	size_t count, next;
};

/* The next one, or NULL when all were handed out. */
const char *source_next(struct source_list *list);

/* The name that a source has on the other end: its last component. */
struct wire_bytes source_name(const char *path);

/*
 * Look for two that have the same name.  Returns 1 with both, 0 if there are
 * none, or -1 with errno if there is no memory.
 */
int source_clash(const struct source_list *list, const char *clash[2]);

enum source_kind {
	SOURCE_FILE,	/* open for reading */
	SOURCE_SKIPPED, /* a kind that is never sent */
	SOURCE_FAILED
};

/*
 * Open one without ever blocking; a symbolic link is followed, and what is no
 * regular file is not opened.  SOURCE_FILE
 * comes with *fd, to be closed by the caller, and what fstat said; the others
 * with outcome.
 */
enum source_kind source_open(
    const char *path, int *fd, struct stat *found, struct outcome *outcome);

/* Which file it was, and in which state, when it was announced. */
struct source_identity {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
};

struct source_identity source_identify(const struct stat *found);
int source_is_same(
    const struct source_identity *identity, const struct stat *found);

#endif
