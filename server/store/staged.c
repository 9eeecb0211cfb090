/* SPDX-License-Identifier: ISC */
/* A file that is being received, in the staging directory until its commit. */
#include "server/store/staged.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/os.h"
#include "server/store/publish.h"
#include "server/store/sweep.h"

/* Bytes after which to start writing to the disk, before the sync. */
#define WRITE_EVERY (8 * 1024 * 1024)

/* Returns 0, or -1 with errno. */
static int
stage_once(struct staged *staged, const struct staging_file *named)
{
	const struct store *store = staged->policy->store;

	if (named->name[0] != '\0') {
		staged->file = *named;
		if (partial_stage(store, &staged->file) == 0)
			return 0;
		if (errno != EAGAIN)
			return -1;
	}
	/* Under this name, it cannot become a partial. */
	return staging_create(store, &staged->file);
}

/* Make an empty file.  Returns 0, or -1 with errno. */
static int
stage(struct staged *staged, const struct staging_file *named)
{
	if (stage_once(staged, named) == -1 &&
	    (!sweep_after_failure(staged->policy->store, 0) ||
		stage_once(staged, named) == -1))
		return -1;
	staged->kept = 0;
	staged->foreign = 0;
	return 0;
}

/* Use the partial, or make an empty file.  Returns 0, or -1 with errno. */
static int
open_file(struct staged *staged, struct partial *partial)
{
	staged->hopeless = 0;
	if (partial->staged.fd == -1)
		return stage(staged, &partial->staged);
	staged->file = partial->staged;
	staged->kept = partial->prefix.length;
	staged->foreign = partial->foreign;
	partial->staged.fd = -1;
	return 0;
}

/*
 * Check policy and space first: a refused request makes no parents.  Returns 0,
 * or -1 with outcome and errno, which is 0 if no call failed.
 */
static int
open_destination(struct staged *staged, const struct wire_request *request,
    struct directories *directories, const struct space_amount *held,
    struct outcome *outcome)
{
	const struct policy *policy = staged->policy;
	struct destination *destination = &staged->destination;
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
staged_open(struct staged *staged, const struct wire_request *request,
    const struct base *base, struct directories *directories,
    struct partial *partial, struct outcome *outcome)
{
	const struct space_amount held = partial_held(partial);

	staged->request = *request;
	errno = 0;
	if (destination_locate(
		&staged->destination, base, &request->path, outcome) == -1)
		return -1;
	if (open_destination(staged, request, directories, &held, outcome) ==
	    -1)
		return -1;
	if (open_file(staged, partial) == -1) {
		outcome_set_errno(outcome, errno, "making the file");
		return -1;
	}
	staged->begun_writing = staged->kept;
	/* If less is allocated than was kept, the rest is holes. */
	staged->written = held.bytes < staged->kept ? held.bytes : staged->kept;
	return 0;
}

/* Release another sender's partial with its former length. */
static void
release_foreign(struct staged *staged)
{
	(void)!ftruncate(staged->file.fd, (off_t)staged->kept);
	close(staged->file.fd);
	staged->file.fd = -1;
}

/* Replace another sender's partial by a new file.  0, or -1 with errno. */
static int
replace_foreign(struct staged *staged)
{
	const struct policy *policy = staged->policy;
	struct staging_file own;

	release_foreign(staged);
	partial_name(policy->store, policy->sender, &own,
	    staged->destination.path, staged->destination.length,
	    &staged->request);
	return stage(staged, &own);
}

int
staged_restart(struct staged *staged)
{
	if (staged->foreign && replace_foreign(staged) == -1)
		return -1;
	staged->written = staged->begun_writing = staged->kept = 0;
	return 0;
}

int
staged_check_size(struct staged *staged, uint64_t received, uint64_t length,
    struct outcome *outcome)
{
	/* policy_check_file has checked an announced size. */
	if (staged->request.size != WIRE_SIZE_UNKNOWN ||
	    length <= policy_largest(staged->policy) - received)
		return 0;
	staged->hopeless = 1;
	outcome_set(outcome, STATUS_NO_SPACE, "larger than files may be here");
	return -1;
}

/*
 * Some file systems, such as XFS, preallocate space, which only this file can
 * use.  Others allocate late, so count at least what was written.
 */
static int
find_space(struct staged *staged, struct outcome *outcome)
{
	const struct policy *policy = staged->policy;
	struct space_amount whole = {
	    policy_announced(policy, &staged->request), 1};
	struct space_amount held = {space_allocated(staged->file.fd), 1};

	if (whole.bytes < staged->written)
		whole.bytes = staged->written;
	if (held.bytes < staged->written)
		held.bytes = staged->written;
	return policy_find_space(policy, &whole, &held, outcome);
}

uint64_t
staged_share(struct staged *staged, struct outcome *outcome)
{
	struct space_account *account = staged->policy->account;
	uint64_t left = space_left(account);

	if (left > 0)
		return left;
	return find_space(staged, outcome) == 0 ? account->share : 0;
}

void
staged_add_written(struct staged *staged, uint64_t length)
{
	space_use(staged->policy->account, length);
	staged->written += length;
}

void
staged_begin_writing(struct staged *staged, uint64_t received)
{
	uint64_t length = received - staged->begun_writing;

	if (!staged->policy->store->sync || length < WRITE_EVERY)
		return;
	os_start_writeback(staged->file.fd, staged->begun_writing, length);
	staged->begun_writing = received;
}

uint64_t
staged_missing(const struct staged *staged)
{
	const struct wire_request *request = &staged->request;

	if (request->size == WIRE_SIZE_UNKNOWN ||
	    request->allocated < staged->written)
		return 0;
	return request->allocated - staged->written;
}

int
staged_fail_write(struct staged *staged, struct outcome *outcome)
{
	staged->hopeless = errno == EFBIG;
	outcome_set_errno(outcome, errno, "writing the file");
	return -1;
}

int
staged_finish(struct staged *staged, uint32_t number,
    const struct wire_end *end, struct commit *commit, struct outcome *outcome)
{
	struct destination *destination = &staged->destination;
	struct commit_file *file;

	if (publish_set_attributes(staged->policy->store, &staged->file,
		&staged->request, destination->directory->group) == -1) {
		outcome_set_errno(outcome, errno, "setting mode and time");
		return -1;
	}
	file = commit_add(commit, end->size);
	file->request = number;
	file->staged = staged->file;
	file->directory = destination->directory;
	memcpy(file->name, destination->name, sizeof(file->name));
	file->no_clobber =
	    policy_keeps_existing(staged->policy, &staged->request);
	file->digest = end->digest;
	staged->file.fd = -1;
	destination->directory = NULL;
	return 0;
}

int
staged_is_worth_keeping(const struct staged *staged, uint64_t received)
{
	return staged->file.fd != -1 && partial_is_name(staged->file.name) &&
	    !staged->hopeless && received >= PARTIAL_LEAST &&
	    (staged->kept > 0 || staged->written >= PARTIAL_LEAST);
}

int
staged_keep(struct staged *staged)
{
	if (staging_close(&staged->file) == -1)
		return 0;
	sweep_enforce_quota(
	    staged->policy->store, staged->file.name, &sweep_default_quota);
	return 1;
}

void
staged_drop(struct staged *staged)
{
	if (staged->file.fd != -1 && staged->foreign)
		release_foreign(staged);
	else if (staged->file.fd != -1)
		staging_discard(staged->policy->store, &staged->file);
	destination_release(&staged->destination);
}
