/* SPDX-License-Identifier: ISC */
/* A receiving directory "in" for tests of the server. */
#ifndef TESTS_UNIT_SERVER_INBOX_H
#define TESTS_UNIT_SERVER_INBOX_H

#include "server/store/staging.h"

/* Returns the path of the staging directory; static. */
const char *inbox_staging(void);

/* Create the directory, and open a store in it, with sync on. */
void inbox_open(struct store *store);

/* Expect that the staging directory is empty, and close the store. */
void inbox_close(struct store *store);

/*
 * If the user is root, become "nobody", so that file modes apply, and give the
 * staging directory to "nobody".  inbox_restore_user restores the user only.
 */
void inbox_become_nobody(const struct store *store);

void inbox_restore_user(void);

/* Create a staged file with this text. */
void inbox_stage(
    const struct store *store, struct staging_file *staged, const char *text);

#endif
