/* SPDX-License-Identifier: ISC */
/* The digest of what a file holds, read in slices. */
#include "server/shared/hash.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/holes.h"
#include "server/shared/scoreboard.h"

int
tick_call(const struct tick *tick)
{
	return tick->tick(tick->argument);
}

/* Returns 0, or -1 with errno. */
static int
hash_all(int fd, const struct stat *found, const struct tick *tick,
    struct digest *digest)
{
	struct holes holes;
	ssize_t got;

	holes_init(&holes, fd, found);
	while ((got = holes_hash(&holes, fd, UINT64_MAX, digest)) > 0) {
		if (tick_call(tick) != 0) {
			errno = EAGAIN;
			return -1;
		}
	}
	return got == 0 ? 0 : -1;
}

int
hash_file(int fd, const struct tick *tick, struct digest *digest)
{
	const struct hash_share *share = tick->share;
	struct stat found;
	int result;

	digest_init(digest);
	if (fstat(fd, &found) == -1)
		return -1;
	if (share == NULL || share->board == NULL || found.st_size < HASH_SMALL)
		return hash_all(fd, &found, tick, digest);
	if (!scoreboard_compare(share->board, share->slot, share->most)) {
		errno = EBUSY;
		return -1;
	}
	result = hash_all(fd, &found, tick, digest);
	scoreboard_compared(share->board, share->slot);
	return result;
}
