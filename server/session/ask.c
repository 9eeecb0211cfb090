/* SPDX-License-Identifier: ISC */
/* Decide asks: reply with a go or a result, before any content comes. */
#include "server/session/ask.h"

#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server/session/reply.h"
#include "server/store/compare.h"

#define UNLESS (WIRE_UNLESS_SAME | WIRE_UNLESS_DIGEST)

/* How to reply to an ask. */
enum decision {
	DECISION_GO,
	DECISION_RESULT, /* reply with the outcome */
	DECISION_SYNC	 /* sync the existing file, then reply */
};

/* Nonzero if the digest of the target must be compared. */
static int
compares_digest(const struct store *store, const struct wire_request *request,
    const struct stat *found)
{
	if ((request->wishes & WIRE_SENT_BEFORE) == 0)
		return (request->wishes & WIRE_UNLESS_DIGEST) != 0;
	/* If the time differs, the client did not send this version. */
	return (request->attributes & WIRE_TIME) == 0 ||
	    compare_time(store, request, found);
}

/* Too many workers compare files now.  The client can ask again later. */
static enum decision
refuse_busy(struct outcome *outcome)
{
	outcome_set(outcome, STATUS_BUSY, "the server compares for others now");
	return DECISION_RESULT;
}

/*
 * Compare the target with the request.  If their digests are equal, *fd is the
 * open target, which the caller closes.
 */
static enum decision
compare(struct receive *receive, const struct wire_request *request,
    const struct destination *destination, const struct stat *found, int *fd,
    struct outcome *outcome)
{
	if (!receive->compares) {
		if ((request->wishes & UNLESS) == 0)
			return DECISION_GO;
		outcome_set(
		    outcome, STATUS_REFUSED, "this server does not compare");
		return DECISION_RESULT;
	}
	outcome_set(outcome, STATUS_UNCHANGED, "%s", "");
	if ((request->wishes & WIRE_UNLESS_SAME) != 0 &&
	    compare_time(receive->policy.store, request, found))
		return DECISION_RESULT;
	/* If the target is missing, its directory may be missing, too. */
	if (!S_ISREG(found->st_mode) ||
	    !compares_digest(receive->policy.store, request, found))
		return DECISION_GO;
	*fd = compare_digest(receive->comparer, request,
	    destination->directory->fd, destination->name, found);
	if (*fd == -1 && errno == EBUSY)
		return refuse_busy(outcome);
	if (*fd == -1)
		return DECISION_GO;
	/* A dry run syncs nothing. */
	return (request->wishes & (WIRE_SENT_BEFORE | WIRE_DRY_RUN)) ==
		WIRE_SENT_BEFORE
	    ? DECISION_SYNC
	    : DECISION_RESULT;
}

static enum decision
decide(struct receive *receive, const struct wire_request *request,
    struct destination *destination, int *fd, struct outcome *outcome)
{
	const struct space_amount nothing = {0, 0};
	struct space_amount needed = {0, 1};
	enum decision decision;
	struct stat found;

	if (destination_locate(
		destination, &receive->base, &request->path, outcome) == -1 ||
	    policy_check_file(&receive->policy, request, outcome) == -1 ||
	    destination_enter(destination, &receive->directories, 0, outcome) ==
		-1 ||
	    destination_look(destination, &found, outcome) == -1)
		return DECISION_RESULT;
	decision = compare(receive, request, destination, &found, fd, outcome);
	if (decision != DECISION_GO)
		return decision;
	if (policy_check_replace(&receive->policy, request, &found, outcome) ==
		-1 ||
	    destination_may_publish(destination, &found, outcome) == -1)
		return DECISION_RESULT;
	if ((request->wishes & WIRE_DRY_RUN) == 0)
		return DECISION_GO;
	/* A dry run removes no partials to make room. */
	needed.bytes = policy_announced(&receive->policy, request);
	if (space_check(
		receive->policy.store, NULL, &needed, &nothing, outcome) == 0)
		outcome_set(outcome, STATUS_WOULD_STORE, "%s", "");
	return DECISION_RESULT;
}

/* Add the existing file to the group: the commit syncs it and replies. */
static int
sync_present(struct receive *receive, uint32_t number,
    const struct wire_request *request, struct destination *destination, int fd)
{
	struct commit_file *file = commit_add_present(&receive->commit, number,
	    destination->directory, destination->name, fd);

	file->size = request->size;
	file->digest = request->digest;
	destination->directory = NULL;
	return receive_commit_due(receive);
}

/*
 * Set the name of the file's partial.  If another request of this connection
 * has a partial of the same file, the name becomes empty: no partial is kept.
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

/* Find the file's partial, and room for the rest.  0, or -1 with outcome. */
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
		(void)refuse_busy(outcome);
		return -1;
	}
	held = partial_held(partial);
	if (policy_check_room(
		&receive->policy, request, destination, &held, outcome) == 0)
		return 0;
	partial_release(partial);
	return -1;
}

/* Reply with a go, and keep the request until its content comes. */
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
ask_request(struct receive *receive, uint32_t number,
    const struct wire_request *request)
{
	struct destination destination;
	struct outcome outcome;
	int fd = -1, result;

	switch (decide(receive, request, &destination, &fd, &outcome)) {
	case DECISION_GO:
		result = grant(receive, number, request, &destination);
		break;
	case DECISION_SYNC:
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
