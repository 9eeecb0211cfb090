/* SPDX-License-Identifier: ISC */
/* Requests that may have their result without any content. */
#include "server/session/ask.h"

#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server/session/reply.h"
#include "server/store/compare.h"
#include "server/store/publish.h"

#define UNLESS (WIRE_UNLESS_SAME | WIRE_UNLESS_DIGEST)

/* What an ask comes to. */
enum verdict {
	VERDICT_GO,
	VERDICT_RESULT, /* the outcome */
	VERDICT_SYNC	/* it is there, and stored once it is synced */
};

/* Whether the target's content is to be compared with the client's. */
static int
compares_digest(const struct store *store, const struct wire_request *request,
    const struct stat *found)
{
	if ((request->wishes & WIRE_SENT_BEFORE) == 0)
		return (request->wishes & WIRE_UNLESS_DIGEST) != 0;
	/* With another time it is not what the client sent. */
	return (request->attributes & WIRE_TIME) == 0 ||
	    compare_time(store, request, found);
}

/* Too many other workers compare now: the client is to ask again. */
static enum verdict
be_busy(struct outcome *outcome)
{
	outcome_set(outcome, STATUS_BUSY, "the server compares for others now");
	return VERDICT_RESULT;
}

/* Whether the target is what the client has.  The descriptor is for a sync. */
static enum verdict
compare(struct receive *receive, const struct wire_request *request,
    const struct destination *destination, const struct stat *found, int *fd,
    struct outcome *outcome)
{
	if (!receive->compares) {
		if ((request->wishes & UNLESS) == 0)
			return VERDICT_GO;
		outcome_set(
		    outcome, STATUS_REFUSED, "this server does not compare");
		return VERDICT_RESULT;
	}
	outcome_set(outcome, STATUS_UNCHANGED, "%s", "");
	if ((request->wishes & WIRE_UNLESS_SAME) != 0 &&
	    compare_time(receive->policy.store, request, found))
		return VERDICT_RESULT;
	if (!compares_digest(receive->policy.store, request, found))
		return VERDICT_GO;
	*fd = compare_digest(receive->comparer, request,
	    destination->directory->fd, destination->name, found);
	if (*fd == -1 && errno == EBUSY)
		return be_busy(outcome);
	if (*fd == -1)
		return VERDICT_GO;
	/* What is only tried is not made durable either. */
	return (request->wishes & (WIRE_SENT_BEFORE | WIRE_DRY_RUN)) ==
		WIRE_SENT_BEFORE
	    ? VERDICT_SYNC
	    : VERDICT_RESULT;
}

static enum verdict
judge(struct receive *receive, const struct wire_request *request,
    struct destination *destination, int *fd, struct outcome *outcome)
{
	const struct space_amount nothing = {0, 0};
	struct space_amount needed = {0, 1};
	enum verdict verdict;
	struct stat found;

	if (destination_locate(
		destination, &receive->base, &request->path, outcome) == -1 ||
	    policy_check_file(&receive->policy, request, outcome) == -1 ||
	    destination_enter(destination, &receive->directories, 0, outcome) ==
		-1 ||
	    destination_look(destination, &found, outcome) == -1)
		return VERDICT_RESULT;
	verdict = compare(receive, request, destination, &found, fd, outcome);
	if (verdict != VERDICT_GO)
		return verdict;
	if (policy_check_replace(&receive->policy, request, &found, outcome) ==
		-1 ||
	    destination_may_publish(destination, &found, outcome) == -1)
		return VERDICT_RESULT;
	if ((request->wishes & WIRE_DRY_RUN) == 0)
		return VERDICT_GO;
	/* Nothing gives way to what is only tried. */
	needed.bytes = policy_announced(&receive->policy, request);
	if (space_check(
		receive->policy.store, NULL, &needed, &nothing, outcome) == 0)
		outcome_set(outcome, STATUS_WOULD_STORE, "%s", "");
	return VERDICT_RESULT;
}

/* Hand what is there already to the group, to be synced and answered. */
static int
add_present(struct receive *receive, uint32_t number,
    struct directory *directory, const char *name, int fd,
    const struct wire_end *stored)
{
	struct commit_file *file = commit_add(&receive->commit, 0);

	file->request = number;
	file->staged.fd = fd;
	file->staged.name[0] = '\0';
	file->directory = directory;
	memcpy(file->name, name, strlen(name) + 1);
	file->present = 1;
	file->size = stored->size;
	file->digest = stored->digest;
	return commit_is_due(&receive->commit) ? receive_commit(receive) : 0;
}

static int
sync_present(struct receive *receive, uint32_t number,
    const struct wire_request *request, struct destination *destination, int fd)
{
	const struct wire_end stored = {request->size, request->digest};
	struct directory *directory = destination->directory;

	destination->directory = NULL;
	return add_present(
	    receive, number, directory, destination->name, fd, &stored);
}

/*
 * Name what is kept of the file, unless another request of this connection has
 * that name already: then nothing is kept of this one.
 */
