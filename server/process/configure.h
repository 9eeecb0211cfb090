/* SPDX-License-Identifier: ISC */
/* Apply the settings to the log, the store and the sessions; reload them. */
#ifndef SERVER_PROCESS_CONFIGURE_H
#define SERVER_PROCESS_CONFIGURE_H

#include <sys/types.h>

#include "server/process/access.h"
#include "server/session/session.h"
#include "server/settings/options.h"
#include "server/store/store.h"

/* Open the log at the level that -q and -v select. */
void configure_log(const struct options *options);

/* inherited is the umask that ftxd was started with; -o umask overrides it. */
void configure_store(
    struct store *store, const struct options *options, mode_t inherited);

/*
 * Set the store, the limits and the permissions.  The caller sets sender,
 * stop, argument, board, slot and comparers.
 */
void configure_session(struct session_config *config,
    const struct options *options, struct store *store);

/*
 * Read the command line and the settings file again.  If a setting that only
 * takes effect at the start has changed, log that and keep the old value.
 * Returns 0; or -1, logged, with options and access unchanged.
 */
int configure_reload(struct options *options, struct access *access, int argc,
    char *const argv[]);

#endif
