/* SPDX-License-Identifier: ISC */
/* Clients that connect to ftxd over TCP and send what a test wants. */
#ifndef TESTS_SYSTEM_PEER_H
#define TESTS_SYSTEM_PEER_H

#include "tests/lab/client.h"

/*
 * Checked fixture: served runs with one worker that syncs nothing.  A test must
 * leave no staged file, and no file named first.
 */
void peer_begin(void);
void peer_finish(void);

/* Connect to 127.0.0.1, from that address if it is not NULL. */
void peer_open(struct client *peer, unsigned port, const char *from);
/* Close so that the server receives a reset. */
void peer_reset(struct client *peer);
/* Connect, and read the greeting of a worker. */
void peer_arrive(struct client *peer, unsigned port);
/* The same, and close at once. */
void peer_visit(unsigned port);

/* Connect, send the script, and read the greeting and the reply to its base. */
void peer_start(
    struct client *peer, unsigned port, const struct script *script);

/* Read on to this frame of this request; no fatal may come before. */
void peer_skip_to(struct client *peer, enum wire_type type, uint32_t request);
/* Read on to a protocol error with this text, which ends the stream. */
void peer_skip_to_error(struct client *peer, const char *text);
/* The next frame is fatal, and ends the stream. */
void peer_expect_fatal(struct client *peer, enum status status);

/* Store one file in a session of its own: the server still works. */
void peer_check_service(unsigned port, const char *name);

#endif
