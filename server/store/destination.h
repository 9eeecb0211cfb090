/* SPDX-License-Identifier: ISC */
/* Where requests go: the settled base, and the place of one file below it. */
#ifndef SERVER_STORE_DESTINATION_H
#define SERVER_STORE_DESTINATION_H

#include <sys/stat.h>

#include <stddef.h>

#include "common/status.h"
#include "common/wire.h"
#include "server/store/directory.h"

/* See ftx-protocol(5), THE BASE. */
struct base {
	char directory[WIRE_PATH_MAX];
	size_t length;
	char name[WIRE_COMPONENT_MAX]; /* of the one request, or empty */
	size_t name_length;
};

/*
 * Settle what the client asked for.  Returns 0, or -1 with outcome if the path
 * breaks the rules.
 */
int base_resolve(struct base *base, const struct wire_base *wanted,
    struct directories *directories, struct outcome *outcome);

struct destination {
	char path[WIRE_PATH_MAX]; /* below the receiving directory */
	size_t length;
	char name[WIRE_COMPONENT_MAX + 1]; /* its last component */
	struct directory *directory; /* a reference; NULL: it is missing */
	unsigned marks;		     /* of what was found, as by os_stat */
};

/*
 * Work out the place of a request's path; opens nothing.  Returns 0, or -1 with
 * outcome; the path is then what was asked for.
 */
int destination_locate(struct destination *destination, const struct base *base,
    const struct wire_bytes *path, struct outcome *outcome);

/*
 * Open its directory, which is made where create says so and otherwise may be
 * missing.  Returns 0, or -1 with outcome and errno.  To be released with
 * destination_release, which may come at any time after destination_locate.
 */
int destination_enter(struct destination *destination,
    struct directories *directories, int create, struct outcome *outcome);

/*
 * Look at what is there: nothing, or a file or link that may be replaced.
 * Returns 0, with found->st_mode zero for nothing; or -1 with outcome.
 */
int destination_look(struct destination *destination, struct stat *found,
    struct outcome *outcome);

/*
 * Check that this process may publish a file there, in place of what was found.
 * What this check cannot see shows only when the file is published.  Returns 0,
 * or -1 with outcome.
 */
int destination_may_publish(const struct destination *destination,
    const struct stat *found, struct outcome *outcome);

void destination_release(struct destination *destination);

#endif
