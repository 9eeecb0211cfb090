/* SPDX-License-Identifier: ISC */
/* The frames that make up one file's content, each to its effect. */
#ifndef SERVER_SESSION_RECEIVE_CONTENT_H
#define SERVER_SESSION_RECEIVE_CONTENT_H

#include "server/session/receive.h"

/*
 * Begin the content of a request, behind what was kept of it if partial holds
 * that: the state is content then, or discard.  As all of receive.h.
 */
int receive_begin(struct receive *receive, uint32_t number,
    const struct wire_request *request, struct partial *partial);

/* A frame of content, which begins that of a request that has its go. */
int receive_content(struct receive *receive, const struct conn_frame *frame);

#endif
