/* SPDX-License-Identifier: ISC */
/* Where files go: "[host]:path" as people write it. */
#ifndef CLIENT_SETTINGS_TARGET_H
#define CLIENT_SETTINGS_TARGET_H

#include <stddef.h>

#include "common/address.h"

/* Room for a message about a target, and for a host made fit to be shown. */
#define TARGET_ERROR 1024
#define TARGET_SHOWN (4 * ADDRESS_HOST + 2)

struct target {
	char host[ADDRESS_HOST];
	char shown[TARGET_SHOWN]; /* the host; IPv6 in brackets */
	char *path;		  /* owned */
};

/* Nonzero if a host stands before the path: a colon before any slash. */
int target_is_remote(const char *text);

/* "host:path", fit to be shown.  Returns buffer. */
char *target_show(const struct target *target, char buffer[TARGET_ERROR]);

/*
 * Parse "host:path", "[IPv6%zone]:path", and ":path" for this host.  What says
 * nothing in the path is left out: a slash that leads it or follows another
 * one, and the component ".".  A slash at its end stays.  Returns 0, or -1
 * with error.
 */
int target_parse(
    struct target *target, const char *text, char error[TARGET_ERROR]);
void target_release(struct target *target);

/*
 * The length of the path without a slash at its end; *reason says why no
 * server takes it (a constant), or is NULL.
 */
size_t target_directory(const struct target *target, const char **reason);

#endif
