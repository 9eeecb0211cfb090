/* SPDX-License-Identifier: ISC */
/* What is kept of large files that did not arrive whole, for another try. */
#include "server/partial.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/io.h"
#include "common/os.h"

/* Between two looks at a lock, in milliseconds. */
#define LOOK_AGAIN 50

/* How often a file is made before it is taken for another connection's. */
#define STAGE_TRIES 3

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

/*
 * One name for one state of one source on its way to one place.  Two that
 * share a name by accident do no harm: the client compares the digest.
 */
void
partial_name(const struct store *store, struct staged *staged, const char *path,
    size_t length, const struct wire_request *request)
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
	snprintf(staged->name, STORE_NAME, "r%016" PRIx64 "%s",
	    digest_value(&digest), store->mark);
}

/*
 * The name must still be that of the locked file, and its only one: under a
 * second one it was published, by somebody who did not come to removing this.
 */
static int
is_ours(const struct store *store, const struct staged *staged)
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
claim(const struct store *store, struct staged *staged, int create)
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

/* A connection that died may not have been noticed yet by its worker. */
static int
claim_in_time(
    const struct store *store, struct staged *staged, const struct tick *tick)
{
	io_time deadline = io_now() + PARTIAL_PATIENCE;

	while (claim(store, staged, 0) == -1) {
		if (errno != EAGAIN)
			return -1;
		if (io_now() >= deadline || tick_call(tick) != 0) {
			errno = EAGAIN;
			return -1;
		}
		(void)io_poll(NULL, 0, io_now() + LOOK_AGAIN);
	}
	return 0;
}

int
partial_find(const struct store *store, uint64_t size, const struct tick *tick,
    struct partial *partial)
{
	int error;

	if (claim_in_time(store, &partial->staged, tick) == -1)
		return -1;
	if (hash_file(partial->staged.fd, tick, &partial->prefix) == 0) {
		if (partial->prefix.length <= size)
			return 0;
		errno = EFBIG;
	}
	error = errno;
	partial_release(partial);
	errno = error;
	return -1;
}

int
partial_stage(const struct store *store, struct staged *staged)
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

void
partial_release(struct partial *partial)
{
	if (partial->staged.fd != -1)
		close(partial->staged.fd);
	partial->staged.fd = -1;
}
