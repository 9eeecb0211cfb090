/* SPDX-License-Identifier: ISC */
/* Encode and decode the frames of ftx-protocol(5), without I/O. */
#include "common/wire.h"

#include <string.h>

static const uint8_t server_magic[8] = {
    0x89, 'F', 'T', 'X', 'D', '\r', '\n', '\n'};
static const uint8_t client_magic[8] = {
    0x89, 'F', 'T', 'X', 'C', '\r', '\n', '\n'};

/* The name of each type, the side that sends it, and its length. */
static const struct type_rule {
	enum wire_type type;
	enum wire_side side;
	const char *name;
	uint32_t shortest, longest;
} type_rules[] = {
    {WIRE_BASE, WIRE_FROM_CLIENT, "base", 1, 1 + WIRE_PATH_MAX},
    {WIRE_PUT, WIRE_FROM_CLIENT, "put", WIRE_REQUEST_SIZE,
	WIRE_REQUEST_SIZE + WIRE_PATH_MAX},
    {WIRE_ASK, WIRE_FROM_CLIENT, "ask", WIRE_REQUEST_SIZE,
	WIRE_REQUEST_SIZE + WIRE_PATH_MAX},
    {WIRE_DIRECTORY, WIRE_FROM_CLIENT, "directory", WIRE_REQUEST_SIZE,
	WIRE_REQUEST_SIZE + WIRE_PATH_MAX},
    {WIRE_DATA, WIRE_FROM_CLIENT, "data", 1, WIRE_DATA_MAX},
    {WIRE_HOLE, WIRE_FROM_CLIENT, "hole", 8, 8},
    {WIRE_END, WIRE_FROM_CLIENT, "end", 16, 16},
    {WIRE_ABORT, WIRE_FROM_CLIENT, "abort", 1, STATUS_TEXT},
    {WIRE_WAITING, WIRE_FROM_CLIENT, "waiting", 0, 0},
    {WIRE_BYE, WIRE_FROM_CLIENT, "bye", 0, 0},
    {WIRE_RESTART, WIRE_FROM_CLIENT, "restart", 0, 0},
    {WIRE_BASED, WIRE_FROM_SERVER, "based", 2, 2 + 2 * WIRE_PATH_MAX},
    {WIRE_GO, WIRE_FROM_SERVER, "go", 16, 16},
    {WIRE_RESULT, WIRE_FROM_SERVER, "result", WIRE_RESULT_SIZE,
	WIRE_RESULT_SIZE + STATUS_TEXT - 1},
    {WIRE_WORKING, WIRE_FROM_SERVER, "working", 0, 0},
    {WIRE_FATAL, WIRE_FROM_SERVER, "fatal", 1, STATUS_TEXT},
    {WIRE_FEATURES, WIRE_FROM_SERVER, "features", 8, 8},
};

static const struct type_rule *
find_rule(unsigned type)
{
	for (size_t i = 0; i < sizeof(type_rules) / sizeof(*type_rules); i++)
		if ((unsigned)type_rules[i].type == type)
			return &type_rules[i];
	return NULL;
}

/*
 * These functions advance *at.  A caller lists the fields in the order of
 * ftx-protocol(5).
 */
static void
write_number(uint8_t **at, uint64_t value, int bytes)
{
	for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
		*(*at)++ = (uint8_t)(value >> shift);
}

static void
write_bytes(uint8_t **at, const void *bytes, size_t length)
{
	if (length > 0)
		memcpy(*at, bytes, length);
	*at += length;
}

static uint64_t
read_number(const uint8_t **at, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | *(*at)++;
	return value;
}

static struct wire_bytes
rest_of(const uint8_t *in, size_t length, const uint8_t *at)
{
	return (struct wire_bytes){
	    (const char *)at, length - (size_t)(at - in)};
}

