/* SPDX-License-Identifier: ISC */
/* Count the results of a run, and derive its exit status. */
#include "client/run/tally.h"

#define EXIT_MIXED 23

void
tally_count(struct tally *tally, enum status status)
{
	int code = status_exit(status);

	if (status_success(status)) {
		tally->stored++;
		tally->unchanged += status == STATUS_UNCHANGED;
		return;
	}
	if (tally->failed++ == 0)
		tally->shared = code;
	else if (tally->shared != code)
		tally->differ = 1;
}

void
tally_end(struct tally *tally, enum status status)
{
	int code = status_exit(status);

	switch (code) {
	case 2:
	case 10:
	case 30:
	case 35:
	case 75:
		tally->ended = code;
		break;
	default:
		tally_count(tally, status);
	}
}

int
tally_exit(const struct tally *tally)
{
	if (tally->ended != 0)
		return tally->ended;
	if (tally->failed == 0 && tally->stored == 0 &&
	    tally->directories == 0 && tally->skipped > 0)
		return status_exit(STATUS_SOURCE);
	if (tally->failed == 0)
		return tally->unremoved > 0 ? EXIT_MIXED : 0;
	return tally->stored > 0 || tally->differ ? EXIT_MIXED : tally->shared;
}
