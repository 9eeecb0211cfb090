/* SPDX-License-Identifier: ISC */
/* The requests of one connection: each frame, in each state, to its effect. */
#include "server/receive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "server/answer.h"

void
receive_init(struct receive *receive, const struct policy *policy,
    struct conn *conn, const char *peer, const struct tick *tick)
{
	receive->policy = *policy;
	receive->conn = conn;
	receive->peer = peer;
	receive->tick = *tick;
	receive->state = RECEIVE_HELLO;
	receive->content.policy = &receive->policy;
	receive->content.staged.fd = -1;
	directories_init(&receive->directories, policy->store);
}

void
receive_release(struct receive *receive)
{
	content_drop(&receive->content);
	asks_release(&receive->asks);
	commit_clear(&receive->commit);
	directories_forget(&receive->directories);
}

int
receive_fail(struct receive *receive, const char *what)
{
	outcome_set(&receive->fatal, STATUS_PROTOCOL, "%s", what);
	return -1;
}

/* Turn the result of an answer into that of a frame. */
int
receive_answered(struct receive *receive, int queued)
{
	return queued == 0
	    ? 0
	    : receive_fail(receive, "too many answers were not read");
}

int
receive_answer(struct receive *receive, uint32_t number, const char *path,
    size_t length, const struct outcome *outcome)
{
	const struct answer_subject subject = {
	    receive->peer, number, path, length};

	return receive_answered(
	    receive, answer_failed(receive->conn, &subject, outcome));
}

int
receive_commit(struct receive *receive)
{
	struct commit *commit = &receive->commit;

	if (commit->count == 0)
		return 0;
	/* A sync may last; a connection that is lost shows itself later. */
	if (receive->policy.store->sync && answer_working(receive->conn) == 0)
		(void)conn_flush(receive->conn);
	commit_run(commit, receive->policy.store);
	return receive_answered(
	    receive, commit_answer(commit, receive->conn, receive->peer));
}

/* A fault of the peer's leaves nothing that is worth going on with. */
static int
keeps_content(enum status why)
{
	return why == STATUS_LOST || why == STATUS_STALLED ||
	    why == STATUS_DRAINING;
}

int
receive_abandon(struct receive *receive, const struct outcome *why)
{
	struct content *content = &receive->content;
	char name[LOG_LINE];
	int kept;

	if (receive->state != RECEIVE_CONTENT)
		return 0;
	kept = keeps_content(why->status) && content_keep(content);
	log_warn("%s \"%s\" not stored, %s after %llu bytes%s", receive->peer,
	    text_escape(name, sizeof(name), content->destination.path,
		content->destination.length, TEXT_ASCII),
	    status_text(why->status),
	    (unsigned long long)content->file.received,
	    kept ? ", partial kept" : "");
	content_drop(content);
	receive->state = RECEIVE_READY;
	return 1;
}

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
	return receive_answered(receive, answer_based(receive->conn, &based));
}

/* Read a request and check that its number is a new one. */
static int
read_request(struct receive *receive, const struct conn_frame *frame,
    struct wire_request *request)
{
	if (wire_read_request(frame->payload, frame->length, request) == -1)
		return receive_fail(receive, "bad request");
	if (frame->request <= receive->last)
		return receive_fail(receive, "request number not a new one");
	if (receive->base.name_length > 0 && receive->last > 0)
		return receive_fail(receive, "second request for one name");
	receive->last = frame->request;
	return 0;
}

static int
on_put(struct receive *receive, const struct conn_frame *frame)
{
	struct partial nothing_kept = {.staged.fd = -1};
	struct wire_request request;

	if (read_request(receive, frame, &request) == -1)
		return -1;
	if (request.wishes != 0)
		return receive_fail(receive, "put with wishes");
	return receive_begin(receive, frame->request, &request, &nothing_kept);
}

static int
on_ask(struct receive *receive, const struct conn_frame *frame)
{
	struct wire_request request;

	if (read_request(receive, frame, &request) == -1)
		return -1;
	return receive_ask(receive, frame->request, &request);
}

static int
on_directory(struct receive *receive, const struct conn_frame *frame)
{
	struct wire_request request;

	if (read_request(receive, frame, &request) == -1)
		return -1;
	return receive_directory(receive, frame->request, &request);
}

int
receive_read_abort(struct receive *receive, const struct conn_frame *frame,
    struct outcome *outcome)
{
	struct wire_reason reason;

	if (wire_read_reason(frame->payload, frame->length, &reason) == -1 ||
	    (reason.status != STATUS_FAILED &&
		reason.status != STATUS_CHANGED &&
		reason.status != STATUS_CANCELLED))
		return receive_fail(receive, "bad abort");
	outcome_set(outcome, reason.status, "%.*s", (int)reason.text.length,
	    reason.text.bytes);
	return 0;
}

/* The client gives a request up whose content has not begun. */
static int
on_abort_ask(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;
	struct ask *ask;
	int result;

	if (receive_read_abort(receive, frame, &outcome) == -1)
		return -1;
	ask = asks_take(&receive->asks, frame->request);
	if (ask == NULL)
		return receive_fail(receive, "abort without a go");
	result = receive_answer(receive, frame->request, ask->path,
	    ask->request.path.length, &outcome);
	ask_free(ask);
	return result;
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
    {WIRE_ABORT, IN(READY), on_abort_ask},
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
