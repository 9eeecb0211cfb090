/* SPDX-License-Identifier: ISC */
/* Resolve the base, and the path of a request below it. */
#ifndef SERVER_STORE_DESTINATION_H
#define SERVER_STORE_DESTINATION_H

#include <sys/stat.h>

#include <stddef.h>

#include "common/status.h"
#include "common/wire.h"
#include "server/store/directory.h"

/* The resolved base.  See ftx-protocol(5), THE BASE. */
struct base {
	char directory[WIRE_PATH_MAX];
	size_t length;
	char name[WIRE_COMPONENT_MAX]; /* if the base names one file */
	size_t name_length;
};

/*
 * Resolve the client's base: find out whether it names a directory or one file.
 * Returns 0, or -1 with outcome if the path breaks the rules.
 */
int base_resolve(struct base *base, const struct wire_base *wanted,
    struct directories *directories, struct outcome *outcome);

struct destination {
	char path[WIRE_PATH_MAX]; /* below the receiving directory */
	size_t length;
	char name[WIRE_COMPONENT_MAX + 1]; /* its last component */
	struct directory *directory; /* a reference; NULL if it is missing */
	unsigned marks;		     /* of the existing file, from os_stat */
};

/*
 * Join the base and a request's path, without opening anything.  Returns 0, or
 * -1 with outcome.  On failure the destination's path is the request's.
 */
int destination_locate(struct destination *destination, const struct base *base,
    const struct wire_bytes *path, struct outcome *outcome);

/*
 * Open the directory of the destination.  If create is nonzero, make missing
 * directories; otherwise the directory may be missing.  Returns 0, or -1 with
 * outcome and errno.  The caller calls destination_release in both cases; it
 * may do so at any time after destination_locate.
 */
int destination_enter(struct destination *destination,
    struct directories *directories, int create, struct outcome *outcome);

/*
 * Get the status of the existing file or link.  If nothing exists, sets
 * found->st_mode to 0.  Returns 0, or -1 with outcome if the file cannot be
 * replaced.
 */
int destination_look(struct destination *destination, struct stat *found,
    struct outcome *outcome);

/*
 * Check that this process may publish the file and replace found.  The check is
 * not complete: publishing may still fail.  Returns 0, or -1 with outcome.
 */
int destination_may_publish(const struct destination *destination,
    const struct stat *found, struct outcome *outcome);

void destination_release(struct destination *destination);

#endif
