/* SPDX-License-Identifier: ISC */
/* What is kept of large files that did not arrive whole, for another try. */
#include "server/store/partial.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/io.h"
#include "common/os.h"

/* Between two looks at a lock, in milliseconds. */
#define LOOK_AGAIN 50

/* How often a file is made before it is taken for another connection's. */
#define STAGE_TRIES 3

/* Where the fields of a name begin, and how long each of the first two is. */
#define FIELD 16
#define FILE_AT 1
#define SENDER_AT (FILE_AT + FIELD + 1)
#define TRY_AT (SENDER_AT + FIELD + 1)
#define NAME_LENGTH (TRY_AT + 1)

/* How many tries of one file may each leave a partial. */
#define FIRST_TRY '0'
#define LAST_TRY '3'

/* How many partials of one file are looked at; the best ones. */
#define CANDIDATES 8

#define TIB (UINT64_C(1) << 40)

const struct sweep_bounds partial_bounds = {
    .one = {4 * TIB, 1000}, .all = {16 * TIB, 10000}};

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
	    name[SENDER_AT - 1] == '-' && name[TRY_AT - 1] == '-';
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
 * One name for one state of one source on its way to one place.  Two that
 * share a name by accident do no harm: the client compares the digest.
 */
void
partial_name(const struct store *store, uint64_t sender,
    struct store_file *staged, const char *path, size_t length,
    const struct wire_request *request)
{
	struct digest digest;
	uint8_t rest[WIRE_REQUEST];
	struct wire_request identity = {.kind = WIRE_FILE,
	    .seconds = request->seconds,
	    .nanoseconds = request->nanoseconds,
	    .size = request->size};

	staged->fd = -1;
	staged->name[0] = '\0';
	if (!partial_applies(request))
		return;
	digest_init(&digest);
	digest_add(&digest, rest, wire_write_request(rest, &identity));
	digest_add(&digest, path, length);
	snprintf(staged->name, STORE_NAME,
	    "r%016" PRIx64 "-%016" PRIx64 "-%c%s", digest_value(&digest),
	    sender, FIRST_TRY, store->mark);
}

/*
 * The name must still be that of the locked file, and its only one: under a
 * second one it was published, by somebody who did not come to removing this.
 */
