/* SPDX-License-Identifier: ISC */
/* Directory requests: make or find a directory, and set its attributes. */
#include "server/session/mkdir.h"

#include <errno.h>
#include <string.h>

#include "server/store/publish.h"

/* Nonzero if the directory exists, or if there is room to make it. */
static int
has_room(struct receive *receive, const struct wire_request *request,
    const struct destination *destination, struct outcome *outcome)
{
	const struct space_amount nothing = {0, 0};
	struct directory *existing;
	struct outcome ignored;

	if (policy_check_room(
		&receive->policy, request, destination, &nothing, outcome) == 0)
		return 1;
	existing = directories_find(&receive->directories, destination->path,
	    destination->length, 0, &ignored);
	directory_release(existing);
	errno = 0;
	return existing != NULL;
}

/*
 * Set the destination of the request; an empty path is the base itself.  Check
 * the request, and open the parent.  Returns 0, or -1 with outcome.
 */
static int
locate(struct receive *receive, const struct wire_request *request,
    struct destination *destination, struct outcome *outcome)
{
	const struct base *base = &receive->base;
	int changes = (request->wishes & WIRE_DRY_RUN) == 0;

	if (request->path.length == 0) {
		memcpy(destination->path, base->directory, base->length);
		destination->length = base->length;
	} else if (destination_locate(
		       destination, base, &request->path, outcome) == -1) {
		return -1;
	}
	if (policy_check_open(&receive->policy, outcome) == -1 ||
	    policy_check_sync(&receive->policy, request, outcome) == -1)
		return -1;
	if (changes && !has_room(receive, request, destination, outcome))
		return -1;
	if (request->path.length == 0)
		return 0;
	return destination_enter(
	    destination, &receive->directories, changes, outcome);
}

/* Set mode and time.  Returns 0, or -1 with outcome. */
static int
set_attributes(struct receive *receive, const struct wire_request *request,
    const struct directory *directory, struct outcome *outcome)
{
	if (request->attributes == 0)
		return 0;
	if (directory->length == 0) {
		outcome_set(outcome, STATUS_REFUSED,
		    "the receiving directory keeps its mode and time");
		return -1;
	}
	/* The setting also protects the mode and time of directories. */
	if (receive->policy.never_overwrite)
		return 0;
	if (publish_set_directory(
		receive->policy.store, directory->fd, request) == 0)
		return 0;
	outcome_set_errno(outcome, errno, "setting mode and time");
	return -1;
}

/*
 * Make or find the directory, and set its mode and time.  Returns NULL with
 * outcome on failure, and after a dry run.
 */
static struct directory *
make_directory(struct receive *receive, const struct wire_request *request,
    struct destination *destination, struct outcome *outcome)
{
	const mode_t owner = 0700;
	int changes = (request->wishes & WIRE_DRY_RUN) == 0;
	struct directory *directory;

	errno = 0;
	if (locate(receive, request, destination, outcome) == -1 ||
	    policy_check_attributes(&receive->policy, request, outcome) == -1)
		return NULL;
	directory = directories_find(&receive->directories, destination->path,
	    destination->length, changes ? request->mode | owner : 0, outcome);
	if (!changes && (directory != NULL || errno == ENOENT))
		outcome_set(outcome, STATUS_WOULD_STORE, "%s", "");
	if (directory != NULL && changes &&
	    set_attributes(receive, request, directory, outcome) == 0)
		return directory;
	directory_release(directory);
	return NULL;
}

int
mkdir_request(struct receive *receive, uint32_t number,
    const struct wire_request *request)
{
	const unsigned wishes = WIRE_DRY_RUN | WIRE_REQUIRE_SYNC;
	struct destination destination = {.directory = NULL};
	struct directory *directory;
	struct outcome outcome;
	int result, retried = 0;

	if (request->kind != WIRE_KIND_DIRECTORY || request->size != 0 ||
	    request->digest != 0 || (request->wishes & ~wishes) != 0)
		return receive_protocol_error(
		    receive, "bad request for a directory");
	while ((directory = make_directory(
		    receive, request, &destination, &outcome)) == NULL &&
	    receive_lacks_descriptors(receive, retried++)) {
		destination_release(&destination);
		if (receive_free_descriptors(receive) == -1)
			return -1;
	}
	if (directory != NULL) {
		commit_add_present(&receive->commit, number, directory, "", -1);
		result = receive_commit_due(receive);
	} else {
		result = receive_reply(receive, number, destination.path,
		    destination.length, &outcome);
	}
	destination_release(&destination);
	return result;
}
