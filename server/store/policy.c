/* SPDX-License-Identifier: ISC */
/* Check what this server accepts: kind, size, mode and time, and space. */
#include "server/store/policy.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/text.h"
#include "server/store/sweep.h"

int
policy_keeps_existing(
    const struct policy *policy, const struct wire_request *request)
{
	return policy->never_overwrite ||
	    (request->wishes & WIRE_NO_CLOBBER) != 0;
}

/* Name the time that the file system cannot keep. */
static void
refuse_time(const struct store *store, const struct timespec *modified,
    struct outcome *outcome)
{
	struct tm when;

	if (store->system.granularity == 0)
		outcome_set(
		    outcome, STATUS_REFUSED, "this file system keeps no times");
	else if (gmtime_r(&modified->tv_sec, &when) == NULL)
		outcome_set(outcome, STATUS_REFUSED,
		    "this file system cannot keep its time");
	else
		outcome_set(outcome, STATUS_REFUSED,
		    "this file system cannot keep its time, of the year %lld",
		    1900LL + when.tm_year);
}

int
policy_check_attributes(const struct policy *policy,
    const struct wire_request *request, struct outcome *outcome)
{
	const struct store *store = policy->store;
	const struct timespec modified = store_time_of(request);

	if ((request->attributes & WIRE_EXACT_MODE) == 0)
		return 0;
	if (store->system.modes == MODES_REFUSED)
		outcome_set(outcome, STATUS_REFUSED,
		    "this file system refuses to change modes");
	else if ((request->attributes & WIRE_TIME) != 0 &&
	    !file_system_keeps_time(&store->system, store->staging, &modified))
		refuse_time(store, &modified, outcome);
	else
		return 0;
	errno = 0;
	return -1;
}

int
policy_check_open(const struct policy *policy, struct outcome *outcome)
{
	if (!policy->sync_failed)
		return store_check_place(policy->store, outcome);
	outcome_set(outcome, STATUS_FAILED,
	    "a directory could not be synced before: try again on a new "
	    "connection");
	return -1;
}

int
policy_check_sync(const struct policy *policy,
    const struct wire_request *request, struct outcome *outcome)
{
	const char *why = store_unsynced(policy->store);

	if ((request->wishes & WIRE_REQUIRE_SYNC) == 0 || why == NULL)
		return 0;
	outcome_set(outcome, STATUS_REFUSED, "%s", why);
	return -1;
}

uint64_t
policy_largest(const struct policy *policy)
{
	return policy->max_size < policy->store->system.largest
	    ? policy->max_size
	    : policy->store->system.largest;
}

int
policy_check_file(const struct policy *policy,
    const struct wire_request *request, struct outcome *outcome)
{
	char limit[TEXT_NUMBER];

	if (policy_check_open(policy, outcome) == -1 ||
	    policy_check_sync(policy, request, outcome) == -1)
		return -1;
	if (request->kind != WIRE_KIND_FILE) {
		outcome_set(outcome, STATUS_REFUSED, "not a regular file");
		return -1;
	}
	if (request->size == WIRE_SIZE_UNKNOWN ||
	    request->size <= policy_largest(policy))
		return policy_check_attributes(policy, request, outcome);
	if (request->size > policy->max_size)
		outcome_set(outcome, STATUS_NO_SPACE,
		    "files over %s are not taken here",
		    text_size(limit, policy->max_size));
	else
		outcome_set(outcome, STATUS_NO_SPACE,
		    "%s: the file system takes files up to %s", strerror(EFBIG),
		    text_size(limit, policy->store->system.largest));
	return -1;
}

int
policy_find_space(const struct policy *policy,
    const struct space_amount *needed, const struct space_amount *held,
    struct outcome *outcome)
{
	const struct store *store = policy->store;
	struct space_account *account = policy->account;

	if (space_check(store, account, needed, held, outcome) == 0)
		return 0;
	if (space_sync_due()) {
		space_sync(store);
		if (space_check(store, account, needed, held, outcome) == 0)
			return 0;
	}
	if (!sweep_for_space(store, &account->lack))
		return -1;
	if (space_check(store, account, needed, held, outcome) == 0)
		return 0;
	space_sync(store);
	return space_check(store, account, needed, held, outcome);
}

int
policy_check_replace(const struct policy *policy,
    const struct wire_request *request, const struct stat *found,
    struct outcome *outcome)
{
	if (!policy_keeps_existing(policy, request))
		return 0;
	if (found->st_mode != 0)
		outcome_set(outcome, STATUS_EXISTS, "not to be replaced");
	else if (policy->store->system.new_names == NEW_NEVER)
		outcome_set(outcome, STATUS_REFUSED,
		    "this file system cannot give a name without replacing "
		    "what has it");
	else
		return 0;
	return -1;
}

/* Count the file or directory itself and the parents, which may be missing. */
static uint64_t
count_entries(const struct destination *destination)
{
	uint64_t entries = 1;

	for (size_t i = 0; i < destination->length; i++)
		entries += destination->path[i] == '/';
	return entries;
}

uint64_t
policy_announced(
    const struct policy *policy, const struct wire_request *request)
{
	if (request->size == WIRE_SIZE_UNKNOWN)
		return 0;
	return policy->store->system.fills_holes ? request->size
						 : request->allocated;
}

int
policy_check_room(const struct policy *policy,
    const struct wire_request *request, const struct destination *destination,
    const struct space_amount *held, struct outcome *outcome)
{
	struct space_account *account = policy->account;
	uint64_t entries = count_entries(destination);
	uint64_t left = space_left(account), taken = entries * account->block;
	uint64_t announced = policy_announced(policy, request);
	const struct space_amount needed = {announced + taken, entries};

	if ((left <= taken || announced > left - taken) &&
	    policy_find_space(policy, &needed, held, outcome) == -1)
		return -1;
	space_use(account, entries * account->block);
	return 0;
}
