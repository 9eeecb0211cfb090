/* SPDX-License-Identifier: ISC */
/* One file on its way in: checked, staged, filled, handed to the group. */
#include "server/store/staged.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/os.h"
#include "server/store/publish.h"
#include "server/store/sweep.h"

/* How much is handed to the disk at a time before the sync. */
#define WRITE_EVERY (8 * 1024 * 1024)

/* Returns 0, or -1 with errno. */
static int
stage_once(struct staged *content, const struct staging_file *named)
{
	const struct store *store = content->policy->store;

	if (named->name[0] != '\0') {
		content->staged = *named;
		if (partial_stage(store, &content->staged) == 0)
			return 0;
		if (errno != EAGAIN)
			return -1;
	}
	/* Nothing is kept of this one: there is no name to find it by. */
	return staging_create(store, &content->staged);
}

/* Begin with an empty file.  Returns 0, or -1 with errno. */
static int
stage(struct staged *content, const struct staging_file *named)
{
	const struct store *store = content->policy->store;

	if (stage_once(content, named) == -1 &&
	    (!sweep_after_failure(store, 0) ||
		stage_once(content, named) == -1))
		return -1;
	content->kept = 0;
	content->foreign = 0;
	recv_file_begin(
	    &content->file, content->staged.fd, content->request.size);
	return 0;
}

/* Returns 0, or -1 with errno. */
static int
begin_file(struct staged *content, struct partial *partial)
{
	content->hopeless = 0;
	if (partial->staged.fd == -1)
		return stage(content, &partial->staged);
	content->staged = partial->staged;
	content->kept = partial->prefix.length;
	content->foreign = partial->foreign;
	partial->staged.fd = -1;
	return recv_file_resume(&content->file, content->staged.fd,
	    content->request.size, &partial->prefix);
}

/*
 * Policy and space come first, so that who is refused has made no parents.
 * Returns 0, or -1 with outcome and errno, 0 where no call failed.
 */
static int
open_destination(struct staged *content, const struct wire_request *request,
    struct directories *directories, const struct space_amount *held,
    struct outcome *outcome)
{
	const struct policy *policy = content->policy;
	struct destination *destination = &content->destination;
	struct stat found;

	errno = 0;
	if (policy_check_file(policy, request, outcome) == -1 ||
	    policy_check_room(policy, request, destination, held, outcome) ==
		-1)
		return -1;
	if (destination_enter(destination, directories, 1, outcome) == -1)
		return -1;
	if (destination_look(destination, &found, outcome) == 0 &&
	    policy_check_replace(policy, request, &found, outcome) == 0 &&
	    destination_may_publish(destination, &found, outcome) == 0)
		return 0;
	errno = 0;
	return -1;
}

int
staged_open(struct staged *content, uint32_t number,
    const struct wire_request *request, const struct base *base,
    struct directories *directories, struct partial *partial,
    struct outcome *outcome)
{
	const struct space_amount held = partial_held(partial);

	content->number = number;
	content->request = *request;
	errno = 0;
	if (destination_locate(
		&content->destination, base, &request->path, outcome) == -1)
		return -1;
	if (open_destination(content, request, directories, &held, outcome) ==
	    -1)
		return -1;
	if (begin_file(content, partial) == -1) {
		outcome_set_errno(outcome, errno, "making the file");
		return -1;
	}
	content->begun_writing = content->file.received;
	/* The rest of a kept part are holes. */
	content->written = held.bytes < content->file.received
	    ? held.bytes
	    : content->file.received;
	return 0;
}

/* Release another sender's partial, cut back to what it held before. */
static void
give_back(struct staged *content)
{
	(void)!ftruncate(content->staged.fd, (off_t)content->kept);
	close(content->staged.fd);
	content->staged.fd = -1;
}

/* Begin a new file instead of another sender's partial. */
static int
begin_own(struct staged *content)
{
	const struct policy *policy = content->policy;
	struct staging_file own;

	give_back(content);
	partial_name(policy->store, policy->sender, &own,
	    content->destination.path, content->destination.length,
	    &content->request);
	return stage(content, &own);
}

int
staged_restart(struct staged *content, struct outcome *outcome)
{
	int begun = content->foreign ? begin_own(content)
				     : recv_file_restart(&content->file);

	if (begun == -1) {
		outcome_set_errno(outcome, errno, "emptying the file");
		return -1;
	}
	content->written = content->begun_writing = content->kept = 0;
	return 0;
}

/*
 * A file system may preallocate (XFS) or allocate late.  What this file has
 * allocated beyond its content is free for it, and for nobody else.
 */
static int
look_again(struct staged *content, struct outcome *outcome)
{
	const struct policy *policy = content->policy;
	struct space_amount whole = {
	    policy_announced(policy, &content->request), 1};
	struct space_amount held = {space_allocated(content->staged.fd), 1};

	if (whole.bytes < content->written)
		whole.bytes = content->written;
	if (held.bytes < content->written)
		held.bytes = content->written;
	return policy_find_space(content->policy, &whole, &held, outcome);
}

/* A sync at the end would otherwise find the whole file to be written. */
static void
write_early(struct staged *content)
{
	uint64_t length = content->file.received - content->begun_writing;

	if (!content->policy->store->sync || length < WRITE_EVERY)
		return;
	os_begin_writing(content->staged.fd, content->begun_writing, length);
	content->begun_writing = content->file.received;
}

/* Data and holes alike: what may not come, and what writing brought about. */
static int
check_size(struct staged *content, uint64_t length, struct outcome *outcome)
{
	/* What was announced has been looked at, and may not be exceeded. */
	if (content->request.size != WIRE_SIZE_UNKNOWN ||
	    length <= policy_largest(content->policy) - content->file.received)
		return 0;
	content->hopeless = 1;
	outcome_set(outcome, STATUS_NO_SPACE, "larger than files may be here");
	return -1;
}

