/* SPDX-License-Identifier: ISC */
/* What the store and the sessions are told by the options. */
#ifndef SERVER_PROCESS_CONFIGURE_H
#define SERVER_PROCESS_CONFIGURE_H

#include <sys/types.h>

#include "server/session/session.h"
#include "server/settings/options.h"
#include "server/store/store.h"

/* inherited is the umask that ftxd was started with. */
void configure_store(
    struct store *store, const struct options *options, mode_t inherited);

/* All but stop and its argument. */
void configure_session(struct session_config *config,
    const struct options *options, struct store *store);

#endif
