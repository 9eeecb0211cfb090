/* SPDX-License-Identifier: ISC */
/* The digest of what a file holds, read in slices. */
#include "server/hash.h"

#include <errno.h>

#include "common/io.h"

#define SLICE (256 * 1024)

int
tick_call(const struct tick *tick)
{
	return tick->tick(tick->argument);
}

int
hash_file(int fd, const struct tick *tick, struct digest *digest)
{
	static uint8_t slice[SLICE];
	ssize_t got;

	digest_init(digest);
	while ((got = io_read(fd, slice, sizeof(slice))) > 0) {
		digest_add(digest, slice, (size_t)got);
		if (tick_call(tick) != 0) {
			errno = EAGAIN;
			return -1;
		}
	}
	return got == 0 ? 0 : -1;
}