static int
fail_writing(struct staged *content, struct outcome *outcome)
{
	content->hopeless = errno == EFBIG;
	if (errno == EOVERFLOW)
		outcome_set(outcome, STATUS_PROTOCOL,
		    "more content than was announced");
	else
		outcome_set_errno(outcome, errno, "writing the file");
	return -1;
}

/* Bytes on the disk that the file still needs. */
static uint64_t
count_missing(const struct staged *content)
{
	const struct wire_request *request = &content->request;

	if (request->size == WIRE_SIZE_UNKNOWN ||
	    request->allocated < content->written)
		return 0;
	return request->allocated - content->written;
}

/* Returns 0, or -1 with errno. */
static int
write_data(struct staged *content, const void *bytes, size_t length)
{
	struct recv_file *file = &content->file;

	if (recv_file_data(file, bytes, length) == 0)
		return 0;
	if (!sweep_after_failure(
		content->policy->store, count_missing(content)))
		return -1;
	return recv_file_data(file, bytes, length);
}

/* Returns 0, or -1 with errno. */
static int
settle(struct staged *content)
{
	if (recv_file_set_size(&content->file) == 0)
		return 0;
	if (!sweep_after_failure(content->policy->store, 0))
		return -1;
	return recv_file_set_size(&content->file);
}

/* Bytes that may be written without a look at the space, or 0 with outcome. */
static uint64_t
may_write(struct staged *content, struct outcome *outcome)
{
	struct space_account *account = content->policy->account;
	uint64_t left = space_left(account);

	if (left > 0)
		return left;
	return look_again(content, outcome) == 0 ? account->share : 0;
}

static void
note_written(struct staged *content, uint64_t length)
{
	space_use(content->policy->account, length);
	content->written += length;
}

/* Write at least one byte, and no more than the share permits. */
static ssize_t
write_part(struct staged *content, const uint8_t *bytes, size_t length,
    struct outcome *outcome)
{
	uint64_t left = may_write(content, outcome);

	if (left == 0)
		return -1;
	if (length > left)
		length = (size_t)left;
	if (write_data(content, bytes, length) == -1)
		return fail_writing(content, outcome);
	note_written(content, length);
	write_early(content);
	return (ssize_t)length;
}

int
staged_data(struct staged *content, const void *bytes, size_t length,
    struct outcome *outcome)
{
	const uint8_t *at = bytes;

	if (check_size(content, length, outcome) == -1)
		return -1;
	while (length > 0) {
		ssize_t part = write_part(content, at, length, outcome);

		if (part == -1)
			return -1;
		at += part;
		length -= (size_t)part;
	}
	return 0;
}

/* Where the file system fills holes, have it do so now, and count them. */
static int
fill_hole(struct staged *content, uint64_t length, struct outcome *outcome)
{
	while (length > 0) {
		uint64_t left = may_write(content, outcome);
		uint64_t part = length < left ? length : left;

		if (left == 0)
			return -1;
		if (recv_file_hole(&content->file, part) == -1 ||
		    settle(content) == -1)
			return fail_writing(content, outcome);
		note_written(content, part);
		length -= part;
	}
	return 0;
}

int
staged_hole(struct staged *content, uint64_t length, struct outcome *outcome)
{
	if (check_size(content, length, outcome) == -1)
		return -1;
	if (content->policy->store->system.fills_holes)
		return fill_hole(content, length, outcome);
	if (recv_file_hole(&content->file, length) == -1)
		return fail_writing(content, outcome);
	return 0;
}

int
staged_end(struct staged *content, const struct wire_end *end,
    struct commit *commit, struct outcome *outcome)
{
	struct destination *destination = &content->destination;
	struct commit_file *file;

	if (recv_file_end(&content->file, end) == -1) {
		outcome_set(outcome, STATUS_DIGEST,
		    "what arrived is not what was sent");
		return -1;
	}
	if (settle(content) == -1)
		return fail_writing(content, outcome);
	if (publish_set_attributes(content->policy->store, &content->staged,
		&content->request, destination->directory->group) == -1) {
		outcome_set_errno(outcome, errno, "setting mode and time");
		return -1;
	}
	file = commit_add(commit, end->size);
	file->request = content->number;
	file->staged = content->staged;
	file->directory = destination->directory;
	memcpy(file->name, destination->name, sizeof(file->name));
	file->no_clobber =
	    policy_keeps_existing(content->policy, &content->request);
	file->digest = end->digest;
	content->staged.fd = -1;
	destination->directory = NULL;
	return 0;
}

/* Nonzero if comparing is faster than sending, and it can be completed. */
static int
is_worth_keeping(const struct staged *content)
{
	return !content->hopeless && content->file.received >= PARTIAL_LEAST &&
	    (content->kept > 0 || content->written >= PARTIAL_LEAST);
}

int
staged_keep(struct staged *content)
{
	if (content->staged.fd == -1 ||
	    !partial_is_name(content->staged.name) ||
	    !is_worth_keeping(content) ||
	    recv_file_set_size(&content->file) == -1 ||
	    staging_close(&content->staged) == -1)
		return 0;
	sweep_enforce_quota(
	    content->policy->store, content->staged.name, &sweep_default_quota);
	return 1;
}

void
staged_drop(struct staged *content)
{
	if (content->staged.fd != -1 && content->foreign)
		give_back(content);
	else if (content->staged.fd != -1)
		staging_discard(content->policy->store, &content->staged);
	destination_release(&content->destination);
}
