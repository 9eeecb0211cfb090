/* SPDX-License-Identifier: ISC */
/* Parse the target of a run: "[host]:path". */
#ifndef CLIENT_SETTINGS_TARGET_H
#define CLIENT_SETTINGS_TARGET_H

#include <stddef.h>

#include "common/address.h"

/* Room for a message about a target, and for an escaped host. */
#define TARGET_ERROR 1024
#define TARGET_SHOWN (4 * ADDRESS_HOST + 2)

struct target {
	char host[ADDRESS_HOST];
	char shown[TARGET_SHOWN]; /* the host, escaped; IPv6 in brackets */
	char *path;		  /* owned */
};

/* Nonzero if the text has a host: a colon before any slash. */
int target_is_remote(const char *text);

/* Format "host:path", escaped.  Returns buffer. */
char *target_show(const struct target *target, char buffer[TARGET_ERROR]);

/*
 * Parse "host:path", "[IPv6%zone]:path", or ":path" for this host.  Leading and
 * repeated slashes and "." components are removed from the path; a slash at its
 * end stays.  Returns 0, or -1 with error.
 */
int target_parse(
    struct target *target, const char *text, char error[TARGET_ERROR]);
void target_release(struct target *target);

/*
 * Returns the length of the path without a slash at its end.  Sets *reason to a
 * constant that explains why no server accepts the path, or to NULL.
 */
size_t target_directory(const struct target *target, const char **reason);

#endif
