/* SPDX-License-Identifier: ISC */
/* A client of ftxd for tests: it sends any frame, and checks the replies. */
#ifndef TESTS_LAB_CLIENT_H
#define TESTS_LAB_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/conn.h"
#include "tests/lab/script.h"

/* Milliseconds after which a missing frame fails the test. */
#define CLIENT_TIMEOUT 20000

/* The client owns its descriptor, which is nonblocking. */
struct client {
	int fd;
	struct script queue;	 /* not yet written */
	struct conn_frame frame; /* the last received one */
	uint64_t features;	 /* as received, or 0 */
	int featured;		 /* how often features were received */
	uint8_t payload[WIRE_CONTROL_MAX + 1]; /* of frame; ends with a NUL */
};

void client_open(struct client *client, int fd);
/* Queued frames are lost. */
void client_close(struct client *client);

/* Queue a frame.  The client writes it before it waits for input. */
void client_queue(struct client *client, enum wire_type type, uint32_t request,
    const void *payload, size_t length);
void client_hello(struct client *client, unsigned lowest, unsigned highest);
void client_base(
    struct client *client, enum wire_base_mode mode, const char *path);
void client_request(struct client *client, enum wire_type type,
    uint32_t request, const char *path, uint64_t size, unsigned wishes);
void client_end(struct client *client, uint32_t request, const void *content,
    size_t length);
void client_abort(struct client *client, uint32_t request, enum status status,
    const char *text);
void client_put(struct client *client, uint32_t request, const char *path,
    const char *content);
/*
 * Write without blocking; queue keeps the rest.  Returns 0, or -1 with errno if
 * the server has ended.
 */
int client_write(struct client *client);
/* Write the whole queue; fails the test if the server has ended. */
void client_flush(struct client *client);

/* Write these bytes now.  If the server has ended, drop them. */
void client_send(struct client *client, const void *bytes, size_t length);
void client_play(struct client *client, const struct script *script);

/* Receive the greeting; fails the test if it is missing or malformed. */
struct wire_greeting client_greeting(struct client *client);

/* Receive the next frame.  Returns 1, or 0 at the end of the stream. */
int client_receive(struct client *client);
/* The same, but skip working and features frames. */
int client_next(struct client *client);
/* Receive the next frame; fails the test if it is another one. */
void client_expect(
    struct client *client, enum wire_type type, uint32_t request);
void client_expect_based(
    struct client *client, const char *directory, const char *name);
struct wire_result client_expect_result(
    struct client *client, uint32_t request, enum status status);
/* The text of the frame must contain text. */
void client_expect_fatal(
    struct client *client, enum status status, const char *text);
/* Fails the test if there is unread input. */
void client_expect_nothing(struct client *client);
/* Fails the test if the stream does not end here. */
void client_expect_end(struct client *client);

/* The text of the last frame, if it is a result or fatal; else "". */
const char *client_text(struct client *client);

#endif
