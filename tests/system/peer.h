/* SPDX-License-Identifier: ISC */
/* A client that sends any bytes to ftxd over TCP; errors fail the test. */
#ifndef TESTS_SYSTEM_PEER_H
#define TESTS_SYSTEM_PEER_H

#include "tests/lab/client.h"

/*
 * Checked fixture: served runs with one worker that syncs nothing.  A test must
 * leave no staged file, and no file "first".
 */
void peer_begin(void);
void peer_finish(void);

/* Connect to 127.0.0.1; if from is not NULL, connect from that address. */
void peer_open(struct client *peer, unsigned port, const char *from);
/* Close so that the server receives a reset. */
void peer_reset(struct client *peer);
/* Connect, and read the greeting of a worker. */
void peer_arrive(struct client *peer, unsigned port);
/* Call peer_arrive, and close at once. */
void peer_visit(unsigned port);

/* Connect, send the script, and read the greeting and the reply to its base. */
void peer_start(
    struct client *peer, unsigned port, const struct script *script);

/* Read until this frame of this request.  An earlier fatal fails the test. */
void peer_skip_to(struct client *peer, enum wire_type type, uint32_t request);
/* Read until a protocol error with this text, which must be the last frame. */
void peer_skip_to_error(struct client *peer, const char *text);
/* The next frame must be fatal, with this status, and the last one. */
void peer_expect_fatal(struct client *peer, enum status status);

/* Check that the server still works: store one file in a new session. */
void peer_check_service(unsigned port, const char *name);

#endif
