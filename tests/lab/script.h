/* SPDX-License-Identifier: ISC */
/* Bytes that a client or a server sends, frame by frame, right or wrong. */
#ifndef TESTS_LAB_SCRIPT_H
#define TESTS_LAB_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire.h"

/* Zero it first.  The functions allocate bytes; the caller frees it. */
struct script {
	size_t length, capacity;
	uint8_t *bytes;
};

/* Empty the only static script, and return it.  To use two, copy one. */
struct script *script_new(void);

void script_bytes(struct script *script, const void *bytes, size_t length);
void script_hello(struct script *script, unsigned lowest, unsigned highest);
/* A frame whose header has the length claimed, right or wrong. */
void script_frame_as(struct script *script, unsigned type, uint32_t request,
    const void *payload, size_t length, uint32_t claimed);
void script_frame(struct script *script, unsigned type, uint32_t request,
    const void *payload, size_t length);
void script_base(
    struct script *script, enum wire_base_mode mode, const char *path);
/* Begin as a client: the hello, and the receiving directory as base. */
void script_begin(struct script *script);
/* put, ask or directory, with mode 0644 and no time. */
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
void script_abort(struct script *script, uint32_t request, enum status status,
    const char *text);
void script_bye(struct script *script);

/* The digest of these bytes. */
uint64_t script_digest(const void *content, size_t length);

#endif
