/* SPDX-License-Identifier: ISC */
/* Free space: what must stay free, and when a worker looks at it again. */
#include "server/space.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/os.h"
#include "common/text.h"

/* Seconds between two syncs of the whole file system. */
#define SYNC_INTERVAL 60

/* The second of the monotonic clock from which the next one is due. */
static _Atomic uint32_t own_next_sync;
static _Atomic uint32_t *next_sync = &own_next_sync;

static uint64_t
bytes_to_keep(const struct store *store, const struct statvfs *system)
{
	uint64_t blocks = system->f_blocks;
	uint64_t percent = (uint64_t)store->free_percent;
	uint64_t kept = blocks / 100 * percent + blocks % 100 * percent / 100;
	uint64_t bytes = kept * (uint64_t)system->f_frsize;

	return bytes > store->free_bytes ? bytes : store->free_bytes;
}

static void
begin_share(struct space_account *account, unsigned workers,
    const struct statvfs *system, uint64_t usable)
{
	uint64_t share = workers > 0 ? usable / 2 / workers : 0;

	if (share > SPACE_SHARE_MOST)
		share = SPACE_SHARE_MOST;
	if (share < SPACE_SHARE_LEAST)
		share = SPACE_SHARE_LEAST;
	account->share = share;
	account->used = 0;
	account->block = (uint64_t)system->f_frsize;
	account->until = io_now() + SPACE_LOOK_TIME;
}

static int
fail_full(
    struct outcome *outcome, uint64_t needed, uint64_t available, uint64_t keep)
{
	char needs[TEXT_NUMBER], there[TEXT_NUMBER], kept[TEXT_NUMBER];

	outcome_set(outcome, STATUS_NO_SPACE,
	    "%s: needs %s, %s free, of which %s must stay free",
	    strerror(ENOSPC), text_size(needs, needed),
	    text_size(there, available), text_size(kept, keep));
	return -1;
}

int
space_look(const struct store *store, struct space_account *account,
    uint64_t bytes, uint64_t held, struct outcome *outcome)
{
	uint64_t needed = bytes > held ? bytes - held : 0;
	uint64_t surplus = held > bytes ? held - bytes : 0;
	uint64_t available, keep, usable;
	struct statvfs system;

	if (fstatvfs(store->staging, &system) == -1) {
		outcome_set_errno(outcome, errno, "free space");
		return -1;
	}
	available = (uint64_t)system.f_bavail * (uint64_t)system.f_frsize;
	keep = bytes_to_keep(store, &system);
	usable = available > keep ? available - keep : 0;
	/* Some file systems have no such numbers. */
	if (system.f_blocks == 0)
		usable = UINT64_MAX;
	if (account != NULL)
		begin_share(account, store->workers, &system, usable);
	/* The surplus is preallocated, and is free again when the file ends. */
	if (usable > 0 ? needed <= usable
		       : needed == 0 && keep - available <= surplus)
		return 0;
	if (account != NULL)
		account->share = 0;
	return fail_full(outcome, needed, available, keep);
}

uint64_t
space_left(const struct space_account *account)
{
	if (account->used >= account->share || io_now() >= account->until)
		return 0;
	return account->share - account->used;
}

void
space_use(struct space_account *account, uint64_t bytes)
{
	uint64_t most = UINT64_MAX - account->used;

	account->used += bytes < most ? bytes : most;
}

uint64_t
space_allocated(int fd)
{
	struct stat found;

	return fstat(fd, &found) == 0 ? (uint64_t)found.st_blocks * OS_BLOCK
				      : 0;
}

void
space_share_sync(void)
{
	_Atomic uint32_t *shared = os_shared_memory(sizeof(*shared));

	if (shared != NULL)
		next_sync = shared;
}

void
space_sync(const struct store *store)
{
	uint32_t now = (uint32_t)(io_now() / 1000);
	uint32_t due = atomic_load(next_sync);

	if (now >= due &&
	    atomic_compare_exchange_strong(
		next_sync, &due, now + SYNC_INTERVAL))
		os_sync_file_system(store->staging);
}