void
wire_write_greeting(
    uint8_t out[WIRE_GREETING], const struct wire_greeting *greeting)
{
	uint8_t *at = out;

	write_bytes(&at, server_magic, sizeof(server_magic));
	write_number(&at, greeting->lowest, 2);
	write_number(&at, greeting->highest, 2);
	write_number(&at, greeting->state, 4);
	write_number(&at, greeting->max_size, 8);
}

int
wire_read_greeting(
    const uint8_t in[WIRE_GREETING], struct wire_greeting *greeting)
{
	const uint8_t *at = in + sizeof(server_magic);

	if (memcmp(in, server_magic, sizeof(server_magic)) != 0)
		return -1;
	greeting->lowest = (uint16_t)read_number(&at, 2);
	greeting->highest = (uint16_t)read_number(&at, 2);
	greeting->state = (uint32_t)read_number(&at, 4);
	greeting->max_size = read_number(&at, 8);
	return 0;
}

void
wire_write_hello(uint8_t out[WIRE_HELLO], const struct wire_hello *hello)
{
	uint8_t *at = out;

	write_bytes(&at, client_magic, sizeof(client_magic));
	write_number(&at, hello->lowest, 2);
	write_number(&at, hello->highest, 2);
	write_number(&at, 0, 4);
}

int
wire_read_hello(const uint8_t in[WIRE_HELLO], struct wire_hello *hello)
{
	const uint8_t *at = in + sizeof(client_magic);

	if (memcmp(in, client_magic, sizeof(client_magic)) != 0)
		return -1;
	hello->lowest = (uint16_t)read_number(&at, 2);
	hello->highest = (uint16_t)read_number(&at, 2);
	return read_number(&at, 4) == 0 ? 0 : -1;
}

unsigned
wire_common_version(unsigned lowest, unsigned highest)
{
	unsigned common = highest < WIRE_HIGHEST ? highest : WIRE_HIGHEST;

	return common >= lowest && common >= WIRE_LOWEST ? common : 0;
}

void
wire_write_header(uint8_t out[WIRE_HEADER], const struct wire_frame *frame)
{
	uint8_t *at = out;

	write_number(&at, (uint64_t)frame->type, 1);
	write_number(&at, 0, 3);
	write_number(&at, frame->request, 4);
	write_number(&at, frame->length, 4);
}

int
wire_read_header(const uint8_t in[WIRE_HEADER], enum wire_side side,
    struct wire_frame *frame, const char **reason)
{
	const uint8_t *at = in;
	unsigned type = (unsigned)read_number(&at, 1);
	uint64_t flags = read_number(&at, 3);
	const struct type_rule *rule = find_rule(type);

	frame->request = (uint32_t)read_number(&at, 4);
	frame->length = (uint32_t)read_number(&at, 4);
	*reason = NULL;
	if (rule == NULL)
		*reason = "unknown type of frame";
	else if (rule->side != side)
		*reason = "frame of the wrong side";
	else if (flags != 0)
		*reason = "unknown flag in a frame";
	else if (frame->length < rule->shortest)
		*reason = "frame too short";
	else if (frame->length > rule->longest)
		*reason = "frame too long";
	if (*reason != NULL)
		return -1;
	frame->type = rule->type;
	return 0;
}

const char *
wire_type_name(enum wire_type type)
{
	const struct type_rule *rule = find_rule((unsigned)type);

	return rule != NULL ? rule->name : "unknown";
}

size_t
wire_write_base(uint8_t *out, const struct wire_base *base)
{
	uint8_t *at = out;

	write_number(&at, (uint64_t)base->mode, 1);
	write_bytes(&at, base->path.bytes, base->path.length);
	return (size_t)(at - out);
}

int
wire_read_base(const uint8_t *in, size_t length, struct wire_base *base)
{
	const uint8_t *at = in;
	uint64_t mode = read_number(&at, 1);

	base->path = rest_of(in, length, at);
	base->mode =
	    mode == WIRE_BASE_RESOLVE ? WIRE_BASE_RESOLVE : WIRE_BASE_DIRECTORY;
	return mode <= WIRE_BASE_RESOLVE ? 0 : -1;
}

