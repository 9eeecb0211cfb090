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

/* inherited is the umask that ftxd was started with. */
void configure_store(
    struct store *store, const struct options *options, mode_t inherited);

/* Set all members but stop, its argument, and the scoreboard's. */
void configure_session(struct session_config *config,
    const struct options *options, struct store *store);

/*
 * Reload all settings from the arguments that ftxd was started with.  Settings
 * that only take effect at the start keep their value; each one that differs is
 * logged.  Returns 0; or -1, logged, with options and access unchanged.
 */
int configure_reload(struct options *options, struct access *access, int argc,
    char *const argv[]);

#endif
