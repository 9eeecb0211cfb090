/* SPDX-License-Identifier: ISC */
/* Bytes that a client or a server sends, frame by frame, right or wrong. */
#include "tests/lab/script.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"

struct script *
script_new(void)
{
	static struct script script;

	script.length = 0;
	return &script;
}

void
script_bytes(struct script *script, const void *bytes, size_t length)
{
	if (script->length + length > script->capacity) {
		script->capacity = 2 * (script->length + length);
		script->bytes = realloc(script->bytes, script->capacity);
		ck_assert_ptr_nonnull(script->bytes);
	}
	if (length > 0)
		memcpy(script->bytes + script->length, bytes, length);
	script->length += length;
}

void
script_hello(struct script *script, unsigned lowest, unsigned highest)
{
	struct wire_hello hello = {(uint16_t)lowest, (uint16_t)highest};
	uint8_t bytes[WIRE_HELLO];

	wire_write_hello(bytes, &hello);
	script_bytes(script, bytes, sizeof(bytes));
}

void
script_frame_as(struct script *script, unsigned type, uint32_t request,
    const void *payload, size_t length, uint32_t claimed)
{
	struct wire_frame frame = {.type = (enum wire_type)type,
	    .request = request,
	    .length = claimed};
	uint8_t header[WIRE_HEADER];

	wire_write_header(header, &frame);
	script_bytes(script, header, sizeof(header));
	script_bytes(script, payload, length);
}

void
script_frame(struct script *script, unsigned type, uint32_t request,
    const void *payload, size_t length)
{
	script_frame_as(
	    script, type, request, payload, length, (uint32_t)length);
}

void
script_base(struct script *script, enum wire_base_mode mode, const char *path)
{
	struct wire_base base = {mode, {path, strlen(path)}};
	uint8_t payload[WIRE_CONTROL_MAX];

	script_frame(
	    script, WIRE_BASE, 0, payload, wire_write_base(payload, &base));
}

void
script_begin(struct script *script)
{
	script_hello(script, WIRE_LOWEST, WIRE_HIGHEST);
	script_base(script, WIRE_BASE_DIRECTORY, "");
}

void
script_request(struct script *script, enum wire_type type, uint32_t request,
    const char *path, uint64_t size, unsigned wishes)
{
	uint8_t payload[WIRE_CONTROL_MAX];
	struct wire_request wanted = {.kind = type == WIRE_DIRECTORY
		? WIRE_KIND_DIRECTORY
		: WIRE_KIND_FILE,
	    .wishes = wishes,
	    .mode = 0644,
	    .size = size,
	    .path = {path, strlen(path)}};

	script_frame(script, type, request, payload,
	    wire_write_request(payload, &wanted));
}

void
script_end(
    struct script *script, uint32_t request, uint64_t size, uint64_t digest)
{
	struct wire_end end = {size, digest};
	uint8_t payload[WIRE_CONTROL_MAX];

	script_frame(
	    script, WIRE_END, request, payload, wire_write_end(payload, &end));
}

uint64_t
script_digest(const void *content, size_t length)
{
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, content, length);
	return digest_value(&digest);
}

void
script_end_of(
    struct script *script, uint32_t request, const void *content, size_t length)
{
	script_end(script, request, length, script_digest(content, length));
}

void
script_file(struct script *script, uint32_t request, const char *path,
    const char *content)
{
	size_t length = strlen(content);

	script_request(script, WIRE_PUT, request, path, length, 0);
	if (length > 0)
		script_frame(script, WIRE_DATA, request, content, length);
	script_end_of(script, request, content, length);
}

void
script_abort(struct script *script, uint32_t request, enum status status,
    const char *text)
{
	const struct wire_reason reason = {status, {text, strlen(text)}};
	uint8_t payload[WIRE_CONTROL_MAX];

	script_frame(script, WIRE_ABORT, request, payload,
	    wire_write_reason(payload, &reason));
}

void
script_bye(struct script *script)
{
	script_frame(script, WIRE_BYE, 0, NULL, 0);
}
