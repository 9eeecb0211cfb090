/* SPDX-License-Identifier: ISC */
/* Handle a client's frames: requests, and the content of the current file. */
#include "server/session/frames.h"

#include <errno.h>

#include "common/log.h"
#include "common/text.h"
#include "server/session/ask.h"
#include "server/session/mkdir.h"
#include "server/session/reply.h"
#include "server/store/sweep.h"

/* Bytes of a hole to hash between two calls of keepalive. */
#define HOLE_STEP (4 * 1024 * 1024)

static int
on_base(struct receive *receive, const struct conn_frame *frame)
{
	struct base *base = &receive->base;
	struct wire_base wanted;
	struct wire_based based;

	if (wire_read_base(frame->payload, frame->length, &wanted) == -1)
		return receive_protocol_error(receive, "bad base");
	if (base_resolve(
		base, &wanted, &receive->directories, &receive->fatal) == -1)
		return -1;
	based.directory = (struct wire_bytes){base->directory, base->length};
	based.name = (struct wire_bytes){base->name, base->name_length};
	receive->state = RECEIVE_READY;
	return receive_check_queued(
	    receive, reply_based(receive->conn, &based));
}

/* Nonzero if this protocol version lacks the kind, an attribute or a wish. */
static int
is_beyond(
    const struct receive *receive, const struct wire_request *request, int read)
{
	return read == WIRE_UNKNOWN ||
	    (receive->version < 2 &&
		(request->wishes & WIRE_REQUIRE_SYNC) != 0);
}

/*
 * Read a request and check that its number is new.  Returns 0; -1 with fatal
 * set; or WIRE_UNKNOWN if this server does not offer what the request needs.
 */
static int
read_request(struct receive *receive, const struct conn_frame *frame,
    struct wire_request *request)
{
	int read = wire_read_request(frame->payload, frame->length, request);
	int beyond = is_beyond(receive, request, read);

	if (read == -1 || (beyond && receive->version < 2))
		return receive_protocol_error(receive, "bad request");
	if (frame->request <= receive->last)
		return receive_protocol_error(
		    receive, "request number not a new one");
	if (receive->base.name_length > 0 && receive->last > 0)
		return receive_protocol_error(
		    receive, "second request for one name");
	receive->last = frame->request;
	return beyond ? WIRE_UNKNOWN : 0;
}

static int
refuse_unknown(struct receive *receive, const struct conn_frame *frame,
    const struct wire_request *request)
{
	struct outcome outcome;

	outcome_set(&outcome, STATUS_NOT_OFFERED, "%s", "");
	return receive_reply(receive, frame->request, request->path.bytes,
	    request->path.length, &outcome);
}

/* Handles a request that this server offers; see ask.h and mkdir.h. */
typedef int request_handler(struct receive *receive, uint32_t number,
    const struct wire_request *request);

static int
handle_request(struct receive *receive, const struct conn_frame *frame,
    request_handler *handle)
{
	struct wire_request request;
	int read = read_request(receive, frame, &request);

	if (read == WIRE_UNKNOWN)
		return refuse_unknown(receive, frame, &request);
	if (read == -1)
		return -1;
	return handle(receive, frame->request, &request);
}

static int
on_ask(struct receive *receive, const struct conn_frame *frame)
{
	return handle_request(receive, frame, ask_request);
}

static int
on_directory(struct receive *receive, const struct conn_frame *frame)
{
	return handle_request(receive, frame, mkdir_request);
}

/* Reply that the current file failed, and drop it. */
static int
fail_file(struct receive *receive, const struct outcome *outcome,
    enum receive_state next)
{
	struct staged *staged = &receive->staged;
	int result = receive_reply(receive, receive->number,
	    staged->destination.path, staged->destination.length, outcome);

	staged_drop(staged);
	receive->state = next;
	return result;
}

/* Reply that the file could not be opened.  errno is that of open_file. */
static int
refuse_file(struct receive *receive, const struct outcome *outcome)
{
	int gone =
	    errno == ENOENT && store_staging_is_gone(receive->policy.store);
	int result = fail_file(receive, outcome, RECEIVE_DISCARD);

	return result == 0 && gone ? receive_staging_gone(receive) : result;
}

/* Open a file for the content.  Returns 0, or -1 with outcome and errno. */
static int
open_file(struct receive *receive, const struct wire_request *request,
    struct partial *partial, struct outcome *outcome)
{
	struct staged *staged = &receive->staged;
	struct recv_file *content = &receive->content;
	int resumes = partial->staged.fd != -1;

