/* SPDX-License-Identifier: ISC */
/* Commit a group of files: sync them, publish them, sync their directories. */
#include "server/store/commit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "server/store/partial.h"
#include "server/store/publish.h"
#include "server/store/sweep.h"

struct commit_file *
commit_add(struct commit *commit, uint64_t size)
{
	struct commit_file *file = &commit->files[commit->count];

	if (commit->count++ == 0)
		commit->begun = io_now();
	file->size = size;
	file->durable = file->directory_synced = 0;
	file->present = file->no_clobber = 0;
	outcome_set(&file->outcome, STATUS_STORED, "%s", "");
	commit->bytes += size;
	return file;
}

struct commit_file *
commit_add_present(struct commit *commit, uint32_t request,
    struct directory *directory, const char *name, int fd)
{
	struct commit_file *file = commit_add(commit, 0);

	file->request = request;
	file->staged.fd = fd;
	file->staged.name[0] = '\0';
	file->directory = directory;
	memcpy(file->name, name, strlen(name) + 1);
	file->present = 1;
	file->digest = 0;
	return file;
}

int
commit_is_due(const struct commit *commit)
{
	return commit->count > 0 &&
	    (commit->count == COMMIT_FILES || commit->bytes >= COMMIT_BYTES ||
		io_now() - commit->begun >= COMMIT_AGE);
}

int
commit_holds(const struct commit *commit, const char *name)
{
	for (size_t i = 0; i < commit->count; i++)
		if (partial_same_file(commit->files[i].staged.name, name))
			return 1;
	return 0;
}

static int
is_good(const struct commit_file *file)
{
	return file->outcome.status == STATUS_STORED;
}

/* Append what to the message; it is "" if the file was not published. */
static void
fail_unsynced(struct commit_file *file, const char *what)
{
	outcome_set(&file->outcome, STATUS_FAILED,
	    "a directory could not be synced before%s", what);
}

static void
fail_later_ones(struct commit *commit)
{
	for (size_t i = 0; i < commit->count; i++)
		fail_unsynced(&commit->files[i], "");
}

/* Fail the files if the receiving directory was replaced. */
static void
check_place(struct commit *commit, const struct store *store)
{
	for (size_t i = 0; i < commit->count; i++)
		if (is_good(&commit->files[i]))
			(void)store_check_place(
			    store, &commit->files[i].outcome);
}

static void
sync_files(struct commit *commit)
{
	for (size_t i = 0; i < commit->count; i++) {
		struct commit_file *file = &commit->files[i];

		if (is_good(file) && file->staged.fd != -1 &&
		    fsync(file->staged.fd) == -1)
			outcome_set_errno(
			    &file->outcome, errno, "syncing the file");
	}
}

/* Another process may have created the name since the request was checked. */
static void
fail_publishing(struct commit_file *file)
{
	/* Another branch of a union mount: later files would fail, too. */
	if (errno == EXDEV)
		file->directory->cross_device = 1;
	if (errno == EEXIST && file->no_clobber)
		outcome_set(
		    &file->outcome, STATUS_EXISTS, "not to be replaced");
	else
		outcome_set_errno(&file->outcome, errno, "publishing");
}

/* Never report "no space" for a file that already has its name. */
static void
fail_published(struct commit_file *file, int error, const char *what)
{
	outcome_set(
	    &file->outcome, STATUS_FAILED, "%s: %s", what, strerror(error));
}

/* Returns 0, or -1 with errno. */
static int
publish_once(const struct commit_file *file, const struct store *store)
{
	return publish_file(store, &file->staged, file->directory->fd,
	    file->name, file->no_clobber);
}

static void
give_name(struct commit_file *file, const struct store *store)
{
	if (publish_once(file, store) == -1 &&
	    (!sweep_after_failure(store, 0) || publish_once(file, store) == -1))
		fail_publishing(file);
}

/*
 * Check the name once more: this group or another connection may have stored a
 * name that folds to the same one.
 */
static void
give_folding_name(struct commit_file *file, const struct store *store)
{
	int turn = publish_lock_names(store);

	if (directory_check_name(file->directory, file->name, &file->outcome) ==
	    0)
		give_name(file, store);
	if (turn != -1)
		close(turn);
}

/*
 * Close the descriptor only after the rename.  The close releases the lock, and
 * a sweep could remove an unlocked file that still has its staged name.
 */
static void
publish(struct commit_file *file, const struct store *store)
{
	if (!directory_is_current(file->directory))
		outcome_set(&file->outcome, STATUS_FAILED,
		    "the directory was moved or removed meanwhile");
	else if (!file->present && file->directory->folds)
		give_folding_name(file, store);
	else if (!file->present)
		give_name(file, store);
	if (is_good(file) && file->staged.fd != -1 &&
	    staging_close(&file->staged) == -1)
		fail_published(file, errno, "closing the file");
}

/* Close a failed file.  Remove it, unless it existed before. */
static void
discard(struct commit_file *file, const struct store *store)
{
	if (!file->present)
		staging_discard(store, &file->staged);
	else if (file->staged.fd != -1)
		(void)staging_close(&file->staged);
}

static void
publish_files(struct commit *commit, const struct store *store)
{
	for (size_t i = 0; i < commit->count; i++) {
		struct commit_file *file = &commit->files[i];

		if (is_good(file))
			publish(file, store);
		if (is_good(file))
			continue;
		discard(file, store);
		commit->staging_gone |= store_staging_is_gone(store);
	}
}

/* Warn only once: the log line of each file has "not synced", too. */
static void
warn_once(void)
{
	static int warned;

	if (!warned)
		log_warn("this file system cannot sync directories: stored "
			 "files may be lost in a power failure");
	warned = 1;
}

/* Sync a directory, and set the outcomes of all files published in it. */
static void
sync_directory(struct commit *commit, struct directory *directory)
{
	int result = directory_sync(directory);
	int error = errno;

	if (result == 1)
		warn_once();
	commit->sync_failed |= result == -1;
	for (size_t i = 0; i < commit->count; i++) {
		struct commit_file *file = &commit->files[i];

		if (file->directory != directory || !is_good(file))
			continue;
		file->directory_synced = 1;
		file->durable = result == 0;
		if (result == -1)
			fail_published(file, error,
			    "syncing the directory, whether it lasts is "
			    "unknown");
	}
}

static void
sync_directories(struct commit *commit)
{
	for (size_t i = 0; i < commit->count; i++)
		if (!is_good(&commit->files[i]) ||
		    commit->files[i].directory_synced)
			continue;
		else if (commit->sync_failed)
			fail_unsynced(&commit->files[i],
			    ": this file may not survive a power cut");
		else
			sync_directory(commit, commit->files[i].directory);
}

void
commit_run(struct commit *commit, const struct store *store)
{
	if (commit->sync_failed)
		fail_later_ones(commit);
	check_place(commit, store);
	if (store->sync)
		sync_files(commit);
	publish_files(commit, store);
	if (store->sync)
		sync_directories(commit);
}

void
commit_clear(struct commit *commit)
{
	for (size_t i = 0; i < commit->count; i++)
		directory_release(commit->files[i].directory);
	commit->count = 0;
	commit->bytes = 0;
}
