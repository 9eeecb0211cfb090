/* SPDX-License-Identifier: ISC */
/* What was abandoned in the staging folder. */
#include "server/sweep.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/partial.h"
#include "server/space.h"

/* Nonzero for a partial that may still be asked for. */
static int
is_wanted(const struct store *store, const char *name)
{
	struct stat found;
	time_t oldest = time(NULL) - (time_t)(store->partial_ttl / 1000);

	return partial_is_name(name) &&
	    fstatat(store->staging, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    found.st_size >= PARTIAL_LEAST && found.st_mtime > oldest;
}

static DIR *
open_staging(const struct store *store)
{
	int fd = openat(store->staging, ".",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd != -1 ? fdopendir(fd) : NULL;

	if (directory == NULL && fd != -1)
		close(fd);
	return directory;
}

int
sweep_abandoned(const struct store *store)
{
	DIR *directory = open_staging(store);
	struct dirent *entry;
	int removed = 0;

	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0 &&
		    !is_wanted(store, entry->d_name))
			removed += store_remove_unheld(store, entry->d_name);
	closedir(directory);
	return removed;
}

static int
is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
				      : a->tv_nsec > b->tv_nsec;
}

/* The oldest partial that was written to later than after. */
static int
find_next(const struct store *store, struct timespec after,
    char name[STORE_NAME], struct timespec *when)
{
	DIR *directory = open_staging(store);
	struct dirent *entry;
	struct stat found;
	int any = 0;

	if (directory == NULL)
		return 0;
	while ((entry = readdir(directory)) != NULL) {
		if (!partial_is_name(entry->d_name) ||
		    !store_is_own(store, entry->d_name) ||
		    fstatat(store->staging, entry->d_name, &found,
			AT_SYMLINK_NOFOLLOW) == -1 ||
		    !is_later(&found.st_mtim, &after) ||
		    (any && !is_later(when, &found.st_mtim)))
			continue;
		any = 1;
		*when = found.st_mtim;
		snprintf(
		    name, STORE_NAME, "%.*s", STORE_NAME - 1, entry->d_name);
	}
	closedir(directory);
	return any;
}

static void
make_room(const struct store *store, uint64_t bytes)
{
	struct timespec after = {0, 0}, when = {0, 0};
	struct outcome ignored;
	char name[STORE_NAME];

	space_sync(store);
	while (space_look(store, NULL, bytes, 0, &ignored) == -1 &&
	    find_next(store, after, name, &when))
		/* Several that were cut at once can have the same time. */
		if (!store_remove_unheld(store, name))
			after = when;
}

void
sweep_for_space(const struct store *store, uint64_t bytes)
{
	pid_t pid = fork();

	/* To look at a lock is to lose one's own: a child has none. */
	if (pid == 0) {
		make_room(store, bytes);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
}
