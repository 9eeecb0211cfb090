/* SPDX-License-Identifier: ISC */
/* Whether a target is already what the client has. */
#ifndef SERVER_STORE_COMPARE_H
#define SERVER_STORE_COMPARE_H

#include <sys/stat.h>

#include "common/wire.h"
#include "server/store/destination.h"
#include "server/store/partial.h"

/*
 * Nonzero if found is a regular file of the request's size and time, as near as
 * the file system keeps that.
 */
int compare_time(const struct store *store, const struct wire_request *request,
    const struct stat *found);

/*
 * Read the target and compare its digest with the request's.  Returns an open
 * descriptor of it where both are the same, for the caller to close; -1
 * otherwise.  What cannot be read is not the same.
 */
int compare_digest(const struct wire_request *request,
    const struct destination *destination, const struct stat *found,
    const struct tick *tick);

#endif
