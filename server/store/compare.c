/* SPDX-License-Identifier: ISC */
/* Hash files, and compare them with a request: size, time, digest. */
#include "server/store/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/holes.h"

/* Returns 0, or -1 with errno. */
static int
hash_slices(const struct comparer *comparer, int fd, const struct stat *found,
    struct digest *digest)
{
	struct holes holes;
	ssize_t got;

	holes_init(&holes, fd, found);
	while ((got = holes_hash(&holes, fd, UINT64_MAX, digest)) > 0) {
		if (keepalive_call(&comparer->keepalive) != 0) {
			errno = EAGAIN;
			return -1;
		}
	}
	return got == 0 ? 0 : -1;
}

int
compare_hash(const struct comparer *comparer, int fd, struct digest *digest)
{
	struct stat found;
	int result;

	digest_init(digest);
	if (fstat(fd, &found) == -1)
		return -1;
	if (comparer->board == NULL || found.st_size < COMPARE_SMALL)
		return hash_slices(comparer, fd, &found, digest);
	if (!scoreboard_begin_compare(
		comparer->board, comparer->slot, comparer->most)) {
		errno = EBUSY;
		return -1;
	}
	result = hash_slices(comparer, fd, &found, digest);
	scoreboard_end_compare(comparer->board, comparer->slot);
	return result;
}

static int
has_size(const struct stat *found, uint64_t size)
{
	return S_ISREG(found->st_mode) && (uint64_t)found->st_size == size;
}

int
compare_time(const struct store *store, const struct wire_request *request,
    const struct stat *found)
{
	const struct timespec requested = store_time_of(request);

	return has_size(found, request->size) &&
	    file_system_is_time(&store->system, &found->st_mtim, &requested);
}

int
compare_digest(const struct comparer *comparer,
    const struct wire_request *request, int directory, const char *name,
    const struct stat *found)
{
	struct digest digest;
	int fd, error;

	errno = 0;
	if (!has_size(found, request->size))
		return -1;
	fd = openat(
	    directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (compare_hash(comparer, fd, &digest) == 0 &&
	    digest.length == request->size &&
	    digest_value(&digest) == request->digest)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
