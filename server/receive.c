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
    struct conn *conn, const char *peer)
{
	receive->policy = *policy;
	receive->conn = conn;
	receive->peer = peer;
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
static int
answered(struct receive *receive, int queued)
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

	return answered(
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
	return answered(
	    receive, commit_answer(commit, receive->conn, receive->peer));
}

int
receive_abandon(struct receive *receive, const struct outcome *why)
{
	const struct content *content = &receive->content;
	char name[LOG_LINE];

	if (receive->state != RECEIVE_CONTENT)
		return 0;
	log_warn("%s \"%s\" not stored, %s after %llu bytes", receive->peer,
	    text_escape(name, sizeof(name), content->destination.path,
		content->destination.length, TEXT_ASCII),
	    status_text(why->status),
	    (unsigned long long)content->file.received);
	content_drop(&receive->content);
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
	return answered(receive, answer_based(receive->conn, &based));
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
	struct wire_request request;

	if (read_request(receive, frame, &request) == -1)
		return -1;
	if (request.wishes != 0)
		return receive_fail(receive, "put with wishes");
	return receive_begin(receive, frame->request, &request);
}

/*
 * What an ask comes to before its content: 0 for a go, or -1 with outcome for
 * a result.
 */
static int
judge_ask(struct receive *receive, const struct wire_request *request,
    struct destination *destination, struct outcome *outcome)
{
	const unsigned offered = WIRE_RESUME | WIRE_NO_CLOBBER | WIRE_DRY_RUN;

	if (destination_open(destination, &receive->base, &request->path,
		&receive->directories, 0, outcome) == -1 ||
	    policy_check(&receive->policy, request, destination, outcome) == -1)
		return -1;
	if ((request->wishes & ~offered) != 0)
		outcome_set(outcome, STATUS_NOT_OFFERED,
		    "comparing with what is there");
	else if ((request->wishes & WIRE_DRY_RUN) != 0)
		outcome_set(outcome, STATUS_WOULD_STORE, "%s", "");
	else
		return 0;
	return -1;
}

static int
grant(struct receive *receive, uint32_t number,
    const struct wire_request *request)
{
	struct wire_go from_start = {.offset = 0};
	struct digest nothing;

	digest_init(&nothing);
	from_start.digest = digest_value(&nothing);
	if (asks_add(&receive->asks, number, request) == 0)
		return answered(
		    receive, answer_go(receive->conn, number, &from_start));
	if (errno == EOVERFLOW)
		return receive_fail(receive, "too many requests at once");
	receive->sick = 1;
	outcome_set_errno(&receive->fatal, errno, "keeping a request");
	return -1;
}

static int
on_ask(struct receive *receive, const struct conn_frame *frame)
{
	struct wire_request request;
	struct destination destination;
	struct outcome outcome;
	int result;

	if (read_request(receive, frame, &request) == -1)
		return -1;
	if (judge_ask(receive, &request, &destination, &outcome) == 0)
		result = grant(receive, frame->request, &request);
	else
		result = receive_answer(receive, frame->request,
		    destination.path, destination.length, &outcome);
	destination_release(&destination);
	return result;
}

static int
on_directory(struct receive *receive, const struct conn_frame *frame)
{
	struct wire_request request;
	struct outcome outcome;

	if (read_request(receive, frame, &request) == -1)
		return -1;
	outcome_set(&outcome, STATUS_NOT_OFFERED, "directories");
	return receive_answer(receive, frame->request, request.path.bytes,
	    request.path.length, &outcome);
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
	free(ask);
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
