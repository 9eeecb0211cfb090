/* SPDX-License-Identifier: ISC */
/* Encode and decode the frames of ftx-protocol(5), without I/O. */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

/* The versions that both programs speak. */
#define WIRE_LOWEST 1
#define WIRE_HIGHEST 2

#define WIRE_GREETING 24     /* length of the server's preamble */
#define WIRE_HELLO 16	     /* length of the client's preamble */
#define WIRE_HEADER 12	     /* length of a frame's header */
#define WIRE_REQUEST_SIZE 44 /* length of a request without its path */
#define WIRE_RESULT_SIZE 20  /* length of a result without its text */

#define WIRE_CONTROL_MAX 65536	 /* longest payload, except of data */
#define WIRE_DATA_MAX 1048576	 /* longest payload of data */
#define WIRE_HOLE_MAX 1073741824 /* longest hole */
#define WIRE_PATH_MAX 4096	 /* longest base, slash and path */
#define WIRE_COMPONENT_MAX 255
#define WIRE_DEPTH_MAX 128 /* components of base and path together */
#define WIRE_WINDOW_REQUESTS 4096
#define WIRE_WINDOW_PATHS 1048576
/* A server with more unsent bytes reads no further requests. */
#define WIRE_RESULTS_MAX 65536

#define WIRE_SIZE_UNKNOWN UINT64_MAX

enum wire_type {
	WIRE_BASE = 1,
	WIRE_PUT = 2,
	WIRE_ASK = 3,
	WIRE_DIRECTORY = 4,
	WIRE_DATA = 5,
	WIRE_HOLE = 6,
	WIRE_END = 7,
	WIRE_ABORT = 8,
	WIRE_WAITING = 9,
	WIRE_BYE = 10,
	WIRE_RESTART = 11,
	WIRE_BASED = 129,
	WIRE_GO = 130,
	WIRE_RESULT = 131,
	WIRE_WORKING = 132,
	WIRE_FATAL = 133,
	WIRE_FEATURES = 134 /* since version 2 */
};

enum wire_side {
	WIRE_FROM_CLIENT,
	WIRE_FROM_SERVER
};

struct wire_frame {
	enum wire_type type;
	uint32_t request;
	uint32_t length; /* of the payload */
};

enum wire_greeting_state {
	WIRE_READY = 0,
	WIRE_REFUSING = 1
};

struct wire_greeting {
	uint16_t lowest, highest;
	uint32_t state;
	uint64_t max_size;
};

struct wire_hello {
	uint16_t lowest, highest;
};

enum wire_base_mode {
	WIRE_BASE_DIRECTORY = 0,
	WIRE_BASE_RESOLVE = 1
};

/* Bytes in a payload: not owned, not NUL-terminated. */
struct wire_bytes {
	const char *bytes;
	size_t length;
};

struct wire_base {
	enum wire_base_mode mode;
	struct wire_bytes path;
};

struct wire_based {
	struct wire_bytes directory;
	struct wire_bytes name;
};

enum wire_kind {
	WIRE_KIND_FILE = 1,
	WIRE_KIND_DIRECTORY = 2
};

enum wire_attributes {
	WIRE_EXACT_MODE = 1,
	WIRE_TIME = 2
};

enum wire_wishes {
	WIRE_RESUME = 1,
	WIRE_NO_CLOBBER = 2,
	WIRE_UNLESS_SAME = 4,
	WIRE_UNLESS_DIGEST = 8,
	WIRE_DRY_RUN = 16,
	WIRE_SENT_BEFORE = 32,
	WIRE_REQUIRE_SYNC = 64, /* since version 2, if offered */
	WIRE_WISHES = 127	/* all of them */
};

/* The bits of a features frame. */
enum wire_features {
	WIRE_OFFERS_REQUIRE_SYNC = 1
};

