/* SPDX-License-Identifier: ISC */
/* Send one open source as frames: data and holes, then end or abort. */
#include "common/send_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/blocking.h"
#include "common/io.h"

static void
begin(struct send_file *file, int fd, uint32_t request, uint64_t size)
{
	*file = (struct send_file){
	    .fd = fd, .request = request, .largest = CONN_DATA, .size = size};
	digest_init(&file->digest);
	holes_none(&file->holes);
}

void
send_file_begin(
    struct send_file *file, int fd, uint32_t request, const struct stat *source)
{
	begin(file, fd, request, (uint64_t)source->st_size);
	file->begun = *source;
	holes_init(&file->holes, fd, source);
}

void
send_file_begin_growing(struct send_file *file, int fd, uint32_t request,
    const struct stat *source, uint64_t size)
{
	send_file_begin(file, fd, request, source);
	file->size = size;
	file->may_grow = 1;
}

void
send_file_begin_stream(
    struct send_file *file, int fd, uint32_t request, uint64_t size)
{
	begin(file, fd, request, size);
	file->is_stream = 1;
}

/* If a growing file loses a hole at its end, no read fails: check its size. */
static int
is_changed(const struct send_file *file)
{
	struct stat now;
	int result;

	blocking_enter(NULL);
	result = fstat(file->fd, &now);
	blocking_leave();
	if (result == -1)
		return 1;
	if (file->may_grow)
		return (uint64_t)now.st_size < file->size;
	return now.st_size != file->begun.st_size ||
	    now.st_mtim.tv_sec != file->begun.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != file->begun.st_mtim.tv_nsec;
}

/* Returns 1 if bytes follow the announced size, 0 if not, -1 with errno. */
static ssize_t
read_beyond(const struct send_file *file)
{
	uint8_t byte;
	ssize_t got;

	blocking_enter(NULL);
	do {
		got = pread(file->fd, &byte, 1, file->begun.st_size);
	} while (got == -1 && errno == EINTR);
	blocking_leave();
	return got;
}

static void
set_unreadable(struct outcome *outcome)
{
	outcome_set_errno(outcome, errno, "reading the source");
	outcome->status = STATUS_FAILED;
}

/*
 * Returns 0 if the source did not change, or -1 with outcome.  Some files, such
 * as those in /proc, contain more bytes than their size.
 */
static int
check_end(const struct send_file *file, struct outcome *outcome)
{
	ssize_t beyond;

	if (file->is_stream)
		return 0;
	if (is_changed(file) ||
	    (file->is_known && file->known != digest_value(&file->digest))) {
		outcome_set(outcome, STATUS_CHANGED,
		    "the source changed while it was read");
		return -1;
	}
	if (file->may_grow)
		return 0;
	beyond = read_beyond(file);
	if (beyond == -1)
		set_unreadable(outcome);
	else if (beyond > 0)
		outcome_set(outcome, STATUS_CHANGED,
		    "the source is longer than announced");
	return beyond == 0 ? 0 : -1;
}

int
send_file_abort(
    struct conn *conn, uint32_t request, const struct outcome *outcome)
{
	struct wire_reason reason = {
	    outcome->status, {outcome->text, strlen(outcome->text)}};
	uint8_t *payload = conn_reserve(conn, STATUS_TEXT);

	if (payload == NULL)
		return -1;
	conn_queue(
	    conn, WIRE_ABORT, request, wire_write_reason(payload, &reason));
	return 0;
}

static enum send_file_event
fail(struct send_file *file, struct conn *conn, const struct outcome *outcome)
{
	if (send_file_abort(conn, file->request, outcome) == -1)
		return SEND_FILE_FULL;
	return SEND_FILE_FAILED;
}

static enum send_file_event
finish(struct send_file *file, struct conn *conn, struct outcome *outcome)
{
	struct wire_end end = {file->sent, digest_value(&file->digest)};
	uint8_t *payload;

	if (check_end(file, outcome) == -1)
		return fail(file, conn, outcome);
	payload = conn_reserve(conn, 2 * sizeof(uint64_t));
	if (payload == NULL)
		return SEND_FILE_FULL;
	conn_queue(
	    conn, WIRE_END, file->request, wire_write_end(payload, &end));
	return SEND_FILE_ENDED;
}

