/* SPDX-License-Identifier: ISC */
/* Each frame of a client, in each state, to its effect. */
#include "server/session/frames.h"

#include "server/session/ask.h"
#include "server/session/receive_content.h"
#include "server/session/reply.h"

static int
on_base(struct receive *receive, const struct conn_frame *frame)
{
	struct base *base = &receive->base;
	struct wire_base wanted;
	struct wire_based based;

	if (wire_read_base(frame->payload, frame->length, &wanted) == -1)
		return receive_fail(receive, "bad base");
	if (base_settle(
		base, &wanted, &receive->directories, &receive->fatal) == -1)
		return -1;
	based.directory = (struct wire_bytes){base->directory, base->length};
	based.name = (struct wire_bytes){base->name, base->name_length};
	receive->state = RECEIVE_READY;
	return receive_answered(receive, reply_based(receive->conn, &based));
}

/* Nonzero if this version has no such kind, attribute or wish. */
static int
is_beyond(
    const struct receive *receive, const struct wire_request *request, int read)
{
	return read == WIRE_UNKNOWN ||
	    (receive->version < 2 &&
		(request->wishes & WIRE_REQUIRE_SYNC) != 0);
}

/*
 * Read a request and check that its number is a new one.  Returns 0, -1, or
 * WIRE_UNKNOWN for one that asks for what is not offered.
 */
static int
read_request(struct receive *receive, const struct conn_frame *frame,
    struct wire_request *request)
{
	int read = wire_read_request(frame->payload, frame->length, request);
	int beyond = is_beyond(receive, request, read);

	if (read == -1 || (beyond && receive->version < 2))
		return receive_fail(receive, "bad request");
	if (frame->request <= receive->last)
		return receive_fail(receive, "request number not a new one");
	if (receive->base.name_length > 0 && receive->last > 0)
		return receive_fail(receive, "second request for one name");
	receive->last = frame->request;
	return beyond ? WIRE_UNKNOWN : 0;
}

static int
on_unknown(struct receive *receive, const struct conn_frame *frame,
    const struct wire_request *request)
{
	struct outcome outcome;

	outcome_set(&outcome, STATUS_NOT_OFFERED, "%s", "");
	return receive_answer(receive, frame->request, request->path.bytes,
	    request->path.length, &outcome);
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
		return receive_fail(receive, "put with wishes");
	if (read == WIRE_UNKNOWN) {
		receive->content.number = frame->request;
		receive->state = RECEIVE_DISCARD;
		return on_unknown(receive, frame, &request);
	}
	return receive_begin(receive, frame->request, &request, &nothing_kept);
}

static int
on_ask(struct receive *receive, const struct conn_frame *frame)
{
	struct wire_request request;
	int read = read_request(receive, frame, &request);

	if (read != 0)
		return read == -1 ? -1 : on_unknown(receive, frame, &request);
	return receive_ask(receive, frame->request, &request);
}

static int
on_directory(struct receive *receive, const struct conn_frame *frame)
{
	struct wire_request request;
	int read = read_request(receive, frame, &request);

	if (read != 0)
		return read == -1 ? -1 : on_unknown(receive, frame, &request);
	return receive_directory(receive, frame->request, &request);
}

/* The session keeps the time. */
static int
on_waiting(struct receive *receive, const struct conn_frame *frame)
{
	(void)receive;
	(void)frame;
	return 0;
}

static int
on_bye(struct receive *receive, const struct conn_frame *frame)
{
	(void)frame;
	receive->state = RECEIVE_CLOSED;
	return receive_commit(receive);
}

#define IN(state) (1u << RECEIVE_##state)
#define IN_CONTENT (IN(CONTENT) | IN(DISCARD))

/* The table of ftx-protocol(5), STATES; what is not here is an error. */
static const struct handler {
	enum wire_type type;
	unsigned states;
	int (*handle)(struct receive *, const struct conn_frame *);
} handlers[] = {
    {WIRE_BASE, IN(HELLO), on_base},
    {WIRE_PUT, IN(READY), on_put},
    {WIRE_ASK, IN(READY), on_ask},
    {WIRE_DIRECTORY, IN(READY), on_directory},
    {WIRE_DATA, IN(READY) | IN_CONTENT, receive_content},
    {WIRE_HOLE, IN(READY) | IN_CONTENT, receive_content},
    {WIRE_RESTART, IN(READY) | IN(DISCARD), receive_content},
    {WIRE_END, IN(READY) | IN_CONTENT, receive_content},
    {WIRE_ABORT, IN(READY), receive_abort_ask},
    {WIRE_ABORT, IN_CONTENT, receive_content},
    {WIRE_WAITING, IN(READY) | IN_CONTENT, on_waiting},
    {WIRE_BYE, IN(READY), on_bye},
};

static const struct handler *
find_handler(enum wire_type type, enum receive_state state)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
		if (handlers[i].type == type &&
		    (handlers[i].states & 1u << state) != 0)
			return &handlers[i];
	return NULL;
}

int
receive_frame(struct receive *receive, const struct conn_frame *frame)
{
	const struct handler *handler =
	    find_handler(frame->type, receive->state);

	if (handler != NULL)
		return handler->handle(receive, frame);
	outcome_set(&receive->fatal, STATUS_PROTOCOL, "\"%s\" out of place",
	    wire_type_name(frame->type));
	return -1;
}
