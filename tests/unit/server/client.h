/* SPDX-License-Identifier: ISC */
/* A client that says what a test wants said, and expects what must come. */
#ifndef TESTS_UNIT_SERVER_CLIENT_H
#define TESTS_UNIT_SERVER_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/conn.h"

/* Milliseconds after which what must come has not come. */
#define CLIENT_PATIENCE 20000

/* Over one descriptor that does not block, which it owns. */
struct client {
	struct conn conn;
	struct conn_frame frame; /* the last one that came */
	uint64_t features;	 /* that came, or 0 */
	int featured;		 /* how often they came */
};

void client_open(struct client *client, int fd);
void client_close(struct client *client);

/* Bytes as they are. */
void client_say(struct client *client, const void *bytes, size_t length);

/* Frames are queued, and go out with the next thing that is awaited. */
void client_queue(struct client *client, enum wire_type type, uint32_t request,
    const void *payload, size_t length);
void client_hello(struct client *client, unsigned lowest, unsigned highest);
void client_base(
    struct client *client, enum wire_base_mode mode, const char *path);
/* put, ask or directory of mode 0644, without time. */
void client_request(struct client *client, enum wire_type type,
    uint32_t request, const char *path, uint64_t size, unsigned wishes);
void client_end(struct client *client, uint32_t request, const void *content,
    size_t length);
void client_abort(struct client *client, uint32_t request, enum status status,
    const char *text);
/* A whole small file: put, data, end. */
void client_put(struct client *client, uint32_t request, const char *path,
    const char *content);
/* Write all that is queued. */
void client_flush(struct client *client);

/* The greeting, which must be a good one. */
struct wire_greeting client_greeting(struct client *client);

/* The next frame but working and features.  Returns 1, or 0 at the end of the
 * stream. */
int client_next(struct client *client);
/* The next frame, which must be this. */
void client_expect(
    struct client *client, enum wire_type type, uint32_t request);
void client_expect_based(
    struct client *client, const char *directory, const char *name);
struct wire_result client_expect_result(
    struct client *client, uint32_t request, enum status status);
/* text is a part of what must be said. */
void client_expect_fatal(
    struct client *client, enum status status, const char *text);
/* The stream must end here. */
void client_expect_end(struct client *client);

/* The digest of these bytes. */
uint64_t client_digest(const void *content, size_t length);

#endif
