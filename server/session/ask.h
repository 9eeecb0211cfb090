/* SPDX-License-Identifier: ISC */
/* Decide asks: reply with a go or a result, before any content comes. */
#ifndef SERVER_SESSION_ASK_H
#define SERVER_SESSION_ASK_H

#include "server/session/receive.h"

/* Handle the ask with this number.  Returns 0, or -1 with fatal set. */
int ask_request(struct receive *receive, uint32_t number,
    const struct wire_request *request);

#endif
