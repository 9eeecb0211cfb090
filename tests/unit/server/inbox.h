/* SPDX-License-Identifier: ISC */
/* A receiving directory "in" for tests of the server. */
#ifndef TESTS_UNIT_SERVER_INBOX_H
#define TESTS_UNIT_SERVER_INBOX_H

#include "server/store/staging.h"

/* Returns the path of the staging directory; static. */
const char *inbox_staging(void);

/* Create the directory, and open it as a server that syncs. */
void inbox_open(struct store *store);

/* Close the store; expect that no staged file is left. */
void inbox_close(struct store *store);

/*
 * If this process is root's, drop its privileges so that modes apply to it,
 * too, and let it use the staging directory.  inbox_be_oneself restores them.
 */
void inbox_be_nobody(const struct store *store);

void inbox_be_oneself(void);

/* Create a staged file with this text. */
void inbox_stage(
    const struct store *store, struct staging_file *staged, const char *text);

#endif
