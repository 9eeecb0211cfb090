/* SPDX-License-Identifier: ISC */
/* The frames that make up one file's content, each to its effect. */
#include "server/session/receive_content.h"

#include <errno.h>

#include "common/text.h"

/* How many bytes of a hole are hashed between two looks at the client. */
#define HOLE_STEP (4 * 1024 * 1024)

/* Answer the request under way, which failed; next is the state it leaves. */
static int
fail_content(struct receive *receive, const struct outcome *outcome,
    enum receive_state next)
{
	struct staged *content = &receive->content;
	int result = receive_answer(receive, content->number,
	    content->destination.path, content->destination.length, outcome);

	staged_drop(content);
	receive->state = next;
	return result;
}

/* It could not be opened, for what errno says. */
static int
refuse_content(struct receive *receive, const struct outcome *outcome)
{
	int gone =
	    errno == ENOENT && store_staging_is_gone(receive->policy.store);
	int result = fail_content(receive, outcome, RECEIVE_DISCARD);

	return result == 0 && gone ? receive_lose_staging(receive) : result;
}

int
receive_begin(struct receive *receive, uint32_t number,
    const struct wire_request *request, struct partial *partial)
{
	struct staged *content = &receive->content;
	struct outcome outcome;
	int retried = 0;

	while (staged_open(content, number, request, &receive->base,
		   &receive->directories, partial, &outcome) == -1) {
		if (!receive_lacks_descriptors(receive, retried++))
			return refuse_content(receive, &outcome);
		staged_drop(content);
		if (receive_free_descriptors(receive) == -1)
			return -1;
	}
	receive->state = RECEIVE_CONTENT;
	return 0;
}

/* The content frame's request must be the one under way, or have its go. */
static int
enter_content(struct receive *receive, uint32_t number)
{
	struct ask *ask;
	int result;

	if (receive->state != RECEIVE_READY)
		return number == receive->content.number
		    ? 0
		    : receive_fail(receive, "content of another request");
	ask = granted_take(&receive->asks, number);
	if (ask == NULL)
		return receive_fail(receive, "content without a go");
	result = receive_begin(receive, number, &ask->request, &ask->partial);
	ask_free(ask);
	return result;
}

/* What a frame of content came to: 0, or -1 with the outcome of the file. */
static int
settle(struct receive *receive, int result, const struct outcome *outcome)
{
	struct outcome kept;
	char size[TEXT_NUMBER];

	if (result == 0)
		return 0;
	if (outcome->status == STATUS_PROTOCOL)
		return receive_fail(receive, outcome->text);
	kept = *outcome;
	if (outcome->status == STATUS_NO_SPACE &&
	    staged_keep(&receive->content))
		outcome_set(&kept, STATUS_NO_SPACE, "%.900s; partial kept (%s)",
		    outcome->text,
		    text_size(size, receive->content.file.received));
	return fail_content(receive, &kept, RECEIVE_DISCARD);
}

static int
on_data(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;
	int result = staged_data(
	    &receive->content, frame->payload, frame->length, &outcome);

	return settle(receive, result, &outcome);
}

static int
on_hole(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;
	uint64_t length, step;
	int result, ends;

	if (wire_read_hole(frame->payload, frame->length, &length) == -1)
		return receive_fail(receive, "bad hole");
	/* A few bytes make much work: the client hears that it is done, and
	 * the session sees in time that it has to stop. */
	do {
		step = length < HOLE_STEP ? length : HOLE_STEP;
		length -= step;
		result = staged_hole(&receive->content, step, &outcome);
		ends = keepalive_call(&receive->comparer->keepalive);
	} while (result == 0 && !ends && length > 0);
	return settle(receive, result, &outcome);
}

static int
on_restart(struct receive *receive)
{
	struct outcome outcome;

	return settle(
	    receive, staged_restart(&receive->content, &outcome), &outcome);
}

static int
on_end(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;
	struct wire_end end;

	(void)wire_read_end(frame->payload, frame->length, &end);
	if (staged_end(&receive->content, &end, &receive->commit, &outcome) ==
	    -1)
		return fail_content(receive, &outcome, RECEIVE_READY);
	receive->state = RECEIVE_READY;
	return commit_is_due(&receive->commit) ? receive_commit(receive) : 0;
}

static int
on_abort(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome outcome;

	if (receive_read_abort(receive, frame, &outcome) == -1)
		return -1;
	return fail_content(receive, &outcome, RECEIVE_READY);
}

/*
 * Take a frame of the file that is discarded, up to its end or abort.  Its
 * values are checked as those of any other file.
 */
static int
discard(struct receive *receive, const struct conn_frame *frame)
{
	struct outcome ignored;
	uint64_t length;

	if (frame->type == WIRE_HOLE &&
	    wire_read_hole(frame->payload, frame->length, &length) == -1)
		return receive_fail(receive, "bad hole");
	if (frame->type == WIRE_ABORT &&
	    receive_read_abort(receive, frame, &ignored) == -1)
		return -1;
	if (frame->type == WIRE_END || frame->type == WIRE_ABORT)
		receive->state = RECEIVE_READY;
	return 0;
}

static int
handle(struct receive *receive, const struct conn_frame *frame)
{
	switch (frame->type) {
	case WIRE_DATA:
		return on_data(receive, frame);
	case WIRE_HOLE:
		return on_hole(receive, frame);
	case WIRE_END:
		return on_end(receive, frame);
	case WIRE_ABORT:
		return on_abort(receive, frame);
	default:
		return on_restart(receive);
	}
}

int
receive_content(struct receive *receive, const struct conn_frame *frame)
{
	if (enter_content(receive, frame->request) == -1)
		return -1;
	return receive->state == RECEIVE_DISCARD ? discard(receive, frame)
						 : handle(receive, frame);
}
