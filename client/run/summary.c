/* SPDX-License-Identifier: ISC */
/* Report how a run ended: all results counted, and each file without one. */
#include "client/run/summary.h"

#include <inttypes.h>
#include <stdio.h>

/* Room for the counts of all results. */
#define COUNTS 128

/* The results of all files, counted. */
struct state {
	uint64_t stored, unchanged, unconfirmed, unstored;
};

static struct state
count_all(const struct run *run)
{
	const struct tally *tally = &run->report.tally;
	struct state state = {
	    run->options->dry_run ? 0 : tally->stored - tally->unchanged,
	    tally->unchanged, tally->unconfirmed,
	    tally->failed - tally->unconfirmed +
		queue_count_unsent(&run->queue)};

	for (const struct request *request = run->again.first; request != NULL;
	     request = request->next) {
		if (request->kind == WIRE_KIND_DIRECTORY)
			continue;
		state.unconfirmed += request->uncertain != 0;
		state.unstored += request->uncertain == 0;
	}
	return state;
}

static int
is_empty(const struct state *state)
{
	return state->stored == 0 && state->unchanged == 0 &&
	    state->unconfirmed == 0;
}

static void
describe_state(char buffer[COUNTS], const struct state *state)
{
	char unchanged[64] = "";

	if (state->unchanged > 0)
		snprintf(unchanged, sizeof(unchanged),
		    "%" PRIu64 " unchanged, ", state->unchanged);
	if (is_empty(state))
		snprintf(buffer, COUNTS, "nothing was stored");
	else
		snprintf(buffer, COUNTS,
		    "%" PRIu64 " stored, %s%" PRIu64 " not confirmed, %" PRIu64
		    " not stored",
		    state->stored, unchanged, state->unconfirmed,
		    state->unstored);
}

/*
 * Report every file that has no result yet.  If printed is set, report it on
 * standard error, too.
 */
static void
report_all(struct run *run, const struct outcome *outcome, int printed)
{
	struct report *report = &run->report;
	struct source source;
	int begun;

	for (const struct request *request = run->again.first; request != NULL;
	     request = request->next) {
		const char *what =
		    request->uncertain ? "not confirmed" : "not stored";

		if (request->kind == WIRE_KIND_FILE)
			report_rest(report, &request->source,
			    request->uncertain, outcome, printed ? what : NULL);
	}
	while (queue_next_unsent(&run->queue, &source, &begun)) {
		const char *what =
		    begun ? "the rest was not stored" : "not stored";

		report_rest(report, &source, 0, outcome, printed ? what : NULL);
	}
}

static void
end_run(struct run *run, const char *subject, const struct outcome *outcome)
{
	struct report *report = &run->report;
	struct state state = count_all(run);
	char cause[REPORT_CAUSE], counts[COUNTS];

	describe_state(counts, &state);
	report_print(report, "ftx: %s; %s%s",
	    report_cause(report, cause, subject, outcome), counts,
	    report_advice(outcome->status));
	report_all(run, outcome, !is_empty(&state));
	tally_end(&report->tally, outcome->status);
}

void
summary_end(struct run *run, const struct outcome *outcome)
{
	end_run(run, run->remote.target->shown, outcome);
}

void
summary_bad_target(struct run *run, const char *reason)
{
	struct outcome outcome;
	char target[TARGET_ERROR];

	outcome_set(&outcome, STATUS_REFUSED, "%s", reason);
	end_run(run, target_show(run->remote.target, target), &outcome);
}

void
summary_interrupted(struct run *run)
{
	const struct outcome outcome = {STATUS_CANCELLED, "interrupted"};
	struct state state = count_all(run);
	char counts[COUNTS];

	describe_state(counts, &state);
	report_print(&run->report, "ftx: %s: interrupted; %s, run again",
	    run->remote.target->shown, counts);
	report_all(run, &outcome, 0);
}

int
summary_exit(struct run *run, int status)
{
	struct report *report = &run->report;

	return events_end(&report->events, report->tally.directories, status);
}
