/* SPDX-License-Identifier: ISC */
/* Serve one connection on standard input and output, as for inetd(8). */
#ifndef SERVER_PROCESS_INETD_H
#define SERVER_PROCESS_INETD_H

#include "server/process/access.h"
#include "server/process/master.h"
#include "server/settings/options.h"
#include "server/store/store.h"

/*
 * Set the log options; call this before the first log line.  If standard error
 * is the connection, redirect it to /dev/null and log to syslog.  Otherwise the
 * client's user may read the log: without -v or -s, log only warnings and
 * errors.  Returns nonzero if standard error was the connection.
 */
int inetd_choose_log(struct options *options);

/*
 * Serve the client, then sweep the staging directory.  After SIGTERM or SIGHUP
 * finish the current file; after SIGINT or SIGQUIT end at once.  Returns
 * MASTER_CLEAN; MASTER_CUT if a signal cut a transfer; MASTER_OTHER if this
 * host failed: no memory, a failed sync, or no staging directory.
 */
enum master_exit inetd_run(const struct options *options,
    const struct access *access, struct store *store);

#endif
