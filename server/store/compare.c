/* SPDX-License-Identifier: ISC */
/* Whether a target is already what the client has. */
#include "server/store/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "server/shared/hash.h"

int
compare_time(const struct store *store, const struct wire_request *request,
    const struct stat *found)
{
	const struct timespec wished = store_time_of(request);

	return S_ISREG(found->st_mode) &&
	    (uint64_t)found->st_size == request->size &&
	    file_system_is_time(&store->system, &found->st_mtim, &wished);
}

int
compare_digest(const struct wire_request *request,
    const struct destination *destination, const struct stat *found,
    const struct tick *tick)
{
	struct digest digest;
	int fd, error;

	errno = 0;
	if (!S_ISREG(found->st_mode) ||
	    (uint64_t)found->st_size != request->size)
		return -1;
	fd = openat(destination->directory->fd, destination->name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (hash_file(fd, tick, &digest) == 0 &&
	    digest.length == request->size &&
	    digest_value(&digest) == request->digest)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
