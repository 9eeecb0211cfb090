/* SPDX-License-Identifier: ISC */
/* Partials: the beginnings of large files, kept so that a client can resume. */
#include "server/store/partial.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "server/shared/inode.h"
#include "server/store/listing.h"

/* Milliseconds between two attempts to lock a partial. */
#define LOCK_INTERVAL 50

/* If this many tries to lock a file fail, another connection holds it. */
#define STAGE_TRIES 3

/* Offsets of a name's fields, and the length of the first two. */
#define FIELD 16
#define FILE_AT 1
#define SENDER_AT (FILE_AT + FIELD + 1)
#define ATTEMPT_AT (SENDER_AT + FIELD + 1)
#define NAME_LENGTH (ATTEMPT_AT + 1)

/* The digits of a sender's attempts.  Each attempt may leave a partial. */
#define FIRST_ATTEMPT '0'
#define LAST_ATTEMPT '3'

/* The most partials of one file to try. */
#define CANDIDATES 8

/* The most names that a connection remembers. */
#define NAMES_MOST 16384

int
partial_applies(const struct wire_request *request)
{
	return (request->wishes & WIRE_RESUME) != 0 &&
	    request->size != WIRE_SIZE_UNKNOWN &&
	    request->size >= PARTIAL_LEAST;
}

int
partial_is_name(const char *name)
{
	return name[0] == 'r';
}

int
partial_has_sender(const char *name)
{
	return partial_is_name(name) && strlen(name) >= NAME_LENGTH &&
	    name[SENDER_AT - 1] == '-' && name[ATTEMPT_AT - 1] == '-';
}

int
partial_same_sender(const char *a, const char *b)
{
	return partial_has_sender(a) && partial_has_sender(b) &&
	    memcmp(a + SENDER_AT, b + SENDER_AT, FIELD) == 0;
}

int
partial_same_file(const char *a, const char *b)
{
	return partial_is_name(a) && strncmp(a, b, FILE_AT + FIELD) == 0;
}

/*
 * The name identifies one version of a source and its target.  If two files
 * share a name by accident, the client finds that the prefix's digest differs.
 */
void
partial_name(const struct store *store, uint64_t sender,
    struct staging_file *staged, const char *path, size_t length,
    const struct wire_request *request)
{
	struct digest digest;
	uint8_t encoded[WIRE_REQUEST_SIZE];
	struct wire_request identity = {.kind = WIRE_KIND_FILE,
	    .seconds = request->seconds,
	    .nanoseconds = request->nanoseconds,
	    .size = request->size};

	staged->fd = -1;
	staged->name[0] = '\0';
	if (!partial_applies(request))
		return;
	digest_init(&digest);
	digest_add(&digest, encoded, wire_write_request(encoded, &identity));
	digest_add(&digest, path, length);
	snprintf(staged->name, STAGING_NAME,
	    "r%016" PRIx64 "-%016" PRIx64 "-%c%s", digest_value(&digest),
	    sender, FIRST_ATTEMPT, store->mark);
}

/*
 * Lock the file, and check that it still has its name and no other.  If it has
 * two names, a process linked the final name and died before it removed the
 * staged one; then remove the staged name.  Returns nonzero, or 0 with errno.
 */
static int
lock_partial(const struct store *store, const struct staging_file *staged)
{
	struct stat held;
	int same;

	if (staging_lock(staged->fd) == -1)
		return 0;
	same = inode_has_name(staged->fd, store->staging, staged->name,
	    AT_SYMLINK_NOFOLLOW, &held);
	if (same == -1)
		return 0;
	errno = EAGAIN;
	if (!same || !S_ISREG(held.st_mode))
		return 0;
	if (held.st_nlink == 1)
		return 1;
	if (unlinkat(store->staging, staged->name, 0) == 0)
		errno = EAGAIN;
	return 0;
}

