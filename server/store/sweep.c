/* SPDX-License-Identifier: ISC */
/* Remove abandoned files and partials from the staging directory. */
#include "server/store/sweep.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/os.h"
#include "server/shared/child.h"
#include "server/store/listing.h"
#include "server/store/partial.h"
#include "server/store/sender.h"
#include "server/store/staging.h"

/* The most partials to list.  The quota permits fewer. */
#define LIST_MOST 65536

/* Files between two calls of keepalive. */
#define KEEPALIVE_FILES 256

#define TIB (UINT64_C(1) << 40)

const struct sweep_quota sweep_default_quota = {
    .sender = {4 * TIB, 1000}, .total = {16 * TIB, 10000}};

/* A partial that may be removed. */
struct found {
	struct timespec written;
	uint64_t bytes; /* freed by its removal */
	char name[STAGING_NAME];
};

struct list {
	struct found *files;
	size_t count, capacity;
};

/* Returns nonzero if a client may still resume the file, or ftxd needs it. */
static int
is_wanted(const struct store *store, const char *name)
{
	struct stat found;
	time_t oldest = time(NULL) - (time_t)(store->partial_ttl / 1000);

	if (strcmp(name, SENDER_SECRET) == 0 || file_system_is_live_probe(name))
		return 1;
	return partial_is_name(name) &&
	    fstatat(store->staging, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    found.st_size >= PARTIAL_LEAST && found.st_mtime > oldest;
}

int
sweep_abandoned(const struct store *store)
{
	DIR *directory = listing_open(store->staging);
	struct dirent *entry;
	int removed = 0;

	if (directory == NULL)
		return -1;
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0 &&
		    !is_wanted(store, entry->d_name))
			removed +=
			    staging_remove_unlocked(store, entry->d_name);
	closedir(directory);
	return removed;
}

/* Returns the free element at the end of the list, or NULL. */
static struct found *
extend(struct list *list)
{
	size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
	struct found *files;

	if (list->count < list->capacity)
		return &list->files[list->count];
	if (capacity > LIST_MOST)
		return NULL;
	files = realloc(list->files, capacity * sizeof(*files));
	if (files == NULL)
		return NULL;
	list->files = files;
	list->capacity = capacity;
	return &files[list->count];
}

