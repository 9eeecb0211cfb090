/* SPDX-License-Identifier: ISC */
/* The command "put": connections, until everything has its result. */
#include "client/put.h"

#include <stddef.h>
#include <unistd.h>

#include "client/interrupt.h"
#include "client/report.h"
#include "client/retry.h"
#include "client/stream.h"
#include "client/transfer.h"
#include "client/transport.h"

/* Nothing is said about waits that are shorter. */
#define PATIENCE 1000

struct run {
	struct transfer transfer;
	struct transport transport;
	struct retry retry;
};

/* One connection.  Returns 0, or -1 with attempt and outcome. */
static int
try_once(struct run *run, struct attempt *attempt, struct outcome *outcome)
{
	struct stream_limits limits = {
	    run->retry.since, run->retry.since + run->retry.queue_timeout};
	uint64_t steps = run->transfer.window.steps;
	struct stream_end end = {0, 0};
	struct transport_link link;
	int result = transport_connect(&run->transport, &link, outcome);

	*attempt = (struct attempt){.status = STATUS_UNREACHABLE};
	if (result == -1)
		return -1;
	outcome->status = STATUS_STORED;
	result = stream_run(
	    &run->transfer, link.in, link.out, &limits, &end, outcome);
	transport_disconnect(&run->transport, &link, end.greeted, outcome);
	window_reset(&run->transfer.window, end.lost);
	attempt->connected = outcome->status != STATUS_UNREACHABLE;
	attempt->greeted = end.greeted;
	attempt->status = outcome->status;
	attempt->progressed = run->transfer.window.steps > steps;
	return result;
}

static const char *
waiting_for(enum status status)
{
	switch (status) {
	case STATUS_BUSY:
		return "busy, waiting for a free worker";
	case STATUS_DRAINING:
		return "going down, trying again";
	case STATUS_UNREACHABLE:
		return "unreachable now, trying again";
	default:
		return "closed before it greeted, trying again";
	}
}

static void
pause_for(struct run *run, int64_t delay, enum status status)
{
	io_time now = io_now(), end = now + delay;

	while (now < end && !interrupt_caught()) {
		if (!run->retry.slow && now - run->retry.since >= PATIENCE)
			progress_waiting(&run->transfer.progress,
			    run->transfer.target->shown, waiting_for(status),
			    run->retry.since, now);
		/* Without descriptors only the time or a signal ends it. */
		(void)io_poll(
		    NULL, 0, end < now + PATIENCE ? end : now + PATIENCE);
		now = io_now();
	}
}

/* All connections of the run; it has ended, well or not, when this returns. */
static void
put_all(struct run *run)
{
	struct attempt attempt;
	struct outcome outcome;
	int64_t delay;

	while (try_once(run, &attempt, &outcome) == -1 && !interrupt_caught()) {
		delay = retry_after(&run->retry, &attempt, io_now());
		/* What was read of standard input does not come again. */
		if (delay < 0 || run->transfer.spent) {
			outcome.status =
			    retry_verdict(&run->retry, outcome.status);
			report_end(&run->transfer, &outcome);
			return;
		}
		if (run->retry.slow)
			report_again(&run->transfer, &outcome, delay);
		pause_for(run, delay, outcome.status);
	}
	if (interrupt_caught())
		report_interrupt(&run->transfer);
}

/* Find the way and put everything, unless every server would refuse that. */
static void
begin(struct run *run)
{
	const struct target *target = run->transfer.target;
	const char *reason;
	struct outcome outcome;

	(void)target_directory(target, &reason);
	if (reason != NULL) {
		report_bad_target(&run->transfer, reason);
		return;
	}
	if (transport_open(&run->transport, target->host, run->transfer.options,
		&outcome) == -1) {
		report_end(&run->transfer, &outcome);
		return;
	}
	interrupt_catch();
	put_all(run);
	transport_close(&run->transport);
}

int
put_run(const struct options *options, const struct target *target,
    char *const *sources, size_t count)
{
	struct run run;
	struct outcome outcome;
	io_time now = io_now();

	if (transfer_init(&run.transfer, options, target, sources, count) ==
	    -1) {
		outcome_set(&outcome, STATUS_MEMORY, "%s", "");
		report_end(&run.transfer, &outcome);
		return tally_exit(&run.transfer.tally);
	}
	retry_init(&run.retry, options->queue_timeout, options->retry,
	    (uint32_t)now ^ (uint32_t)getpid(), now);
	begin(&run);
	progress_end(&run.transfer.progress);
	transfer_release(&run.transfer);
	return tally_exit(&run.transfer.tally);
}
