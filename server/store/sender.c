/* SPDX-License-Identifier: ISC */
/* Identify a sending host by a number that does not reveal its address. */
#include "server/store/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/io.h"
#include "common/log.h"
#include "common/os.h"
#include "server/store/staging.h"

/* Another server may hold the lock briefly while it starts. */
#define LOCK_TRIES 20
#define LOCK_WAIT 10 /* milliseconds */

/* Returns 0, or -1 with errno. */
static int
lock(int fd)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (staging_lock(fd) == 0)
			return 0;
		if (errno != EAGAIN)
			return -1;
		(void)io_poll(NULL, 0, io_now() + LOCK_WAIT);
	}
	errno = EAGAIN;
	return -1;
}

/*
 * Read the secret.  If the file is empty, or too short because a server died,
 * write the secret.  Returns 0, or -1 with errno.
 */
static int
read_or_write(int fd, uint8_t secret[STORE_SECRET])
{
	uint8_t found[STORE_SECRET];

	if (lock(fd) == -1)
		return -1;
	if (pread(fd, found, sizeof(found), 0) == (ssize_t)sizeof(found)) {
		memcpy(secret, found, sizeof(found));
		return 0;
	}
	return pwrite(fd, secret, STORE_SECRET, 0) == STORE_SECRET ? 0 : -1;
}

void
sender_learn_secret(struct store *store)
{
	int fd;

	if (os_random(store->secret, sizeof(store->secret)) == -1)
		log_warn("cannot get random numbers: %s", strerror(errno));
	/* If a power cut lost the secret, senders would lose their partials. */
	fd = openat(store->staging, SENDER_SECRET,
	    O_RDWR | O_CREAT | O_SYNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0600);
	if (fd == -1 || read_or_write(fd, store->secret) == -1)
		log_warn("cannot save the secret in the staging directory: %s",
		    strerror(errno));
	if (fd != -1)
		close(fd);
}

uint64_t
sender_of(const struct store *store, const struct address_ip *ip)
{
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, store->secret, sizeof(store->secret));
	digest_add(&digest, ip->bytes, address_host_length(ip));
	digest_add(&digest, store->secret, sizeof(store->secret));
	return digest_value(&digest);
}
