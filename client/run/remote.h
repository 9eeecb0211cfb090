/* SPDX-License-Identifier: ISC */
/* Where sources go: the base directory on the server, and paths below it. */
#ifndef CLIENT_RUN_REMOTE_H
#define CLIENT_RUN_REMOTE_H

#include <stddef.h>

#include "client/settings/target.h"
#include "client/sources/source.h"
#include "common/text.h"
#include "common/wire.h"

enum remote_kind {
	REMOTE_DIRECTORY, /* the target is a directory */
	REMOTE_FILE,	  /* the target is the name of the only file */
	REMOTE_EITHER	  /* the server determines which of the two */
};

struct remote {
	enum remote_kind kind;
	const struct target *target; /* not owned */
	/* The base; owned, and NULL until it is known. */
	char *directory;
	char *name; /* of the only file, or empty: files keep their names */
};

/*
 * With REMOTE_FILE the base is known at once, otherwise after remote_resolve.
 * Returns 0, or -1 with errno if there is no memory.  Even then, call
 * remote_release.
 */
int remote_init(
    struct remote *remote, const struct target *target, enum remote_kind kind);
void remote_release(struct remote *remote);

/* The base frame with which the next connection begins. */
struct wire_base remote_base(const struct remote *remote);

/*
 * Keep the server's reply to the first base frame; later ones change nothing.
 * Returns 0, or -1 with errno if there is no memory.
 */
int remote_resolve(struct remote *remote, const struct wire_based *based);

/* Nonzero if the base is known. */
int remote_is_resolved(const struct remote *remote);

/* The path of a source below the base, as sent in its request. */
struct wire_bytes remote_path(
    const struct remote *remote, const struct source *source);

/*
 * The name of a source on the server, as far as it is known: "host", ":",
 * "directory", "/", "path".  The pieces are valid as long as remote and source.
 * Returns their number.
 */
#define REMOTE_PIECES 5
size_t remote_pieces(const struct remote *remote, const struct source *source,
    struct wire_bytes pieces[REMOTE_PIECES]);

/* The same as one text, escaped for this set.  Returns buffer. */
#define REMOTE_SHOWN 2560
char *remote_show(const struct remote *remote, const struct source *source,
    enum text_set set, char buffer[REMOTE_SHOWN]);

#endif
