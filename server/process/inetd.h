/* SPDX-License-Identifier: ISC */
/* Serve one connection on standard input and output, as for inetd(8). */
#ifndef SERVER_PROCESS_INETD_H
#define SERVER_PROCESS_INETD_H

#include "server/process/access.h"
#include "server/process/master.h"
#include "server/settings/options.h"
#include "server/store/store.h"

/*
 * Set the log options, before the first log line.  If standard error is the
 * connection, redirect it to /dev/null and log to syslog.  Otherwise log only
 * warnings, unless -v or -s is given, because the client's user may read them.
 * Returns nonzero if standard error was the connection.
 */
int inetd_choose_log(struct options *options);

/*
 * Serve the client, then sweep the staging directory.  SIGTERM and SIGHUP
 * drain, SIGINT and SIGQUIT cut.  Returns MASTER_CLEAN; MASTER_CUT if a signal
 * cut a transfer; MASTER_OTHER if the client could not be served.
 */
enum master_exit inetd_run(const struct options *options,
    const struct access *access, struct store *store);

#endif
