/* SPDX-License-Identifier: ISC */
/* Hash a source before the server is asked about it, for "checksum". */
#include "client/connection/checksum.h"

#include "client/sources/source.h"
#include "common/blocking.h"
#include "common/digest.h"

void
checksum_init(struct checksum *checksum)
{
	*checksum = (struct checksum){.fd = -1};
}

void
checksum_begin(struct checksum *checksum, struct request *request, int fd,
    const struct stat *found)
{
	checksum->request = request;
	checksum->fd = fd;
	send_file_begin(&checksum->file, fd, request->number, found);
	/* If that fails, the file is read from its start. */
	if (request->hashed.length > 0)
		(void)send_file_resume(&checksum->file, &request->hashed);
}

static enum checksum_event
fail(struct checksum *checksum)
{
	(void)blocking_close(checksum->fd);
	checksum->fd = -1;
	return CHECKSUM_FAILED;
}

/* Return the source to the caller, with or without a digest. */
static enum checksum_event
finish(struct checksum *checksum, int may_grow, int *fd, struct stat *found,
    struct outcome *outcome)
{
	struct send_file *file = &checksum->file;
	struct request *request = checksum->request;
	int result;

	outcome_set(
	    outcome, STATUS_CHANGED, "the source changed while it was read");
	request->digested = file->sent == file->size;
	blocking_enter(NULL);
	result = fstat(checksum->fd, found);
	blocking_leave();
	if (result == -1 || !source_is_same(&request->stamp, found, may_grow) ||
	    (!request->digested && send_file_rewind(file, outcome) == -1))
		return fail(checksum);
	if (request->digested)
		request->digest = digest_value(&file->digest);
	*fd = checksum->fd;
	checksum->fd = -1;
	return CHECKSUM_ENDED;
}

enum checksum_event
checksum_step(struct checksum *checksum, int may_grow, int *fd,
    struct stat *found, struct outcome *outcome)
{
	struct send_file *file = &checksum->file;
	int is_late = io_now() - checksum->since >= CHECKSUM_LONGEST;

	if (file->sent < file->size && !is_late &&
	    send_file_skip(file, file->size, outcome) == -1)
		return fail(checksum);
	return file->sent < file->size && !is_late
	    ? CHECKSUM_MORE
	    : finish(checksum, may_grow, fd, found, outcome);
}

void
checksum_stop(struct checksum *checksum)
{
	if (checksum->fd == -1)
		return;
	checksum->request->hashed = checksum->file.digest;
	(void)blocking_close(checksum->fd);
	checksum->fd = -1;
}