	if (staged_open(staged, request, &receive->base, &receive->directories,
		partial, outcome) == -1)
		return -1;
	if (!resumes) {
		recv_file_begin(content, staged->file.fd, request->size);
		return 0;
	}
	if (recv_file_resume(
		content, staged->file.fd, request->size, &partial->prefix) == 0)
		return 0;
	outcome_set_errno(outcome, errno, "making the file");
	return -1;
}

/*
 * Begin to receive the file of a request.  If partial has a file, resume after
 * its prefix.  The next state is CONTENT, or DISCARD if the file is refused.
 */
static int
begin_file(struct receive *receive, uint32_t number,
    const struct wire_request *request, struct partial *partial)
{
	struct outcome outcome;
	int retried = 0;

	receive->number = number;
	while (open_file(receive, request, partial, &outcome) == -1) {
		if (!receive_lacks_descriptors(receive, retried++))
			return refuse_file(receive, &outcome);
		staged_drop(&receive->staged);
		if (receive_free_descriptors(receive) == -1)
			return -1;
	}
	receive->state = RECEIVE_CONTENT;
	return 0;
}

static int
on_put(struct receive *receive, const struct conn_frame *frame)
{
	struct partial nothing_kept = {.staged.fd = -1};
	struct wire_request request;
	int read = read_request(receive, frame, &request);

	if (read == -1)
		return -1;
	if ((request.wishes & WIRE_WISHES) != 0)
		return receive_protocol_error(receive, "put with wishes");
	if (read == WIRE_UNKNOWN) {
		receive->number = frame->request;
		receive->state = RECEIVE_DISCARD;
		return refuse_unknown(receive, frame, &request);
	}
	return begin_file(receive, frame->request, &request, &nothing_kept);
}

/* Begin the file of a request that was granted. */
static int
begin_granted(struct receive *receive, uint32_t number)
{
	struct ask *ask = granted_remove(&receive->asks, number);
	int result;

	if (ask == NULL)
		return receive_protocol_error(receive, "content without a go");
	result = begin_file(receive, number, &ask->request, &ask->partial);
	ask_free(ask);
	return result;
}

/* The first content after a go begins the file; then handle the frame. */
static int
on_first_content(struct receive *receive, const struct conn_frame *frame)
{
	if (begin_granted(receive, frame->request) == -1)
		return -1;
	return frames_handle(receive, frame);
}

/* Set the outcome of a write that failed with errno.  Returns -1. */
static int
fail_write(struct receive *receive, struct outcome *outcome)
{
	if (errno != EOVERFLOW)
		return staged_fail_write(&receive->staged, outcome);
	outcome_set(
	    outcome, STATUS_PROTOCOL, "more content than was announced");
	return -1;
}

/*
 * If the received bytes of the current file are worth it, keep them as a
 * partial.  Returns nonzero if they were kept.
 */
static int
keep_partial(struct receive *receive)
{
	return staged_is_worth_keeping(
		   &receive->staged, receive->content.received) &&
	    recv_file_set_size(&receive->content) == 0 &&
	    staged_keep(&receive->staged);
}

/*
 * The content could not be received: reply, and discard the rest.  If the
 * content breaks the protocol, end the connection instead.
 */
static int
stop_file(struct receive *receive, const struct outcome *outcome)
{
	struct outcome kept = *outcome;
	char size[TEXT_NUMBER];

	if (outcome->status == STATUS_PROTOCOL)
		return receive_protocol_error(receive, outcome->text);
	if (outcome->status == STATUS_NO_SPACE && keep_partial(receive))
		outcome_set(&kept, STATUS_NO_SPACE, "%.900s; partial kept (%s)",
		    outcome->text, text_size(size, receive->content.received));
	return fail_file(receive, &kept, RECEIVE_DISCARD);
}

/*
 * Write.  If space runs out, remove partials and retry once.  Returns 0, or -1
 * with errno.
 */
static int
write_part(struct receive *receive, const uint8_t *bytes, size_t length)
{
	const struct store *store = receive->policy.store;

	if (recv_file_data(&receive->content, bytes, length) == 0)
		return 0;
	if (!sweep_after_failure(store, staged_missing(&receive->staged)))
		return -1;
	return recv_file_data(&receive->content, bytes, length);
}

/* Extend the file over a hole at its end, and retry in the same way. */
static int
set_length(struct receive *receive)
{
	if (recv_file_set_size(&receive->content) == 0)
		return 0;
	if (!sweep_after_failure(receive->policy.store, 0))
		return -1;
	return recv_file_set_size(&receive->content);
}

/* Receive the next bytes of the file.  Returns 0, or -1 with outcome. */
static int
receive_bytes(struct receive *receive, const uint8_t *bytes, size_t length,
    struct outcome *outcome)
{
	struct staged *staged = &receive->staged;