size_t
wire_write_based(uint8_t *out, const struct wire_based *based)
{
	uint8_t *at = out;

	write_number(&at, based->directory.length, 2);
	write_bytes(&at, based->directory.bytes, based->directory.length);
	write_bytes(&at, based->name.bytes, based->name.length);
	return (size_t)(at - out);
}

int
wire_read_based(const uint8_t *in, size_t length, struct wire_based *based)
{
	const uint8_t *at = in;
	size_t directory = (size_t)read_number(&at, 2);

	if (directory > length - 2)
		return -1;
	based->directory = (struct wire_bytes){(const char *)at, directory};
	based->name = rest_of(in, length, at + directory);
	return wire_check_path(based->directory.bytes, directory) == NULL &&
		wire_check_path(based->name.bytes, based->name.length) == NULL
	    ? 0
	    : -1;
}

size_t
wire_write_request(uint8_t *out, const struct wire_request *request)
{
	uint8_t *at = out;

	write_number(&at, (uint64_t)request->kind, 1);
	write_number(&at, request->attributes, 1);
	write_number(&at, request->wishes, 2);
	write_number(&at, request->mode, 4);
	write_number(&at, (uint64_t)request->seconds, 8);
	write_number(&at, request->nanoseconds, 4);
	write_number(&at, request->size, 8);
	write_number(&at, request->allocated, 8);
	write_number(&at, request->digest, 8);
	write_bytes(&at, request->path.bytes, request->path.length);
	return (size_t)(at - out);
}

/* Nonzero if kind, attributes and wishes are known. */
static int
request_is_known(const struct wire_request *request, uint64_t kind)
{
	const unsigned attributes = WIRE_EXACT_MODE | WIRE_TIME;

	return (kind == WIRE_KIND_FILE || kind == WIRE_KIND_DIRECTORY) &&
	    (request->attributes & ~attributes) == 0 &&
	    (request->wishes & ~(unsigned)WIRE_WISHES) == 0;
}

static int
request_is_valid(const struct wire_request *request)
{
	return request->mode <= 0777 && request->nanoseconds <= 999999999 &&
	    (request->size == WIRE_SIZE_UNKNOWN ||
		request->size <= INT64_MAX) &&
	    request->allocated <= request->size;
}

int
wire_read_request(
    const uint8_t *in, size_t length, struct wire_request *request)
{
	const uint8_t *at = in;
	uint64_t kind = read_number(&at, 1);

	request->kind =
	    kind == WIRE_KIND_DIRECTORY ? WIRE_KIND_DIRECTORY : WIRE_KIND_FILE;
	request->attributes = (unsigned)read_number(&at, 1);
	request->wishes = (unsigned)read_number(&at, 2);
	request->mode = (uint32_t)read_number(&at, 4);
	request->seconds = (int64_t)read_number(&at, 8);
	request->nanoseconds = (uint32_t)read_number(&at, 4);
	request->size = read_number(&at, 8);
	request->allocated = read_number(&at, 8);
	request->digest = read_number(&at, 8);
	request->path = rest_of(in, length, at);
	if (!request_is_valid(request))
		return -1;
	return request_is_known(request, kind) ? 0 : WIRE_UNKNOWN;
}

size_t
wire_write_hole(uint8_t *out, uint64_t length)
{
	uint8_t *at = out;

	write_number(&at, length, 8);
	return (size_t)(at - out);
}

int
wire_read_hole(const uint8_t *in, size_t length, uint64_t *hole)
{
	(void)length;
	*hole = read_number(&in, 8);
	return *hole >= 1 && *hole <= WIRE_HOLE_MAX ? 0 : -1;
}

/* The payloads of go and end are two 64-bit numbers. */
static size_t
write_pair(uint8_t *out, uint64_t first, uint64_t second)
{
	uint8_t *at = out;

	write_number(&at, first, 8);
	write_number(&at, second, 8);
	return (size_t)(at - out);
}

