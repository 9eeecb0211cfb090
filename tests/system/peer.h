/* SPDX-License-Identifier: ISC */
/* A client without manners: it says to ftxd whatever a test wants said. */
#ifndef TESTS_SYSTEM_PEER_H
#define TESTS_SYSTEM_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

#define SCRIPT_MAX (3 << 20)

/* What is to be said, byte by byte. */
struct script {
	size_t length;
	uint8_t bytes[SCRIPT_MAX];
};

/* One script, emptied; tests that need two at once copy. */
struct script *script_new(void);

void script_bytes(struct script *script, const void *bytes, size_t length);
void script_hello(struct script *script, unsigned lowest, unsigned highest);
/* A frame; the header says `said`, whatever follows. */
void script_frame_said(struct script *script, unsigned type, uint32_t request,
    const void *payload, size_t length, uint32_t said);
void script_frame(struct script *script, unsigned type, uint32_t request,
    const void *payload, size_t length);
void script_base(
    struct script *script, enum wire_base_mode mode, const char *path);
/* What a client begins with: the hello, and the server's directory as base. */
void script_begin(struct script *script);
/* put, ask or directory, with mode 0644. */
void script_request(struct script *script, enum wire_type type,
    uint32_t request, const char *path, uint64_t size, unsigned wishes);
void script_end(
    struct script *script, uint32_t request, uint64_t size, uint64_t digest);
/* The end of a file of this content. */
void script_end_of(struct script *script, uint32_t request, const void *content,
    size_t length);
/* A whole small file: put, data, end. */
void script_file(struct script *script, uint32_t request, const char *path,
    const char *content);
void script_abort(struct script *script, uint32_t request, const char *text);
void script_bye(struct script *script);

struct peer {
	int fd;
	struct wire_frame frame;	       /* the last one that came */
	uint64_t features;		       /* that came, or 0 */
	uint8_t payload[WIRE_CONTROL_MAX + 1]; /* of it, ended by a NUL */
};

/* Connect to 127.0.0.1, from that address if it is not NULL. */
void peer_open(struct peer *peer, unsigned port, const char *from);
void peer_close(struct peer *peer);
/* Come, and be greeted by a worker. */
void peer_arrive(struct peer *peer, unsigned port);
/* The same, and leave at once. */
void peer_visit(unsigned port);
/* Close so that the other side sees a reset. */
void peer_reset(struct peer *peer);

/* Say it; a connection that the server has ended is no error. */
void peer_say(struct peer *peer, const void *bytes, size_t length);
void peer_play(struct peer *peer, const struct script *script);

/* Receive the greeting, which must come. */
void peer_greeted(struct peer *peer, struct wire_greeting *greeting);
/* The next frame but working and features.  Returns 1, or 0 at the end of the
 * stream. */
int peer_next(struct peer *peer);
/* The next frame, which must be of this type. */
void peer_expect(struct peer *peer, enum wire_type type);
/* Read on until this frame of this request; no fatal may come before. */
void peer_skip_to(struct peer *peer, enum wire_type type, uint32_t request);
void peer_expect_result(
    struct peer *peer, uint32_t request, enum status status);
void peer_expect_fatal(struct peer *peer, enum status status);
/* Read on until a protocol error that says this, which ends it. */
void peer_skip_to_error(struct peer *peer, const char *text);
/* The stream must end here. */
void peer_expect_end(struct peer *peer);
/* The text of the last result or fatal. */
const char *peer_text(struct peer *peer);

/* Greeting, script, and the answer to its base. */
void peer_start(struct peer *peer, unsigned port, const struct script *script);

/* A whole session that stores one file: the server goes on. */
void peer_check_service(unsigned port, const char *name);

#endif
