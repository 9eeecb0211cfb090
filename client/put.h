/* SPDX-License-Identifier: ISC */
/* The command "put": connections, until everything has its result. */
#ifndef CLIENT_PUT_H
#define CLIENT_PUT_H

#include <stddef.h>

#include "client/settings/options.h"
#include "client/settings/target.h"

/*
 * Send the sources to the target and say what became of them.  Returns the
 * exit status; it is to be raised instead if a signal was caught.
 */
int put_run(const struct options *options, const struct target *target,
    char *const *sources, size_t count);

#endif
