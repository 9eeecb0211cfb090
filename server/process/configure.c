/* SPDX-License-Identifier: ISC */
/* What the store and the sessions are told by the options. */
#include "server/process/configure.h"

#include <string.h>

void
configure_store(
    struct store *store, const struct options *options, mode_t inherited)
{
	int mask = options_umask(options);

	store->sync = options->fsync;
	if (store->sync)
		store_learn_sync(store);
	store->mask = mask == -1 ? inherited : (mode_t)mask;
	store->exact_mask = mask == -1 ? 0 : (mode_t)mask;
	store->partial_ttl = options->partial_ttl;
	store->workers = (unsigned)options->workers;
	store_mark(store, strcmp(options->shared, "locks") == 0);
	options_min_free(options, &store->free_percent, &store->free_bytes);
}

void
configure_session(struct session_config *config, const struct options *options,
    struct store *store)
{
	config->store = store;
	config->max_size =
	    options->max_size == 0 ? UINT64_MAX : options->max_size;
	config->min_rate = options->min_rate;
	config->hello_timeout = options->hello_timeout;
	config->idle_timeout = options->idle_timeout;
	config->drain_timeout = options->drain_timeout;
	config->compares = options->compare;
	config->never_overwrite = strcmp(options->overwrite, "never") == 0;
}
