/* SPDX-License-Identifier: ISC */
/* The state of one connection's requests, and the replies to them. */
#include "server/session/receive.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "server/session/reply.h"

/* If descriptors run out with fewer directories open, the worker leaks them. */
#define DIRECTORIES_LEAST 4

void
receive_init(struct receive *receive, const struct policy *policy,
    struct conn *conn, const char *peer, const struct comparer *comparer)
{
	receive->policy = *policy;
	receive->policy.account = &receive->account;
	receive->conn = conn;
	receive->peer = peer;
	receive->comparer = comparer;
	receive->version = WIRE_LOWEST;
	receive->finder.store = policy->store;
	receive->finder.comparer = comparer;
	receive->state = RECEIVE_HELLO;
	receive->staged.policy = &receive->policy;
	receive->staged.file.fd = -1;
	directories_init(&receive->directories, policy->store);
}

void
receive_release(struct receive *receive)
{
	staged_drop(&receive->staged);
	granted_release(&receive->asks);
	commit_clear(&receive->commit);
	directories_forget(&receive->directories);
	partial_finder_release(&receive->finder);
}

int
receive_is_wanted(const struct receive *receive)
{
	const struct scoreboard *board = receive->comparer->board;
	const struct staging_file *staged = &receive->staged.file;

	if (board == NULL)
		return 0;
	if (staged->fd != -1 && partial_is_name(staged->name) &&
	    scoreboard_is_wanted(board, staged->name))
		return 1;
	for (const struct ask *ask = receive->asks.first; ask != NULL;
	     ask = ask->next)
		if (ask->partial.staged.fd != -1 &&
		    scoreboard_is_wanted(board, ask->partial.staged.name))
			return 1;
	return 0;
}

int
receive_protocol_error(struct receive *receive, const char *what)
{
	outcome_set(&receive->fatal, STATUS_PROTOCOL, "%s", what);
	return -1;
}

int
receive_staging_gone(struct receive *receive)
{
	receive->staging_gone = 1;
	outcome_set(&receive->fatal, STATUS_DRAINING,
	    "the staging directory was removed: try again");
	return -1;
}

int
receive_check_queued(struct receive *receive, int queued)
{
	return queued == 0
	    ? 0
	    : receive_protocol_error(receive, "too many results were not read");
}

int
receive_reply(struct receive *receive, uint32_t number, const char *path,
    size_t length, const struct outcome *outcome)
{
	const struct reply_subject subject = {
	    receive->peer, number, path, length};

	return receive_check_queued(
	    receive, reply_failed(receive->conn, &subject, outcome));
}

/*
 * The system reports the error of a failed sync only once.  A later sync of
 * this process may succeed although data were lost, so replace the process.
 * Source: Linux, filesystems/vfs.rst, errors.
 */
static void
retire(struct receive *receive)
{
	if (!receive->policy.sync_failed)
		log_error("%s: a directory could not be synced: later requests "
			  "of this connection fail",
		    receive->peer);
	receive->policy.sync_failed = 1;
	receive->sick = 1;
}

int
receive_commit(struct receive *receive)
{
	struct commit *commit = &receive->commit;
	int result;

	if (commit->count == 0)
		return 0;
	/* A sync may take long.  A later call reports a lost connection. */
	if (receive->policy.store->sync && reply_working(receive->conn) == 0)
		(void)conn_flush(receive->conn);
	commit_run(commit, receive->policy.store);
	if (commit->sync_failed)
		retire(receive);
	result = receive_check_queued(
	    receive, reply_committed(receive->conn, receive->peer, commit));
	commit_clear(commit);
	return result == 0 && commit->staging_gone
	    ? receive_staging_gone(receive)
	    : result;
}

int
receive_commit_due(struct receive *receive)
{
	return commit_is_due(&receive->commit) ? receive_commit(receive) : 0;
}

int
receive_lacks_descriptors(struct receive *receive, int retried)
{
	if (errno != EMFILE && errno != ENFILE)
		return 0;
	if (!retried)
		return 1;
	receive->sick |=
	    errno == EMFILE && receive->directories.count < DIRECTORIES_LEAST;
	return 0;
}

int
receive_free_descriptors(struct receive *receive)
{
	if (receive_commit(receive) == -1)
		return -1;
	directories_forget(&receive->directories);
	return 0;
}
