/* SPDX-License-Identifier: ISC */
/* Free space: how much must stay free, and when a worker checks it again. */
#include "server/store/space.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/os.h"
#include "common/text.h"
#include "server/shared/child.h"

/* Seconds between two syncs of the file system. */
#define SYNC_INTERVAL 60

/* When the next one is due, in seconds of the monotonic clock. */
static _Atomic uint32_t own_next_sync;
static _Atomic uint32_t *next_sync = &own_next_sync;

static uint64_t
percent_of(uint64_t whole, int percent)
{
	uint64_t share = (uint64_t)percent;

	return whole / 100 * share + whole % 100 * share / 100;
}

static uint64_t
bytes_to_spare(const struct store *store, const struct statvfs *system)
{
	uint64_t bytes = percent_of(system->f_blocks, store->free_percent) *
	    (uint64_t)system->f_frsize;

	return bytes > store->free_bytes ? bytes : store->free_bytes;
}

static uint64_t
difference(uint64_t more, uint64_t less)
{
	return more > less ? more - less : 0;
}

static void
begin_share(struct space_account *account, unsigned workers,
    const struct statvfs *system, const struct space_amount *usable)
{
	uint64_t block = (uint64_t)system->f_frsize;
	uint64_t share = workers > 0 ? usable->bytes / 2 / workers : 0;
	uint64_t files = workers > 0 ? usable->files / 2 / workers : 0;

	if (share > SPACE_SHARE_MOST)
		share = SPACE_SHARE_MOST;
	/* Each file takes at least one block. */
	if (share > block && files < share / block)
		share = files * block;
	if (share < SPACE_SHARE_LEAST)
		share = SPACE_SHARE_LEAST;
	account->share = share;
	account->used = 0;
	account->block = block;
	account->expires = io_now() + SPACE_CHECK_TIME;
}

static int
fail_full(
    struct outcome *outcome, uint64_t needed, uint64_t available, uint64_t keep)
{
	char needs[TEXT_NUMBER], there[TEXT_NUMBER], kept[TEXT_NUMBER];

	/* needed is 0 if the file's size is unknown. */
	outcome_set(outcome, STATUS_NO_SPACE,
	    "%s: %s%s%s%s free, of which %s must stay free", strerror(ENOSPC),
	    needed > 0 ? "needs " : "",
	    needed > 0 ? text_size(needs, needed) : "", needed > 0 ? ", " : "",
	    text_size(there, available), text_size(kept, keep));
	return -1;
}

static int
fail_inodes(struct outcome *outcome, uint64_t available, uint64_t keep)
{
	outcome_set(outcome, STATUS_NO_SPACE,
	    "%s: %llu inodes free, of which %llu must stay free",
	    strerror(ENOSPC), (unsigned long long)available,
	    (unsigned long long)keep);
	return -1;
}

/* The space above what must stay free; UINT64_MAX if it is unknown. */
static struct space_amount
count_usable(const struct statvfs *system, const struct space_amount *there,
    const struct space_amount *keep)
{
	return (struct space_amount){system->f_blocks == 0
		? UINT64_MAX
		: difference(there->bytes, keep->bytes),
	    system->f_files == 0 ? UINT64_MAX
				 : difference(there->files, keep->files)};
}

/*
 * When a file is complete, the file system frees the space that it preallocated
 * beyond the content.  So count this surplus as free.
 */
static struct space_amount
count_lack(const struct statvfs *system, const struct space_amount *there,
    const struct space_amount *keep, const struct space_amount *needed,
    const struct space_amount *held)
{
	uint64_t bytes = difference(needed->bytes, held->bytes);
	uint64_t surplus = difference(held->bytes, needed->bytes);
	uint64_t files = difference(needed->files, held->files);
	uint64_t missing = difference(keep->bytes, there->bytes);
	uint64_t usable = difference(there->bytes, keep->bytes);
	struct space_amount lack = {0, 0};

	if (system->f_blocks != 0) {
		lack.bytes = difference(bytes, usable);
		missing = difference(missing, surplus);
		lack.bytes += missing < UINT64_MAX - lack.bytes
		    ? missing
		    : UINT64_MAX - lack.bytes;
	}
	if (system->f_files != 0 && files > 0)
		lack.files = difference(keep->files + files, there->files);
	return lack;
}

int
space_check(const struct store *store, struct space_account *account,
    const struct space_amount *needed, const struct space_amount *held,
    struct outcome *outcome)
{
	const struct space_amount unknown = {UINT64_MAX, UINT64_MAX};
	struct space_amount there, keep, lack, usable;
	struct statvfs system;

	if (fstatvfs(store->staging, &system) == -1) {
		outcome_set_errno(outcome, errno, "free space");
		if (account != NULL)
			account->lack = unknown;
		return -1;
	}
	there.bytes = (uint64_t)system.f_bavail * (uint64_t)system.f_frsize;
	there.files = system.f_favail;
	keep.bytes = bytes_to_spare(store, &system);
	keep.files = percent_of(system.f_files, store->free_percent);
	lack = count_lack(&system, &there, &keep, needed, held);
	usable = count_usable(&system, &there, &keep);
	if (account != NULL) {
		begin_share(account, store->workers, &system, &usable);
		account->lack = lack;
	}
	if (lack.bytes == 0 && lack.files == 0)
		return 0;
	if (account != NULL)
		account->share = 0;
	return lack.bytes > 0
	    ? fail_full(outcome, difference(needed->bytes, held->bytes),
		  there.bytes, keep.bytes)
	    : fail_inodes(outcome, there.files, keep.files);
}

uint64_t
space_left(const struct space_account *account)
{
	if (account->used >= account->share || io_now() >= account->expires)
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

int
space_sync_due(void)
{
	uint32_t now = (uint32_t)(io_now() / 1000);
	uint32_t due = atomic_load(next_sync);

	return now >= due &&
	    atomic_compare_exchange_strong(
		next_sync, &due, now + SYNC_INTERVAL);
}

static int
sync_now(void *argument)
{
	const struct store *store = argument;

	os_sync_file_system(store->staging);
	return 0;
}

void
space_sync(const struct store *store)
{
	struct store copy = *store;

	(void)child_run(sync_now, &copy, store->keepalive);
}
