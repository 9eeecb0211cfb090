/* SPDX-License-Identifier: ISC */
/* Replies: queue a frame for the client, and log the result of a request. */
#include "server/session/reply.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "server/shared/log_limit.h"

/* Bytes of a path in a log line; the rest is for the result. */
#define LOGGED_PATH (LOG_LINE / 2)

static struct wire_bytes
text_of(const struct outcome *outcome)
{
	return (struct wire_bytes){outcome->text, strlen(outcome->text)};
}

int
reply_features(struct conn *conn)
{
	uint8_t *payload = conn_reserve(conn, WIRE_CONTROL_MAX);

	if (payload == NULL)
		return -1;
	conn_queue(conn, WIRE_FEATURES, 0,
	    wire_write_features(payload, WIRE_OFFERS_REQUIRE_SYNC));
	return 0;
}

int
reply_based(struct conn *conn, const struct wire_based *based)
{
	uint8_t *payload = conn_reserve(conn, WIRE_CONTROL_MAX);

	if (payload == NULL)
		return -1;
	conn_queue(conn, WIRE_BASED, 0, wire_write_based(payload, based));
	return 0;
}

int
reply_go(struct conn *conn, uint32_t request, const struct wire_go *go)
{
	uint8_t *payload = conn_reserve(conn, WIRE_CONTROL_MAX);

	if (payload == NULL)
		return -1;
	conn_queue(conn, WIRE_GO, request, wire_write_go(payload, go));
	return 0;
}

int
reply_working(struct conn *conn)
{
	if (conn_reserve(conn, 0) == NULL)
		return -1;
	conn_queue(conn, WIRE_WORKING, 0, 0);
	return 0;
}

int
reply_fatal(struct conn *conn, const struct outcome *outcome)
{
	struct wire_reason reason = {outcome->status, text_of(outcome)};
	uint8_t *payload = conn_reserve(conn, WIRE_CONTROL_MAX);

	if (payload == NULL)
		return -1;
	conn_queue(conn, WIRE_FATAL, 0, wire_write_reason(payload, &reason));
	return 0;
}

static int
queue_result(
    struct conn *conn, uint32_t request, const struct wire_result *result)
{
	uint8_t *payload = conn_reserve(conn, WIRE_CONTROL_MAX);

	if (payload == NULL)
		return -1;
	conn_queue(
	    conn, WIRE_RESULT, request, wire_write_result(payload, result));
	return 0;
}

/* One limit is enough: this process serves one client at a time. */
static struct log_limit lines;

static void
log_left_out(const char *peer, io_time now)
{
	unsigned more = log_limit_left_out(&lines, now);

	if (more > 0)
		log_info("%s %u more lines left out", peer, more);
}

int
reply_may_log(const char *peer)
{
	io_time now = io_now();

	log_left_out(peer, now);
	return log_limit_admit(&lines, now);
}

void
reply_log_left_out(const char *peer)
{
	log_left_out(peer, IO_NEVER);
}

int
reply_failed(struct conn *conn, const struct reply_subject *subject,
    const struct outcome *outcome)
{
	const struct wire_result result = {
	    .status = outcome->status, .text = text_of(outcome)};
	char path[LOGGED_PATH], text[LOG_LINE];

	if (reply_may_log(subject->peer))
		log_info("%s \"%s\" %s%s%s", subject->peer,
		    text_escape(path, sizeof(path), subject->path,
			subject->length, TEXT_LOG),
		    status_text(outcome->status),
		    outcome->text[0] != '\0' ? ": " : "",
		    text_escape(text, sizeof(text), outcome->text,
			strlen(outcome->text), TEXT_LOG));
	return queue_result(conn, subject->request, &result);
}

/* Limit the lines of directories, too: each costs the client only a request. */
static int
is_directory(const struct reply_subject *subject)
{
	return subject->length == 0 ||
	    subject->path[subject->length - 1] == '/';
}

static int
reply_stored(struct conn *conn, const struct reply_subject *subject,
    const struct wire_end *stored, int durable)
{
	const struct wire_result result = {.status = STATUS_STORED,
	    .durable = durable,
	    .size = stored->size,
	    .digest = stored->digest};
	char path[LOGGED_PATH];

	if (!is_directory(subject) || reply_may_log(subject->peer))
		log_info("%s \"%s\" stored, %llu bytes, %s", subject->peer,
		    text_escape(path, sizeof(path), subject->path,
			subject->length, TEXT_LOG),
		    (unsigned long long)stored->size,
		    durable ? "synced" : "not synced");
	return queue_result(conn, subject->request, &result);
}

static int
reply_file(struct conn *conn, const char *peer, const struct commit_file *file)
{
	const struct wire_end stored = {file->size, file->digest};
	const struct directory *directory = file->directory;
	char path[WIRE_PATH_MAX + 2];
	int length =
	    snprintf(path, sizeof(path), "%.*s%s%s", (int)directory->length,
		directory->path, directory->length > 0 ? "/" : "", file->name);
	const struct reply_subject subject = {
	    peer, file->request, path, (size_t)length};

	if (file->outcome.status != STATUS_STORED)
		return reply_failed(conn, &subject, &file->outcome);
	return reply_stored(conn, &subject, &stored, file->durable);
}

int
reply_committed(
    struct conn *conn, const char *peer, const struct commit *commit)
{
	int result = 0;

	for (size_t i = 0; i < commit->count; i++)
		if (reply_file(conn, peer, &commit->files[i]) == -1)
			result = -1;
	return result;
}

void
reply_greeting(
    struct conn *conn, enum wire_greeting_state state, uint64_t max_size)
{
	struct wire_greeting greeting = {WIRE_LOWEST, WIRE_HIGHEST,
	    (uint32_t)state, max_size < INT64_MAX ? max_size : INT64_MAX};
	uint8_t preamble[WIRE_GREETING];

	wire_write_greeting(preamble, &greeting);
	conn_queue_raw(conn, preamble, sizeof(preamble));
}