static int
is_ours(const struct store *store, const struct store_file *staged)
{
	struct stat held, named;

	if (store_lock(staged->fd) == -1 || fstat(staged->fd, &held) == -1 ||
	    fstatat(store->staging, staged->name, &named,
		AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	errno = EAGAIN;
	if (held.st_ino != named.st_ino || !S_ISREG(held.st_mode))
		return 0;
	if (held.st_nlink == 1)
		return 1;
	if (unlinkat(store->staging, staged->name, 0) == 0)
		errno = EAGAIN;
	return 0;
}

/* Open and lock it. */
static int
claim(const struct store *store, struct store_file *staged, int create)
{
	int error;

	staged->fd = openat(store->staging, staged->name,
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
	if (staged->fd == -1 && errno == EACCES) {
		/* A finished one has its sender's mode, and is no beginning. */
		(void)store_remove_unheld(store, staged->name);
		errno = EAGAIN;
	}
	if (staged->fd == -1)
		return -1;
	if (is_ours(store, staged))
		return 0;
	error = errno == ENOENT ? EAGAIN : errno;
	close(staged->fd);
	staged->fd = -1;
	errno = error;
	return -1;
}

/* One look for the partials of one file. */
struct search {
	struct partial_finder *finder;
	io_time deadline; /* of the wait for those that are held; 0: none yet */
	int wants;	  /* the scoreboard says that it waits */
	int ended;	  /* by the tick */
};

/* One that may be claimed. */
struct candidate {
	char name[STORE_NAME];
	off_t size;
	int foreign;
};

static int
call_tick(void *argument)
{
	struct search *search = argument;

	search->ended |= tick_call(&search->finder->tick) != 0;
	return search->ended;
}

/* Nonzero if it is worth another look at what another connection holds. */
static int
goes_on_waiting(struct search *search, const char *name)
{
	struct partial_finder *finder = search->finder;
	io_time now = io_now();

	if (search->deadline == 0)
		search->deadline = now +
		    (finder->board == NULL ? PARTIAL_PATIENCE
					   : PARTIAL_PATIENCE_SHARED);
	if (now >= search->deadline || call_tick(search) != 0)
		return 0;
	if (finder->board != NULL && !search->wants) {
		scoreboard_want(finder->board, finder->slot, name);
		search->wants = 1;
	}
	(void)io_poll(NULL, 0, now + LOOK_AGAIN);
	return 1;
}

/* A connection that died may not have been noticed yet by its worker. */
static int
claim_in_time(struct search *search, struct store_file *staged)
{
	struct partial_finder *finder = search->finder;
	int error = 0;

	while (claim(finder->store, staged, 0) == -1) {
		error = errno;
		if (error != EAGAIN || !goes_on_waiting(search, staged->name))
			break;
	}
	if (search->wants)
		scoreboard_want(finder->board, finder->slot, NULL);
	search->wants = 0;
	errno = error;
	return staged->fd == -1 ? -1 : 0;
}

/* Claim it and hash it.  Returns 0, or -1 with errno. */
static int
take(struct search *search, const struct candidate *candidate, uint64_t size,
    struct partial *partial)
{
	const struct tick tick = {
	    call_tick, search, search->finder->tick.share};
	struct partial found = {.staged.fd = -1, .foreign = candidate->foreign};
	int error;

	memcpy(found.staged.name, candidate->name, STORE_NAME);
	if (claim_in_time(search, &found.staged) == -1)
		return -1;
	if (hash_file(found.staged.fd, &tick, &found.prefix) == 0) {
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

/* Insert a candidate in order, unless all in a full list are better. */
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

static void
consider(struct partial_finder *finder, const char *name, const char *own,
    struct candidate *list, size_t *count)
{
	struct candidate new = {.foreign = !partial_same_sender(name, own)};
	struct stat found;

	if ((new.foreign && !finder->shows_foreign) ||
	    fstatat(finder->store->staging, name, &found,
		AT_SYMLINK_NOFOLLOW) == -1)
		return;
	new.size = found.st_size;
	memcpy(new.name, name, STORE_NAME);
	insert(list, count, &new);
}

/*
 * Our own name is always looked for: it can be newer than the list.
 * Returns the number of candidates.
 */
static size_t
list_candidates(struct partial_finder *finder, const char *own,
    struct candidate list[CANDIDATES])
{
	const struct partial_names *names = &finder->names;
	size_t count = 0;

	partial_names_read(&finder->names, finder->store);
	for (size_t i = 0; i < names->count; i++)
		if (partial_same_file(names->names[i], own) &&
		    strcmp(names->names[i], own) != 0)
			consider(finder, names->names[i], own, list, &count);
	if (count > 0) {
		consider(finder, own, own, list, &count);
		return count;
	}
	list[0] = (struct candidate){.foreign = 0};
	memcpy(list[0].name, own, STORE_NAME);
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
		if (take(&search, &list[i], size, partial) == 0)
			return 0;
		if (search.ended)
			errno = EAGAIN;
		if (search.ended || errno == EBUSY)
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

/* Returns 0, or -1 with errno, EAGAIN if another connection holds it. */
static int
stage_one(const struct store *store, struct store_file *staged)
{
	for (int tries = 1; claim(store, staged, 1) == -1; tries++) {
		if (errno != EAGAIN || tries == STAGE_TRIES)
			return -1;
		/* The sweep may have found it before it was locked. */
		(void)io_poll(NULL, 0, io_now() + LOOK_AGAIN);
	}
	if (ftruncate(staged->fd, 0) == 0)
		return 0;
	store_discard(store, staged);
	return -1;
}

int
partial_stage(const struct store *store, struct store_file *staged)
{
	for (int try = FIRST_TRY; try <= LAST_TRY; try++) {
		staged->name[TRY_AT] = (char)try;
		if (stage_one(store, staged) == 0)
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
