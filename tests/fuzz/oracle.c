/* SPDX-License-Identifier: ISC */
/* Check the results of ftxd against the requests and the stored files. */
#include "tests/fuzz/oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/io.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/turns.h"

/* Hash holes only up to this length of content, so that repairs are fast. */
#define MOST (4 << 20)

/* The content of the current file, while a stream is read. */
struct content {
	uint32_t number;
	struct digest digest;
};

static struct oracle_request *
find(struct oracle *oracle, uint32_t number)
{
	for (size_t i = 0; i < oracle->count; i++)
		if (oracle->requests[i].number == number)
			return &oracle->requests[i];
	return NULL;
}

static void
begin_content(struct content *content, uint32_t number)
{
	content->number = number;
	digest_init(&content->digest);
}

static void
note_request(struct oracle *oracle, const struct wire_frame *frame,
    const uint8_t *payload)
{
	struct oracle_request *request = &oracle->requests[oracle->count];

	memset(request, 0, sizeof(*request));
	request->number = frame->request;
	request->type = frame->type;
	if (find(oracle, frame->request) == NULL &&
	    oracle->count < ORACLE_REQUESTS - 1) {
		int read =
		    wire_read_request(payload, frame->length, &request->wanted);

		request->unknown = read == WIRE_UNKNOWN;
		oracle->count += read != -1;
	}
}

/* Make the announced size and the end frame match the content. */
static void
repair_end(struct oracle *oracle, const struct content *content,
    const struct wire_frame *frame, uint8_t *payload)
{
	struct oracle_request *request = find(oracle, frame->request);
	struct wire_end end = {
	    content->digest.length, digest_value(&content->digest)};
	uint8_t bytes[WIRE_CONTROL_MAX], *announced;

	if (request == NULL || content->number != frame->request)
		return;
	(void)wire_write_end(payload, &end);
	if (request->wanted.size == WIRE_SIZE_UNKNOWN || request->unknown)
		return;
	request->wanted.size = end.size;
	request->wanted.allocated = 0;
	/* The path follows the fixed fields; leave it as it is. */
	announced = (uint8_t *)(uintptr_t)request->wanted.path.bytes -
	    WIRE_REQUEST_SIZE;
	(void)wire_write_request(bytes, &request->wanted);
	memcpy(announced, bytes, WIRE_REQUEST_SIZE);
}

static void
note_end(struct oracle *oracle, const struct wire_frame *frame,
    const uint8_t *payload)
{
	struct oracle_request *request = find(oracle, frame->request);
	struct wire_end end;

	(void)wire_read_end(payload, frame->length, &end);
	if (request == NULL || request->ended)
		return;
	request->ended = 1;
	request->size = end.size;
	request->digest = end.digest;
}

static void
note_content(struct content *content, const struct wire_frame *frame,
    const uint8_t *payload)
{
	uint64_t hole;

	if (content->number != frame->request || frame->type == WIRE_RESTART)
		begin_content(content, frame->request);
	if (frame->type == WIRE_DATA)
		digest_add(&content->digest, payload, frame->length);
	if (frame->type == WIRE_HOLE &&
	    wire_read_hole(payload, frame->length, &hole) == 0 &&
	    hole + content->digest.length <= MOST)
		digest_add_zeros(&content->digest, hole);
}

static void
note_frame(struct oracle *oracle, struct content *content,
    const struct wire_frame *frame, uint8_t *payload, int repair)
{
	switch (frame->type) {
	case WIRE_PUT:
	case WIRE_ASK:
	case WIRE_DIRECTORY:
		begin_content(content, frame->request);
		note_request(oracle, frame, payload);
		break;
	case WIRE_DATA:
	case WIRE_HOLE:
	case WIRE_RESTART:
		note_content(content, frame, payload);
		break;
	case WIRE_END:
		if (repair)
			repair_end(oracle, content, frame, payload);
		note_end(oracle, frame, payload);
		break;
	default:
		break;
	}
}

void
oracle_read(struct oracle *oracle, uint8_t *bytes, size_t length, int repair)
{
	struct content content;
	struct wire_frame frame;
	const char *reason;
	size_t taken = turns_frame(WIRE_FROM_CLIENT, 0, bytes, length);

	memset(oracle, 0, sizeof(*oracle));
	begin_content(&content, 0);
	while (length - taken >= WIRE_HEADER) {
		bytes += taken;
		length -= taken;
		if (wire_read_header(
			bytes, WIRE_FROM_CLIENT, &frame, &reason) == -1 ||
		    frame.length > length - WIRE_HEADER)
			return;
		note_frame(
		    oracle, &content, &frame, bytes + WIRE_HEADER, repair);
		taken = WIRE_HEADER + frame.length;
	}
}

static int
is_stored_valid(const struct oracle *oracle,
    const struct oracle_request *request, const struct wire_result *result)
{
	const struct wire_request *wanted = &request->wanted;

	if ((wanted->wishes & WIRE_DRY_RUN) != 0 ||
	    result->durable != oracle->syncs)
		return 0;
	if (request->type == WIRE_DIRECTORY)
		return result->size == 0 && result->digest == 0;
	if (request->ended && result->size == request->size &&
	    result->digest == request->digest)
		return 1;
	return (wanted->wishes & WIRE_SENT_BEFORE) != 0 &&
	    request->type == WIRE_ASK && result->size == wanted->size &&
	    result->digest == wanted->digest;
}

