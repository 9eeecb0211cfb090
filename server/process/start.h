/* SPDX-License-Identifier: ISC */
/* Start the server with its settings, and run it until it stops. */
#ifndef SERVER_PROCESS_START_H
#define SERVER_PROCESS_START_H

#include "server/process/master.h"
#include "server/settings/options.h"

/*
 * Print to standard error why ftxd fails.  If inetd(8) made standard error the
 * connection, log it instead.  Returns status.
 */
enum master_exit start_fail(const char *reason, enum master_exit status);

/*
 * Check the settings, then run the master until it stops.  With -i serve one
 * connection instead; with -T return after the check.  A reload reads argc and
 * argv again.  Reports errors, and returns the exit status.
 */
enum master_exit start_server(
    struct options *options, int argc, char *const argv[]);

#endif