static void
name_partial(struct receive *receive, const struct wire_request *request,
    const struct destination *destination, struct partial *partial)
{
	char *name = partial->staged.name;

	partial_name(receive->policy.store, receive->policy.sender,
	    &partial->staged, destination->path, destination->length, request);
	if (name[0] != '\0' &&
	    (granted_hold(&receive->asks, name) ||
		commit_holds(&receive->commit, name)))
		name[0] = '\0';
}

/* Look for what was kept of the file, and at the space for the rest. */
static int
prepare(struct receive *receive, const struct wire_request *request,
    const struct destination *destination, struct partial *partial,
    struct outcome *outcome)
{
	struct space_amount held;

	name_partial(receive, request, destination, partial);
	digest_init(&partial->prefix);
	partial->foreign = 0;
	if (partial->staged.name[0] != '\0' &&
	    receive->asks.partials < GRANTED_PARTIALS &&
	    partial_find(&receive->finder, request->size, partial) == -1 &&
	    errno == EBUSY) {
		(void)be_busy(outcome);
		return -1;
	}
	held = partial_held(partial);
	if (policy_check_room(
		&receive->policy, request, destination, &held, outcome) == 0)
		return 0;
	partial_release(partial);
	return -1;
}

static int
grant(struct receive *receive, uint32_t number,
    const struct wire_request *request, const struct destination *destination)
{
	struct partial partial;
	struct outcome outcome;
	struct wire_go go;

	if (prepare(receive, request, destination, &partial, &outcome) == -1)
		return receive_reply(receive, number, destination->path,
		    destination->length, &outcome);
	go = (struct wire_go){
	    partial.prefix.length, digest_value(&partial.prefix)};
	if (granted_add(&receive->asks, number, request, &partial) == 0)
		return receive_check_queued(
		    receive, reply_go(receive->conn, number, &go));
	partial_release(&partial);
	if (errno == EOVERFLOW)
		return receive_protocol_error(
		    receive, "too many requests at once");
	receive->sick = 1;
	outcome_set_errno(&receive->fatal, errno, "keeping a request");
	return -1;
}

int
receive_ask(struct receive *receive, uint32_t number,
    const struct wire_request *request)
{
	struct destination destination;
	struct outcome outcome;
	int fd = -1, result;

	switch (judge(receive, request, &destination, &fd, &outcome)) {
	case VERDICT_GO:
		result = grant(receive, number, request, &destination);
		break;
	case VERDICT_SYNC:
		result =
		    sync_present(receive, number, request, &destination, fd);
		fd = -1;
		break;
	default:
		result = receive_reply(receive, number, destination.path,
		    destination.length, &outcome);
		break;
	}
	if (fd != -1)
		close(fd);
	destination_release(&destination);
	return result;
}

/* Nonzero if there is room to make the directory, or if it exists. */
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

/* The path of a directory: an empty one is the base itself. */
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

/* Returns 0, or -1 with outcome. */
static int
set_directory(struct receive *receive, const struct wire_request *request,
    const struct directory *directory, struct outcome *outcome)
{
	if (request->attributes == 0)
		return 0;
	if (directory->length == 0) {
		outcome_set(outcome, STATUS_REFUSED,
		    "the receiving directory keeps its mode and time");
		return -1;
	}
	/* It may have existed before this request. */
	if (receive->policy.never_overwrite)
		return 0;
	if (publish_set_directory(
		receive->policy.store, directory->fd, request) == 0)
		return 0;
	outcome_set_errno(outcome, errno, "setting mode and time");
	return -1;
}

/* Make the directory, or find it, with its mode and time.  NULL: outcome. */
static struct directory *
settle_directory(struct receive *receive, const struct wire_request *request,
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
	    set_directory(receive, request, directory, outcome) == 0)
		return directory;
	directory_release(directory);
	return NULL;
}

int
receive_directory(struct receive *receive, uint32_t number,
    const struct wire_request *request)
{
	const unsigned wishes = WIRE_DRY_RUN | WIRE_REQUIRE_SYNC;
	const struct wire_end nothing = {0, 0};
	struct destination destination = {.directory = NULL};
	struct directory *directory;
	struct outcome outcome;
	int result, retried = 0;

	if (request->kind != WIRE_KIND_DIRECTORY || request->size != 0 ||
	    request->digest != 0 || (request->wishes & ~wishes) != 0)
		return receive_protocol_error(
		    receive, "bad request for a directory");
	while ((directory = settle_directory(
		    receive, request, &destination, &outcome)) == NULL &&
	    receive_lacks_descriptors(receive, retried++)) {
		destination_release(&destination);
		if (receive_free_descriptors(receive) == -1)
			return -1;
	}
	if (directory != NULL)
		result =
		    add_present(receive, number, directory, "", -1, &nothing);
	else
		result = receive_reply(receive, number, destination.path,
		    destination.length, &outcome);
	destination_release(&destination);
	return result;
}