	if (staged_check_size(
		staged, receive->content.received, length, outcome) == -1)
		return -1;
	while (length > 0) {
		uint64_t share = staged_share(staged, outcome);
		size_t part = share < length ? (size_t)share : length;

		if (share == 0)
			return -1;
		if (write_part(receive, bytes, part) == -1)
			return fail_write(receive, outcome);
		staged_add_written(staged, part);
		staged_begin_writing(staged, receive->content.received);
		bytes += part;
		length -= part;
	}
	return 0;
}

static int
on_data(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;

	if (receive_bytes(receive, frame->payload, frame->length, &outcome) ==
	    -1)
		return stop_file(receive, &outcome);
	return 0;
}

/* The file system allocates holes: let it do so now, and count the bytes. */
static int
fill_hole(struct receive *receive, uint64_t length, struct outcome *outcome)
{
	while (length > 0) {
		uint64_t share = staged_share(&receive->staged, outcome);
		uint64_t part = length < share ? length : share;

		if (share == 0)
			return -1;
		if (recv_file_hole(&receive->content, part) == -1 ||
		    set_length(receive) == -1)
			return fail_write(receive, outcome);
		staged_add_written(&receive->staged, part);
		length -= part;
	}
	return 0;
}

/* Receive a hole of the file.  Returns 0, or -1 with outcome. */
static int
receive_hole(struct receive *receive, uint64_t length, struct outcome *outcome)
{
	if (staged_check_size(&receive->staged, receive->content.received,
		length, outcome) == -1)
		return -1;
	if (receive->policy.store->system.fills_holes)
		return fill_hole(receive, length, outcome);
	if (recv_file_hole(&receive->content, length) == -1)
		return fail_write(receive, outcome);
	return 0;
}

static int
on_hole(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;
	uint64_t length, step;
	int result, ends;

	if (wire_read_hole(frame->payload, frame->length, &length) == -1)
		return receive_protocol_error(receive, "bad hole");
	/* Hashing a long hole takes time: call keepalive after each step. */
	do {
		step = length < HOLE_STEP ? length : HOLE_STEP;
		length -= step;
		result = receive_hole(receive, step, &outcome);
		ends = keepalive_call(&receive->comparer->keepalive);
	} while (result == 0 && !ends && length > 0);
	return result == 0 ? 0 : stop_file(receive, &outcome);
}

/* Discard the prefix, or release a foreign partial.  0, or -1 with errno. */
static int
restart_file(struct receive *receive)
{
	struct staged *staged = &receive->staged;
	int foreign = staged->foreign;

	if (!foreign && recv_file_restart(&receive->content) == -1)
		return -1;
	if (staged_restart(staged) == -1)
		return -1;
	if (foreign)
		recv_file_begin(
		    &receive->content, staged->file.fd, staged->request.size);
	return 0;
}

/* A restart can only come first: begin the file, and discard its prefix. */
static int
on_restart(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;

	if (begin_granted(receive, frame->request) == -1)
		return -1;
	if (receive->state == RECEIVE_DISCARD || restart_file(receive) == 0)
		return 0;
	outcome_set_errno(&outcome, errno, "emptying the file");
	return stop_file(receive, &outcome);
}

/* Verify the file and add it to the group.  Returns 0, or -1 with outcome. */
static int
finish_file(struct receive *receive, const struct wire_end *end,
    struct outcome *outcome)
{
	if (recv_file_end(&receive->content, end) == -1) {
		outcome_set(outcome, STATUS_DIGEST,
		    "what arrived is not what was sent");
		return -1;
	}
	if (set_length(receive) == -1)
		return fail_write(receive, outcome);
	return staged_finish(
	    &receive->staged, receive->number, end, &receive->commit, outcome);
}

static int
on_end(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;
	struct wire_end end;

	(void)wire_read_end(frame->payload, frame->length, &end);
	if (finish_file(receive, &end, &outcome) == -1)
		return fail_file(receive, &outcome, RECEIVE_READY);
	receive->state = RECEIVE_READY;
	return receive_commit_due(receive);
}

/* Read the client's reason.  Returns 0, or -1 with fatal set. */
static int
read_abort(struct receive *receive, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct wire_reason reason;

	if (wire_read_reason(frame->payload, frame->length, &reason) == -1 ||
	    (reason.status != STATUS_FAILED &&
		reason.status != STATUS_CHANGED &&
		reason.status != STATUS_CANCELLED))
		return receive_protocol_error(receive, "bad abort");
	outcome_set(outcome, reason.status, "%.*s", (int)reason.text.length,
	    reason.text.bytes);
	return 0;
}

static int
on_abort(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;

	if (read_abort(receive, frame, &outcome) == -1)
		return -1;
	return fail_file(receive, &outcome, RECEIVE_READY);
}

