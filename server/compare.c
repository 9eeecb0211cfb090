/* SPDX-License-Identifier: ISC */
/* Whether a target is already what the client has. */
#include "server/compare.h"

#include <fcntl.h>
#include <unistd.h>

#include "server/hash.h"

int
compare_time(const struct wire_request *request, const struct stat *found)
{
	return S_ISREG(found->st_mode) &&
	    (uint64_t)found->st_size == request->size &&
	    found->st_mtim.tv_sec == request->seconds &&
	    found->st_mtim.tv_nsec == (long)request->nanoseconds;
}

int
compare_digest(const struct wire_request *request,
    const struct destination *destination, const struct stat *found,
    const struct tick *tick)
{
	struct digest digest;
	int fd;

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
	close(fd);
	return -1;
}
