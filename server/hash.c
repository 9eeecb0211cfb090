/* SPDX-License-Identifier: ISC */
/* The digest of what a file holds, read in slices. */
#include "server/hash.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/holes.h"

int
tick_call(const struct tick *tick)
{
	return tick->tick(tick->argument);
}

int
hash_file(int fd, const struct tick *tick, struct digest *digest)
{
	struct holes holes;
	struct stat found;
	ssize_t got;

	digest_init(digest);
	if (fstat(fd, &found) == -1)
		return -1;
	holes_init(&holes, fd, &found);
	while ((got = holes_hash(&holes, fd, UINT64_MAX, digest)) > 0) {
		if (tick_call(tick) != 0) {
			errno = EAGAIN;
			return -1;
		}
	}
	return got == 0 ? 0 : -1;
}