/* Abort a granted request, before its content begins. */
static int
on_abort_granted(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;
	struct ask *ask;
	int result;

	if (read_abort(receive, frame, &outcome) == -1)
		return -1;
	ask = granted_remove(&receive->asks, frame->request);
	if (ask == NULL)
		return receive_protocol_error(receive, "abort without a go");
	result = receive_reply(receive, frame->request, ask->path,
	    ask->request.path.length, &outcome);
	ask_free(ask);
	return result;
}

/* Ignore content of a refused file, and "waiting" (see liveness.h). */
static int
ignore(struct receive *receive, const struct conn_frame *frame)
{
	(void)receive;
	(void)frame;
	return 0;
}

/* The frames of a refused file must be valid, too. */
static int
discard_hole(struct receive *receive, const struct conn_frame *frame)
{
	uint64_t length;

	return wire_read_hole(frame->payload, frame->length, &length) == 0
	    ? 0
	    : receive_protocol_error(receive, "bad hole");
}

static int
discard_end(struct receive *receive, const struct conn_frame *frame)
{
	(void)frame;
	receive->state = RECEIVE_READY;
	return 0;
}

static int
discard_abort(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome ignored;

	if (read_abort(receive, frame, &ignored) == -1)
		return -1;
	receive->state = RECEIVE_READY;
	return 0;
}

static int
on_bye(struct receive *receive, const struct conn_frame *frame)
{
	(void)frame;
	return frames_close(receive);
}

typedef int frame_handler(struct receive *, const struct conn_frame *);

/*
 * The table of ftx-protocol(5), STATES: a handler for each type and state.
 * An empty cell is a protocol error.  In READY, content also needs a go: see
 * begin_granted.
 */
/* clang-format off */
static frame_handler *const handlers[][RECEIVE_STATES] = {
                  /* HELLO    READY             CONTENT     DISCARD */
[WIRE_BASE]      = {on_base},
[WIRE_PUT]       = {NULL,     on_put},
[WIRE_ASK]       = {NULL,     on_ask},
[WIRE_DIRECTORY] = {NULL,     on_directory},
[WIRE_DATA]      = {NULL,     on_first_content, on_data,    ignore},
[WIRE_HOLE]      = {NULL,     on_first_content, on_hole,    discard_hole},
[WIRE_RESTART]   = {NULL,     on_restart,       NULL,       ignore},
[WIRE_END]       = {NULL,     on_first_content, on_end,     discard_end},
[WIRE_ABORT]     = {NULL,     on_abort_granted, on_abort,   discard_abort},
[WIRE_WAITING]   = {NULL,     ignore,           ignore,     ignore},
[WIRE_BYE]       = {NULL,     on_bye},
};
/* clang-format on */

#define TYPES (sizeof(handlers) / sizeof(handlers[0]))

/* Nonzero if the frame interrupts the current file with another request. */
static int
is_other_request(const struct receive *receive, const struct conn_frame *frame)
{
	return (receive->state == RECEIVE_CONTENT ||
		   receive->state == RECEIVE_DISCARD) &&
	    frame->type != WIRE_WAITING && frame->request != receive->number;
}

int
frames_handle(struct receive *receive, const struct conn_frame *frame)
{
	frame_handler *handle =
	    frame->type < TYPES ? handlers[frame->type][receive->state] : NULL;

	if (handle == NULL) {
		outcome_set(&receive->fatal, STATUS_PROTOCOL,
		    "\"%s\" out of place", wire_type_name(frame->type));
		return -1;
	}
	if (is_other_request(receive, frame))
		return receive_protocol_error(
		    receive, "content of another request");
	return handle(receive, frame);
}

/* Nonzero if the client may resume the file after such an end. */
static int
may_resume(enum status why)
{
	return why == STATUS_LOST || why == STATUS_STALLED ||
	    why == STATUS_DRAINING;
}

int
frames_abandon(struct receive *receive, const struct outcome *why)
{
	const struct destination *destination = &receive->staged.destination;
	char path[LOG_LINE / 2];
	int kept;

	if (receive->state != RECEIVE_CONTENT)
		return 0;
	kept = may_resume(why->status) && keep_partial(receive);
	if (reply_may_log(receive->peer))
		log_warn("%s \"%s\" not stored, %s after %llu bytes%s",
		    receive->peer,
		    text_escape(path, sizeof(path), destination->path,
			destination->length, TEXT_LOG),
		    status_text(why->status),
		    (unsigned long long)receive->content.received,
		    kept ? ", partial kept" : "");
	staged_drop(&receive->staged);
	receive->state = RECEIVE_READY;
	return 1;
}

int
frames_close(struct receive *receive)
{
	receive->state = RECEIVE_CLOSED;
	granted_release(&receive->asks);
	return receive_commit(receive);
}
