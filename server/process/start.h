/* SPDX-License-Identifier: ISC */
/* Start the server with its settings, and run it until it stops. */
#ifndef SERVER_PROCESS_START_H
#define SERVER_PROCESS_START_H

#include "server/process/master.h"
#include "server/settings/options.h"

/*
 * Report why ftxd fails: on standard error, or in the log if inetd(8) made
 * standard error the connection.  Returns status.
 */
enum master_exit start_fail(const char *reason, enum master_exit status);

/*
 * Check the settings, and run the master, or with -i the only session, to its
 * end.  With -T return after the check.  argc and argv serve to reload the
 * settings.  Errors are reported.
 */
enum master_exit start_server(
    struct options *options, int argc, char *const argv[]);

#endif
