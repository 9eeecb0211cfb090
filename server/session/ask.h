/* SPDX-License-Identifier: ISC */
/* Requests that may have their result without any content. */
#ifndef SERVER_SESSION_ASK_H
#define SERVER_SESSION_ASK_H

#include "server/session/receive.h"

/* Answer with a result or with go.  As all of receive.h. */
int receive_ask(struct receive *receive, uint32_t number,
    const struct wire_request *request);

/* Have the directory that is asked for. */
int receive_directory(struct receive *receive, uint32_t number,
    const struct wire_request *request);

#endif
