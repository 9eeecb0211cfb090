/* SPDX-License-Identifier: ISC */
/* One file on its way in: checked, staged, filled, handed to the group. */
#include "server/content.h"

#include <errno.h>
#include <string.h>

#include "common/os.h"
#include "common/text.h"

/* How often free space is looked at while a file comes in, in bytes. */
#define LOOK_EVERY (64 * 1024 * 1024)

/* How much is handed to the disk at a time before the sync. */
#define WRITE_EVERY (8 * 1024 * 1024)

static int
keeps_existing(const struct policy *policy, const struct wire_request *request)
{
	return policy->never_overwrite ||
	    (request->wishes & WIRE_NO_CLOBBER) != 0;
}

int
policy_check(const struct policy *policy, const struct wire_request *request,
    const struct destination *destination, struct outcome *outcome)
{
	int sized = request->size != WIRE_SIZE_UNKNOWN;
	char limit[TEXT_NUMBER];

	if (request->kind != WIRE_FILE) {
		outcome_set(outcome, STATUS_REFUSED, "not a regular file");
		return -1;
	}
	if (sized && request->size > policy->max_size) {
		outcome_set(outcome, STATUS_NO_SPACE,
		    "files over %s are not taken here",
		    text_size(limit, policy->max_size));
		return -1;
	}
	if (destination_check(
		destination, keeps_existing(policy, request), outcome) == -1)
		return -1;
	return store_check_space(
	    policy->store, sized ? request->allocated : 0, outcome);
}

int
content_open(struct content *content, uint32_t number,
    const struct wire_request *request, const struct base *base,
    struct directories *directories, struct outcome *outcome)
{
	content->number = number;
	content->request = *request;
	if (destination_open(&content->destination, base, &request->path,
		directories, 1, outcome) == -1)
		return -1;
	if (policy_check(content->policy, request, &content->destination,
		outcome) == -1) {
		errno = 0;
		return -1;
	}
	if (store_stage(content->policy->store, &content->staged) == -1) {
		outcome_set_errno(outcome, errno, "making the file");
		return -1;
	}
	recv_file_begin(&content->file, content->staged.fd, request->size);
	content->look_at = LOOK_EVERY;
	content->begun_writing = 0;
	return 0;
}

static int
check_space_again(struct content *content, struct outcome *outcome)
{
	const struct recv_file *file = &content->file;
	int sized = file->expected != WIRE_SIZE_UNKNOWN;

	if (file->received < content->look_at)
		return 0;
	content->look_at += LOOK_EVERY;
	return store_check_space(content->policy->store,
	    sized ? file->expected - file->received : 0, outcome);
}

/* A sync at the end would otherwise find the whole file to be written. */
static void
write_early(struct content *content)
{
	uint64_t length = content->file.received - content->begun_writing;

	if (!content->policy->store->sync || length < WRITE_EVERY)
		return;
	os_begin_writing(content->staged.fd, content->begun_writing, length);
	content->begun_writing = content->file.received;
}

int
content_data(struct content *content, const void *bytes, size_t length,
    struct outcome *outcome)
{
	struct recv_file *file = &content->file;

	if (length > content->policy->max_size - file->received) {
		outcome_set(
		    outcome, STATUS_NO_SPACE, "larger than files may be here");
		return -1;
	}
	if (recv_file_data(file, bytes, length) == -1) {
		if (errno == EOVERFLOW)
			outcome_set(outcome, STATUS_PROTOCOL,
			    "more content than was announced");
		else
			outcome_set_errno(outcome, errno, "writing the file");
		return -1;
	}
	write_early(content);
	return check_space_again(content, outcome);
}

int
content_end(struct content *content, const struct wire_end *end,
    struct commit *commit, struct outcome *outcome)
{
	struct destination *destination = &content->destination;
	struct commit_file *file;

	if (recv_file_end(&content->file, end) == -1) {
		outcome_set(outcome, STATUS_DIGEST,
		    "what arrived is not what was sent");
		return -1;
	}
	if (store_set_attributes(content->policy->store, &content->staged,
		&content->request, destination->directory->group) == -1) {
		outcome_set_errno(outcome, errno, "setting mode and time");
		return -1;
	}
	file = commit_add(commit, end->size);
	file->request = content->number;
	file->staged = content->staged;
	file->directory = destination->directory;
	memcpy(file->name, destination->name, sizeof(file->name));
	file->no_clobber = keeps_existing(content->policy, &content->request);
	file->digest = end->digest;
	content->staged.fd = -1;
	destination->directory = NULL;
	return 0;
}

void
content_drop(struct content *content)
{
	if (content->staged.fd != -1)
		store_discard(content->policy->store, &content->staged);
	destination_release(&content->destination);
}
