/* SPDX-License-Identifier: ISC */
/* Sources that are removed, since what they held is stored. */
#ifndef CLIENT_RUN_REMOVAL_H
#define CLIENT_RUN_REMOVAL_H

#include "client/run/run.h"

/*
 * A file was stored: remove its source, if that is wished, the server has
 * synced the file, and the source still is what was sent.  If it is left, that
 * is told, and counted where it is a failure.
 */
void removal_follow(
    struct run *run, const struct request *request, int durable);

/*
 * If sources are to be removed, rename back those that an interrupted run left
 * aside: in the directories of all named sources, or in a directory that is
 * sent.  Each one is reported.
 */
void removal_restore_named(struct run *run);
void removal_restore_in(struct run *run, const struct source *directory);

#endif
