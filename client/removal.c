/* SPDX-License-Identifier: ISC */
/* Sources that are removed, since what they held is stored. */
#include "client/removal.h"

#include "client/report.h"

void
removal_follow(
    struct transfer *transfer, const struct request *request, int durable)
{
	const struct options *options = transfer->options;
	struct outcome outcome;
	int result;

	if (!options->remove_source || request->kind != WIRE_FILE)
		return;
	if (!durable) {
		report_unsynced(transfer);
		return;
	}
	result = source_remove(
	    &request->source, options->follow, &request->identity, &outcome);
	if (result != 0)
		report_unremoved(transfer, request, result == -1, &outcome);
}
