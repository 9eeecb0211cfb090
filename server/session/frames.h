/* SPDX-License-Identifier: ISC */
/* Each frame of a client, in each state, to its effect. */
#ifndef SERVER_SESSION_RECEIVE_FRAME_H
#define SERVER_SESSION_RECEIVE_FRAME_H

#include "server/session/receive.h"

/*
 * Do what one frame asks.  Returns 0, or -1 with fatal set: the connection
 * must end with these words.  See ftx-protocol(5), STATES.
 */
int receive_frame(struct receive *receive, const struct conn_frame *frame);

#endif