/* Add the file if it is a partial.  Returns 0, or -1 if the list is full. */
static int
add(struct list *list, const struct store *store, const char *name)
{
	struct found *file;
	struct stat found;

	if (!partial_is_name(name) || !staging_is_own(store, name) ||
	    strlen(name) >= STAGING_NAME ||
	    fstatat(store->staging, name, &found, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(found.st_mode))
		return 0;
	file = extend(list);
	if (file == NULL)
		return -1;
	file->written = found.st_mtim;
	/* If the file has a second name, removing this one frees nothing. */
	file->bytes =
	    found.st_nlink == 1 ? (uint64_t)found.st_blocks * OS_BLOCK : 0;
	snprintf(file->name, STAGING_NAME, "%.*s", STAGING_NAME - 1, name);
	list->count++;
	return 0;
}

/* Returns 0, or -1 if keepalive stopped the work. */
static int
list_partials(const struct store *store, struct list *list)
{
	DIR *directory = listing_open(store->staging);
	struct dirent *entry;
	size_t seen = 0;
	int result = 0;

	*list = (struct list){NULL, 0, 0};
	if (directory == NULL)
		return 0;
	while (result == 0 && (entry = readdir(directory)) != NULL) {
		if (add(list, store, entry->d_name) == -1)
			break;
		if (++seen % KEEPALIVE_FILES == 0 &&
		    keepalive_call(store->keepalive) != 0)
			result = -1;
	}
	closedir(directory);
	return result;
}

static int
compare_age(const void *a, const void *b)
{
	const struct found *first = a, *second = b;
	const struct timespec *x = &first->written, *y = &second->written;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	if (x->tv_nsec != y->tv_nsec)
		return x->tv_nsec < y->tv_nsec ? -1 : 1;
	return strcmp(first->name, second->name);
}

static void
count_one(struct space_amount *sum, const struct found *file)
{
	sum->bytes += file->bytes;
	sum->files++;
}

static int
is_enough(const struct space_amount *sum, const struct space_amount *need)
{
	return sum->bytes >= need->bytes && sum->files >= need->files;
}

static int
could_be_enough(const struct list *list, const struct space_amount *need)
{
	struct space_amount sum = {0, 0};

	for (size_t i = 0; i < list->count; i++)
		count_one(&sum, &list->files[i]);
	return is_enough(&sum, need);
}

/*
 * Remove the oldest partials that no process holds.  If they do not suffice,
 * removes none.  If another process claims one of them meanwhile, removes only
 * the others.  Returns 0, or -1 in both cases.
 */
static int
remove_oldest(const struct store *store, const struct list *list,
    const struct space_amount *need)
{
	struct space_amount sum = {0, 0};
	size_t chosen = 0;
	int result = 0;

	for (size_t i = 0; !is_enough(&sum, need); i++) {
		if (i == list->count)
			return -1;
		if (!staging_is_unlocked(store, list->files[i].name))
			continue;
		count_one(&sum, &list->files[i]);
		list->files[chosen++] = list->files[i];
	}
	for (size_t i = 0; i < chosen; i++)
		if (!staging_remove_unlocked(store, list->files[i].name))
			result = -1;
	return result;
}

/* The argument of the child. */
struct removal {
	const struct store *store;
	const struct list *list;
	const struct space_amount *need;
};

static int
remove_in_child(void *argument)
{
	const struct removal *removal = argument;

	return remove_oldest(removal->store, removal->list, removal->need) == 0
	    ? 0
	    : 1;
}

static int
remove_enough(const struct store *store, const struct list *list,
    const struct space_amount *need)
{
	struct removal removal = {store, list, need};

	if (list->count == 0 || !could_be_enough(list, need))
		return -1;
	qsort(list->files, list->count, sizeof(*list->files), compare_age);
	return child_run(remove_in_child, &removal, store->keepalive) == 0 ? 0
									   : -1;
}

int
sweep_for_space(const struct store *store, const struct space_amount *need)
{
	struct list list;
	int removed = list_partials(store, &list) == 0 &&
	    remove_enough(store, &list, need) == 0;

	free(list.files);
	return removed;
}

int
sweep_after_failure(const struct store *store, uint64_t bytes)
{
	const struct space_amount need = {bytes, 1};
	int error = errno, removed;

	if (error != ENOSPC && error != EDQUOT)
		return 0;
	removed = sweep_for_space(store, &need);
	errno = error;
	return removed;
}

static uint64_t
excess(uint64_t amount, uint64_t most)
{
	return amount > most ? amount - most : 0;
}

/* Raise need to the amount by which sum exceeds most. */
static void
add_excess(struct space_amount *need, const struct space_amount *sum,
    const struct space_amount *most)
{
	uint64_t bytes = excess(sum->bytes, most->bytes);
	uint64_t files = excess(sum->files, most->files);

	if (need->bytes < bytes)
		need->bytes = bytes;
	if (need->files < files)
		need->files = files;
}

/*
 * Reduce the list to the partials of name's sender.  Returns how much of them
 * must be removed.
 */
static struct space_amount
choose_sender(
    struct list *list, const char *name, const struct sweep_quota *quota)
{
	struct space_amount sender = {0, 0}, total = {0, 0}, need = {0, 0};
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct found *file = &list->files[i];

		if (!partial_has_sender(file->name))
			continue;
		count_one(&total, file);
		if (!partial_same_sender(file->name, name))
			continue;
		count_one(&sender, file);
		list->files[count++] = *file;
	}
	list->count = count;
	add_excess(&need, &sender, &quota->sender);
	add_excess(&need, &total, &quota->total);
	/* Other senders' partials are never removed for this one. */
	if (need.bytes > sender.bytes)
		need.bytes = sender.bytes;
	if (need.files > sender.files)
		need.files = sender.files;
	return need;
}

void
sweep_enforce_quota(const struct store *store, const char *name,
    const struct sweep_quota *quota)
{
	struct store without_keepalive = *store;
	struct space_amount need;
	struct list list;

	without_keepalive.keepalive = NULL;
	if (list_partials(&without_keepalive, &list) == 0) {
		need = choose_sender(&list, name, quota);
		if (need.bytes > 0 || need.files > 0)
			(void)remove_enough(&without_keepalive, &list, &need);
	}
	free(list.files);
}