int
send_file_skip(struct send_file *file, uint64_t end, struct outcome *outcome)
{
	ssize_t got = holes_hash(&file->holes, file->fd, end, &file->digest);

	if (got == -1) {
		set_unreadable(outcome);
		return -1;
	}
	if (got == 0) {
		outcome_set(outcome, STATUS_CHANGED,
		    "the source became shorter while it was read");
		return -1;
	}
	file->sent += (uint64_t)got;
	return 0;
}

int
send_file_resume(struct send_file *file, const struct digest *prefix)
{
	if (lseek(file->fd, (off_t)prefix->length, SEEK_SET) == -1)
		return -1;
	file->sent = prefix->length;
	file->digest = *prefix;
	return 0;
}

int
send_file_rewind(struct send_file *file, struct outcome *outcome)
{
	if (lseek(file->fd, 0, SEEK_SET) == -1) {
		set_unreadable(outcome);
		return -1;
	}
	file->sent = 0;
	digest_init(&file->digest);
	holes_init(&file->holes, file->fd, &file->begun);
	return 0;
}

/* Nonzero if a read does not block, also at the end of the stream. */
static int
is_ready(int fd)
{
	struct pollfd source = {.fd = fd, .events = POLLIN};

	return io_poll(&source, 1, 0) != 0;
}

/* Finish or abort after the source has ended. */
static enum send_file_event
end(struct send_file *file, struct conn *conn, struct outcome *outcome)
{
	if (file->size == file->sent ||
	    (file->is_stream && file->size == WIRE_SIZE_UNKNOWN))
		return finish(file, conn, outcome);
	if (file->is_stream)
		outcome_set(outcome, STATUS_CHANGED,
		    "the source ended after %llu of %llu bytes",
		    (unsigned long long)file->sent,
		    (unsigned long long)file->size);
	else
		outcome_set(outcome, STATUS_CHANGED,
		    "the source became shorter while it was read");
	return fail(file, conn, outcome);
}

static enum send_file_event
fail_long(struct send_file *file, struct conn *conn, struct outcome *outcome)
{
	outcome_set(outcome, STATUS_CHANGED,
	    "the source gives more than %llu bytes",
	    (unsigned long long)file->size);
	return fail(file, conn, outcome);
}

/*
 * The server enforces a minimum rate, 1 kB/s by default, and counts the 20
 * bytes of this frame.  A hole of HOLES_STEP keeps the rate: hashing 1 GiB/s
 * sends 80 kB/s.  "Waiting" frames cannot replace it, because the server
 * accepts them for only 15 minutes.
 */
static enum send_file_event
send_hole(struct send_file *file, struct conn *conn, size_t length,
    struct outcome *outcome)
{
	uint8_t *payload = conn_reserve(conn, sizeof(uint64_t));

	if (payload == NULL)
		return SEND_FILE_FULL;
	if (holes_pass(file->fd, length, &file->digest) == -1) {
		set_unreadable(outcome);
		return fail(file, conn, outcome);
	}
	file->sent += length;
	conn_queue(
	    conn, WIRE_HOLE, file->request, wire_write_hole(payload, length));
	return SEND_FILE_MORE;
}

enum send_file_event
send_file_step(
    struct send_file *file, struct conn *conn, struct outcome *outcome)
{
	struct holes *holes = &file->holes;
	size_t hole = holes_ahead(holes, file->fd, file->sent, file->size);
	size_t want = holes_data(holes, file->sent, file->size, file->largest);
	uint8_t *payload;
	ssize_t got;

	if (hole > 0)
		return send_hole(file, conn, hole, outcome);
	if (want == 0 && !file->is_stream)
		return finish(file, conn, outcome);
	/* Reserve first: a stream cannot be read again after SEND_FILE_FULL. */
	payload = conn_reserve(conn, want > STATUS_TEXT ? want : STATUS_TEXT);
	if (payload == NULL)
		return SEND_FILE_FULL;
	if (file->is_stream && !is_ready(file->fd))
		return SEND_FILE_EMPTY;
	/* At the announced size of a stream, read one byte to find its end. */
	blocking_enter(NULL);
	got = io_read(file->fd, payload, want > 0 ? want : 1);
	blocking_leave();
	if (got == -1) {
		set_unreadable(outcome);
		return fail(file, conn, outcome);
	}
	if (got == 0)
		return end(file, conn, outcome);
	if (want == 0)
		return fail_long(file, conn, outcome);
	digest_add(&file->digest, payload, (size_t)got);
	conn_queue(conn, WIRE_DATA, file->request, (size_t)got);
	file->sent += (uint64_t)got;
	return SEND_FILE_MORE;
}
