/* SPDX-License-Identifier: ISC */
/* Directory requests: make or find a directory, and set its attributes. */
#ifndef SERVER_SESSION_MKDIR_H
#define SERVER_SESSION_MKDIR_H

#include "server/session/receive.h"

/*
 * Handle the directory request with this number.  If it succeeds, the next
 * commit syncs the directory and replies.  Returns 0, or -1 with fatal set.
 */
int mkdir_request(struct receive *receive, uint32_t number,
    const struct wire_request *request);

#endif