static int
is_result_valid(const struct oracle *oracle,
    const struct oracle_request *request, const struct wire_result *result)
{
	unsigned wishes = request->wanted.wishes;

	if (request->unknown)
		return result->status == STATUS_NOT_OFFERED;
	if ((wishes & WIRE_REQUIRE_SYNC) != 0 && !oracle->syncs)
		return !status_success(result->status);
	switch (result->status) {
	case STATUS_STORED:
		return is_stored_valid(oracle, request, result);
	case STATUS_WOULD_STORE:
		return (wishes & WIRE_DRY_RUN) != 0;
	case STATUS_UNCHANGED:
		return (wishes & (WIRE_UNLESS_SAME | WIRE_UNLESS_DIGEST)) !=
		    0 ||
		    ((wishes & WIRE_SENT_BEFORE) != 0 &&
			(wishes & WIRE_DRY_RUN) != 0);
	case STATUS_EXISTS:
		return oracle->keeps || (wishes & WIRE_NO_CLOBBER) != 0;
	default:
		return 1;
	}
}

static void
check_result(struct oracle *oracle, const struct conn_frame *frame)
{
	struct oracle_request *request = find(oracle, frame->request);
	struct wire_result result;

	fuzz_check(
	    wire_read_result(frame->payload, frame->length, &result) == 0);
	fuzz_check(request != NULL && !request->finished);
	fuzz_check(is_result_valid(oracle, request, &result));
	request->finished = 1;
	if (result.status == STATUS_STORED)
		oracle->order[oracle->stored++] =
		    (uint32_t)(request - oracle->requests);
}

static void
read_base(struct oracle *oracle, const struct conn_frame *frame)
{
	struct wire_based based;

	fuzz_check(wire_read_based(frame->payload, frame->length, &based) == 0);
	memcpy(oracle->base, based.directory.bytes, based.directory.length);
	oracle->base[based.directory.length] = '\0';
	memcpy(oracle->name, based.name.bytes, based.name.length);
	oracle->name[based.name.length] = '\0';
}

void
oracle_check_frame(struct oracle *oracle, const struct conn_frame *frame)
{
	struct oracle_request *request = find(oracle, frame->request);
	struct wire_reason reason;

	fuzz_check(!oracle->fatal);
	fuzz_check(frame->type != WIRE_FEATURES || !oracle->replied);
	oracle->replied = 1;
	switch (frame->type) {
	case WIRE_BASED:
		read_base(oracle, frame);
		break;
	case WIRE_GO:
		fuzz_check(request != NULL && request->type == WIRE_ASK &&
		    !request->finished);
		break;
	case WIRE_RESULT:
		check_result(oracle, frame);
		break;
	case WIRE_FATAL:
		fuzz_check(wire_read_reason(
			       frame->payload, frame->length, &reason) == 0 &&
		    !status_success(reason.status));
		oracle->fatal = 1;
		break;
	default:
		break;
	}
}

/* The base's name replaces each path, except a directory's empty one. */
static struct wire_bytes
path_of(const struct oracle *oracle, const struct oracle_request *request)
{
	struct wire_bytes path = request->wanted.path;

	if (oracle->name[0] != '\0' &&
	    (path.length > 0 || request->type != WIRE_DIRECTORY))
		path = (struct wire_bytes){oracle->name, strlen(oracle->name)};
	return path;
}

static const struct oracle_request *
stored_request(const struct oracle *oracle, size_t at)
{
	return &oracle->requests[oracle->order[at]];
}

static int
is_same_place(const struct oracle *oracle, const struct oracle_request *one,
    const struct oracle_request *other)
{
	struct wire_bytes path = path_of(oracle, one);
	struct wire_bytes also = path_of(oracle, other);

	return path.length == also.length &&
	    memcmp(path.bytes, also.bytes, path.length) == 0;
}

/*
 * Nonzero if a later request was stored under the same name.  A request without
 * a result may have been stored, too.
 */
static int
is_replaced(const struct oracle *oracle, size_t at)
{
	const struct oracle_request *stored = stored_request(oracle, at);

	for (size_t i = at + 1; i < oracle->stored; i++)
		if (is_same_place(oracle, stored, stored_request(oracle, i)))
			return 1;
	for (size_t i = 0; i < oracle->count; i++)
		if (!oracle->requests[i].finished &&
		    is_same_place(oracle, stored, &oracle->requests[i]))
			return 1;
	return 0;
}

static void
check_content(int fd, uint64_t size, uint64_t digest)
{
	static uint8_t bytes[65536];
	struct digest found;
	ssize_t got;

	digest_init(&found);
	while ((got = io_read(fd, bytes, sizeof(bytes))) > 0)
		digest_add(&found, bytes, (size_t)got);
	fuzz_check(got == 0);
	fuzz_check(found.length == size && digest_value(&found) == digest);
}

static void
check_stored(
    const struct oracle *oracle, int root, const struct oracle_request *request)
{
	const struct wire_request *wanted = &request->wanted;
	struct wire_bytes name = path_of(oracle, request);
	char path[2 * WIRE_PATH_MAX + 2];
	struct stat found;
	int fd;

	snprintf(path, sizeof(path), "./%s/%.*s", oracle->base,
	    (int)name.length, name.bytes);
	fd = openat(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	/* The client may have set a mode that forbids reading. */
	if (fd == -1 && errno == EACCES)
		return;
	fuzz_check(fd != -1 && fstat(fd, &found) == 0);
	if (request->type == WIRE_DIRECTORY) {
		fuzz_check(S_ISDIR(found.st_mode));
	} else {
		fuzz_check(S_ISREG(found.st_mode));
		fuzz_check((found.st_mode & 07000) == 0);
		check_content(fd, request->ended ? request->size : wanted->size,
		    request->ended ? request->digest : wanted->digest);
	}
	close(fd);
}

void
oracle_check(const struct oracle *oracle, int root)
{
	for (size_t i = 0; i < oracle->stored; i++)
		if (!is_replaced(oracle, i))
			check_stored(
			    oracle, root, &oracle->requests[oracle->order[i]]);
}