/* Open and lock a partial.  Returns 0, or -1 with errno: EAGAIN if held. */
static int
claim(const struct store *store, struct staging_file *staged, int create)
{
	int error;

	staged->fd = openat(store->staging, staged->name,
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
	if (staged->fd == -1 && errno == EACCES) {
		/* It is complete, with its final mode, but its server died. */
		(void)staging_remove_unlocked(store, staged->name);
		errno = EAGAIN;
	}
	if (staged->fd == -1)
		return -1;
	if (lock_partial(store, staged))
		return 0;
	error = errno == ENOENT ? EAGAIN : errno;
	close(staged->fd);
	staged->fd = -1;
	errno = error;
	return -1;
}

/* One call of partial_find. */
struct search {
	struct partial_finder *finder;
	io_time deadline; /* for held partials; 0: none was held yet */
	int wants;	  /* the scoreboard shows that this worker waits */
	int stopped;	  /* by the keepalive */
};

struct candidate {
	char name[STAGING_NAME];
	off_t size;
	int foreign;
};

static int
keep_alive(void *argument)
{
	struct search *search = argument;

	search->stopped |=
	    keepalive_call(&search->finder->comparer->keepalive) != 0;
	return search->stopped;
}

/* Wait before the next attempt to lock.  Returns 0 to give up. */
static int
wait_for_holder(struct search *search, const char *name)
{
	const struct comparer *comparer = search->finder->comparer;
	io_time now = io_now();

	if (search->deadline == 0)
		search->deadline = now +
		    (comparer->board == NULL ? PARTIAL_WAIT
					     : PARTIAL_WAIT_SHARED);
	if (now >= search->deadline || keep_alive(search) != 0)
		return 0;
	if (comparer->board != NULL && !search->wants) {
		scoreboard_want(comparer->board, comparer->slot, name);
		search->wants = 1;
	}
	(void)io_poll(NULL, 0, now + LOCK_INTERVAL);
	return 1;
}

/* If another process has the lock, wait: it may soon release the partial. */
static int
claim_in_time(struct search *search, struct staging_file *staged)
{
	const struct partial_finder *finder = search->finder;
	const struct comparer *comparer = finder->comparer;
	int error = 0;

	while (claim(finder->store, staged, 0) == -1) {
		error = errno;
		if (error != EAGAIN || !wait_for_holder(search, staged->name))
			break;
	}
	if (search->wants)
		scoreboard_want(comparer->board, comparer->slot, NULL);
	search->wants = 0;
	errno = error;
	return staged->fd == -1 ? -1 : 0;
}

/* Claim and hash a candidate.  Returns 0, or -1 with errno. */
static int
try_candidate(struct search *search, const struct candidate *candidate,
    uint64_t size, struct partial *partial)
{
	struct comparer comparer = *search->finder->comparer;
	struct partial found = {.staged.fd = -1, .foreign = candidate->foreign};
	int error;

	comparer.keepalive = (struct keepalive){keep_alive, search};
	memcpy(found.staged.name, candidate->name, STAGING_NAME);
	if (claim_in_time(search, &found.staged) == -1)
		return -1;
	if (compare_hash(&comparer, found.staged.fd, &found.prefix) == 0) {
		if (found.prefix.length <= size) {
			*partial = found;
			return 0;
		}
		errno = EFBIG;
	}
	error = errno;
	partial_release(&found);
	errno = error;
	return -1;
}

static int
comes_before(const struct candidate *a, const struct candidate *b)
{
	return a->foreign != b->foreign ? b->foreign : a->size > b->size;
}

/* Insert a candidate in order, unless the list is full of better ones. */
static void
insert(struct candidate *list, size_t *count, const struct candidate *new)
{
	size_t i = *count < CANDIDATES ? (*count)++ : CANDIDATES;

	for (; i > 0 && comes_before(new, &list[i - 1]); i--)
		if (i < CANDIDATES)
			list[i] = list[i - 1];
	if (i < CANDIDATES)
		list[i] = *new;
}

/* Insert the partial of that name, if it exists and the client may see it. */
static void
consider(const struct partial_finder *finder, const char *name, const char *own,
    struct candidate *list, size_t *count)
{
	struct candidate new = {.foreign = !partial_same_sender(name, own)};
	struct stat found;

	if ((new.foreign && !finder->shows_foreign) ||
	    fstatat(finder->store->staging, name, &found,
		AT_SYMLINK_NOFOLLOW) == -1)
		return;
	new.size = found.st_size;
	memcpy(new.name, name, STAGING_NAME);
	insert(list, count, &new);
}

/* Returns 0, or -1 if there is no room. */
static int
add_name(struct partial_names *names, const char *name)
{
	size_t capacity = names->capacity == 0 ? 16 : 2 * names->capacity;

	if (names->count == names->capacity) {
		void *larger = capacity > NAMES_MOST
		    ? NULL
		    : realloc(names->names, capacity * sizeof(*names->names));

		if (larger == NULL)
			return -1;
		names->names = larger;
		names->capacity = capacity;
	}
	snprintf(names->names[names->count++], STAGING_NAME, "%.*s",
	    STAGING_NAME - 1, name);
	return 0;
}

/*
 * Read the names of all partials, once for each connection.  If memory or
 * descriptors run out, some partials are not found.
 */
static void
read_names(struct partial_names *names, const struct store *store)
{
	DIR *directory;
	struct dirent *entry;

	if (names->is_read)
		return;
	names->is_read = 1;
	directory = listing_open(store->staging);
	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (partial_is_name(entry->d_name) &&
		    staging_is_own(store, entry->d_name) &&
		    strlen(entry->d_name) < STAGING_NAME &&
		    add_name(names, entry->d_name) == -1)
			break;
	closedir(directory);
}

void
partial_finder_release(struct partial_finder *finder)
{
	free(finder->names.names);
	finder->names = (struct partial_names){NULL, 0, 0, 0};
}

/*
 * Always include own, the partial of the sender's first attempt, because it can
 * be newer than the list of names.  Returns the number of candidates.
 */
static size_t
list_candidates(struct partial_finder *finder, const char *own,
    struct candidate list[CANDIDATES])
{
	const struct partial_names *names = &finder->names;
	size_t count = 0;

	read_names(&finder->names, finder->store);
	for (size_t i = 0; i < names->count; i++)
		if (partial_same_file(names->names[i], own) &&
		    strcmp(names->names[i], own) != 0)
			consider(finder, names->names[i], own, list, &count);
	if (count > 0) {
		consider(finder, own, own, list, &count);
		return count;
	}
	list[0] = (struct candidate){.foreign = 0};
	memcpy(list[0].name, own, STAGING_NAME);
	return 1;
}

int
partial_find(
    struct partial_finder *finder, uint64_t size, struct partial *partial)
{
	struct search search = {.finder = finder};
	struct candidate list[CANDIDATES];
	size_t count = list_candidates(finder, partial->staged.name, list);

	errno = ENOENT;
	for (size_t i = 0; i < count; i++) {
		if (try_candidate(&search, &list[i], size, partial) == 0)
			return 0;
		if (search.stopped)
			errno = EAGAIN;
		if (search.stopped || errno == EBUSY)
			break;
	}
	return -1;
}

struct space_amount
partial_held(const struct partial *partial)
{
	if (partial->staged.fd == -1)
		return (struct space_amount){0, 0};
	return (struct space_amount){space_allocated(partial->staged.fd), 1};
}

/* Returns 0, or -1 with errno: EAGAIN if another connection holds the name. */
static int
stage_attempt(const struct store *store, struct staging_file *staged)
{
	for (int tries = 1; claim(store, staged, 1) == -1; tries++) {
		if (errno != EAGAIN || tries == STAGE_TRIES)
			return -1;
		/* A sweep may have removed the file before it was locked. */
		(void)io_poll(NULL, 0, io_now() + LOCK_INTERVAL);
	}
	if (ftruncate(staged->fd, 0) == 0)
		return 0;
	staging_discard(store, staged);
	return -1;
}

int
partial_stage(const struct store *store, struct staging_file *staged)
{
	for (int i = FIRST_ATTEMPT; i <= LAST_ATTEMPT; i++) {
		staged->name[ATTEMPT_AT] = (char)i;
		if (stage_attempt(store, staged) == 0)
			return 0;
		if (errno != EAGAIN)
			return -1;
	}
	errno = EAGAIN;
	return -1;
}

void
partial_release(struct partial *partial)
{
	if (partial->staged.fd != -1)
		close(partial->staged.fd);
	partial->staged.fd = -1;
}
