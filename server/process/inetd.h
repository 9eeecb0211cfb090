/* SPDX-License-Identifier: ISC */
/* One connection on standard input and output, and no more. */
#ifndef SERVER_PROCESS_INETD_H
#define SERVER_PROCESS_INETD_H

#include "server/process/access.h"
#include "server/process/master.h"
#include "server/settings/options.h"
#include "server/store/store.h"

/*
 * Choose where to log, before anything is: to syslog if standard error is the
 * connection itself, which is then closed there; otherwise, unless -v or -s
 * say more, only warnings, because the client's person may read them.  Returns
 * nonzero if standard error was the connection.
 */
int inetd_begin(struct options *options);

/*
 * Serve the client, and sweep the staging folder.  SIGTERM and SIGHUP drain,
 * SIGINT and SIGQUIT cut.  Returns MASTER_CLEAN; MASTER_CUT if a transfer was
 * cut so; MASTER_OTHER if the client could not be served.
 */
enum master_exit inetd_run(const struct options *options,
    const struct access *access, struct store *store);

#endif