struct wire_request {
	enum wire_kind kind;
	unsigned attributes;
	unsigned wishes;
	uint32_t mode;
	int64_t seconds; /* time of modification */
	uint32_t nanoseconds;
	uint64_t size; /* or WIRE_SIZE_UNKNOWN */
	uint64_t allocated;
	uint64_t digest;
	struct wire_bytes path;
};

struct wire_go {
	uint64_t offset, digest;
};

struct wire_end {
	uint64_t size, digest;
};

struct wire_result {
	enum status status;
	int durable;
	uint64_t size, digest;
	struct wire_bytes text;
};

/* The payload of both abort and fatal. */
struct wire_reason {
	enum status status;
	struct wire_bytes text;
};

/* Preambles.  Readers return 0, or -1 if the magic or a zero byte is wrong. */
void wire_write_greeting(
    uint8_t out[WIRE_GREETING], const struct wire_greeting *greeting);
int wire_read_greeting(
    const uint8_t in[WIRE_GREETING], struct wire_greeting *greeting);
void wire_write_hello(uint8_t out[WIRE_HELLO], const struct wire_hello *hello);
int wire_read_hello(const uint8_t in[WIRE_HELLO], struct wire_hello *hello);

/*
 * The highest common version with a peer that speaks lowest to highest, or 0 if
 * there is none.
 */
unsigned wire_common_version(unsigned lowest, unsigned highest);

/*
 * A header.  The reader returns 0, or -1 with a constant in *reason, for
 * messages.  It checks that side sends this type, that no flag is set, and that
 * the type allows the length.
 */
void wire_write_header(
    uint8_t out[WIRE_HEADER], const struct wire_frame *frame);
int wire_read_header(const uint8_t in[WIRE_HEADER], enum wire_side side,
    struct wire_frame *frame, const char **reason);

/* The name of a frame's type, for messages. */
const char *wire_type_name(enum wire_type type);

/*
 * Payloads.  A writer returns the length written.  out has WIRE_CONTROL_MAX
 * bytes, and the values are within the limits above.  A reader takes a whole
 * payload whose length wire_read_header accepted.  It returns 0, or -1 if
 * ftx-protocol(5) does not allow a value.  Pointers it sets point into the
 * payload.
 *
 * wire_read_request returns WIRE_UNKNOWN for a valid request with an unknown
 * kind, attribute or wish.  In version 2 that is not an error.
 */
#define WIRE_UNKNOWN 1
size_t wire_write_base(uint8_t *out, const struct wire_base *base);
int wire_read_base(const uint8_t *in, size_t length, struct wire_base *base);
size_t wire_write_based(uint8_t *out, const struct wire_based *based);
int wire_read_based(const uint8_t *in, size_t length, struct wire_based *based);
size_t wire_write_request(uint8_t *out, const struct wire_request *request);
int wire_read_request(
    const uint8_t *in, size_t length, struct wire_request *request);
size_t wire_write_hole(uint8_t *out, uint64_t length);
int wire_read_hole(const uint8_t *in, size_t length, uint64_t *hole);
size_t wire_write_go(uint8_t *out, const struct wire_go *go);
int wire_read_go(const uint8_t *in, size_t length, struct wire_go *go);
size_t wire_write_end(uint8_t *out, const struct wire_end *end);
int wire_read_end(const uint8_t *in, size_t length, struct wire_end *end);
size_t wire_write_result(uint8_t *out, const struct wire_result *result);
int wire_read_result(
    const uint8_t *in, size_t length, struct wire_result *result);
size_t wire_write_reason(uint8_t *out, const struct wire_reason *reason);
int wire_read_reason(
    const uint8_t *in, size_t length, struct wire_reason *reason);

size_t wire_write_features(uint8_t *out, uint64_t features);
int wire_read_features(const uint8_t *in, size_t length, uint64_t *features);

/*
 * Check a path against ftx-protocol(5), PATHS.  Returns NULL if it is valid, or
 * a constant for messages.  The empty path is valid.  A valid base and a valid
 * path may still be too long or too deep together.
 */
const char *wire_check_path(const char *path, size_t length);

#endif
