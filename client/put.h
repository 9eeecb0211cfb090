/* SPDX-License-Identifier: ISC */
/* The command "put": send all sources over one or more streams. */
#ifndef CLIENT_PUT_H
#define CLIENT_PUT_H

#include <stddef.h>

#include "client/settings/options.h"
#include "client/settings/target.h"

/*
 * Send the sources to the target and report each result.  Returns the exit
 * status.  If a signal was caught, the caller raises it again instead of
 * exiting.
 */
int put_run(const struct options *options, const struct target *target,
    char *const *sources, size_t count);

#endif
