/* SPDX-License-Identifier: ISC */
/* Handle a client's frames: requests, and the content of the current file. */
#ifndef SERVER_SESSION_FRAMES_H
#define SERVER_SESSION_FRAMES_H

#include "server/session/receive.h"

/* Only the functions below, and receive_init, change the receive state. */

/*
 * Handle one frame.  Returns 0, or -1 with fatal set if the connection must
 * end.  See ftx-protocol(5), STATES.
 */
int frames_handle(struct receive *receive, const struct conn_frame *frame);

/*
 * Stop receiving the current file, if there is one.  If why permits it, keep
 * the received bytes as a partial.  Returns nonzero if there was a file.
 */
int frames_abandon(struct receive *receive, const struct outcome *why);

/*
 * Enter the state CLOSED: release the asks, commit, and reply.  Returns 0, or
 * -1 with fatal set.
 */
int frames_close(struct receive *receive);

#endif