size_t
wire_write_go(uint8_t *out, const struct wire_go *go)
{
	return write_pair(out, go->offset, go->digest);
}

int
wire_read_go(const uint8_t *in, size_t length, struct wire_go *go)
{
	(void)length;
	go->offset = read_number(&in, 8);
	go->digest = read_number(&in, 8);
	return 0;
}

size_t
wire_write_end(uint8_t *out, const struct wire_end *end)
{
	return write_pair(out, end->size, end->digest);
}

int
wire_read_end(const uint8_t *in, size_t length, struct wire_end *end)
{
	(void)length;
	end->size = read_number(&in, 8);
	end->digest = read_number(&in, 8);
	return 0;
}

size_t
wire_write_result(uint8_t *out, const struct wire_result *result)
{
	uint8_t *at = out;

	write_number(&at, (uint64_t)result->status, 1);
	write_number(&at, result->durable != 0, 1);
	write_number(&at, 0, 2);
	write_number(&at, result->size, 8);
	write_number(&at, result->digest, 8);
	write_bytes(&at, result->text.bytes, result->text.length);
	return (size_t)(at - out);
}

int
wire_read_result(const uint8_t *in, size_t length, struct wire_result *result)
{
	const uint8_t *at = in;
	uint64_t status = read_number(&at, 1);
	uint64_t flags = read_number(&at, 1);
	uint64_t zero = read_number(&at, 2);

	result->size = read_number(&at, 8);
	result->digest = read_number(&at, 8);
	result->text = rest_of(in, length, at);
	result->durable = flags == 1;
	if (status >= STATUS_WIRE || flags > 1 || zero != 0)
		return -1;
	result->status = (enum status)status;
	return flags == 0 || status == STATUS_STORED ? 0 : -1;
}

size_t
wire_write_reason(uint8_t *out, const struct wire_reason *reason)
{
	uint8_t *at = out;

	write_number(&at, (uint64_t)reason->status, 1);
	write_bytes(&at, reason->text.bytes, reason->text.length);
	return (size_t)(at - out);
}

int
wire_read_reason(const uint8_t *in, size_t length, struct wire_reason *reason)
{
	const uint8_t *at = in;
	uint64_t status = read_number(&at, 1);

	reason->text = rest_of(in, length, at);
	if (status >= STATUS_WIRE)
		return -1;
	reason->status = (enum status)status;
	return 0;
}

size_t
wire_write_features(uint8_t *out, uint64_t features)
{
	uint8_t *at = out;

	write_number(&at, features, 8);
	return (size_t)(at - out);
}

int
wire_read_features(const uint8_t *in, size_t length, uint64_t *features)
{
	(void)length;
	*features = read_number(&in, 8);
	return 0;
}

static const char *
check_component(const char *name, size_t length)
{
	if (length == 0)
		return "empty component in the path";
	if (length > WIRE_COMPONENT_MAX)
		return "component of more than 255 bytes in the path";
	if (memchr(name, '\0', length) != NULL)
		return "NUL byte in the path";
	if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
		return "\".\" or \"..\" in the path";
	if (length >= 5 && memcmp(name, ".ftx-", 5) == 0)
		return "names that begin with \".ftx-\" are the server's own";
	return NULL;
}

const char *
wire_check_path(const char *path, size_t length)
{
	const char *reason = NULL;
	int depth = 0;

	if (length > WIRE_PATH_MAX)
		return "path of more than 4096 bytes";
	while (length > 0 && reason == NULL) {
		const char *slash = memchr(path, '/', length);
		size_t component =
		    slash != NULL ? (size_t)(slash - path) : length;

		reason = check_component(path, component);
		if (++depth > WIRE_DEPTH_MAX)
			return "path of more than 128 components";
		if (slash == NULL)
			return reason;
		path += component + 1;
		length -= component + 1;
		if (length == 0 && reason == NULL)
			return "slash at the end of the path";
	}
	return reason;
}
