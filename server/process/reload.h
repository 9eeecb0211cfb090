/* SPDX-License-Identifier: ISC */
/* Reading the settings again while the server runs. */
#ifndef SERVER_PROCESS_RELOAD_H
#define SERVER_PROCESS_RELOAD_H

#include "server/process/access.h"
#include "server/settings/options.h"

/* Log as much as the options say. */
void reload_log(const struct options *options);

/*
 * Read all settings again from the arguments that ftxd was started with.
 * Those that only a start can set keep their value; each that differs is
 * logged.  Returns 0; or -1, logged, with options and access as they were.
 */
int reload_options(struct options *options, struct access *access, int argc,
    char *const argv[]);

#endif
