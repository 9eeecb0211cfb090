/* SPDX-License-Identifier: ISC */
/* Remove sources that were stored, and restore what a removal left behind. */
#ifndef CLIENT_RUN_REMOVAL_H
#define CLIENT_RUN_REMOVAL_H

#include <stddef.h>

#include "client/run/report.h"
#include "client/run/request.h"
#include "client/settings/options.h"
#include "client/sources/aside.h"
#include "client/sources/source.h"

/* Without the setting remove-source, these functions do nothing. */
struct removal {
	const struct options *options; /* neither is owned */
	struct report *report;
	struct aside_changes changes; /* made by this run */
};

void removal_init(struct removal *removal, const struct options *options,
    struct report *report);

/*
 * A file was stored.  If the server has synced it, remove its source.  If the
 * source has changed or cannot be removed, report why.
 */
void removal_remove(
    struct removal *removal, const struct request *request, int durable);

/*
 * An interrupted run may leave files that it had set aside.  Rename them back,
 * and report each.  The first function searches the directories of these
 * sources, the second a directory that is being sent.
 */
void removal_restore_beside(
    struct removal *removal, char *const *paths, size_t count);
void removal_restore_in(
    struct removal *removal, const struct source *directory);

#endif
