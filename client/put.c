/* SPDX-License-Identifier: ISC */
/* The command "put": send all sources over one or more streams. */
#include "client/put.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/connection/stream.h"
#include "client/run/summary.h"
#include "client/shared/descriptors.h"
#include "client/shared/interrupt.h"
#include "common/blocking.h"
#include "common/text.h"

/* Milliseconds after which a wait is shown. */
#define SHOW_AFTER 1000

/* Milliseconds between two updates of the progress, at most. */
#define TICK 1000

/*
 * Milliseconds after which a blocked source is reported even if no progress is
 * shown.
 */
#define NOTICE_AFTER 5000

/* Room for the escaped path of a source. */
#define SHOWN_SOURCE 1024

/* A shell adds this to a signal's number. */
#define EXIT_SIGNAL 128

struct put {
	struct run run;
	struct transport transport;
	struct stream *streams; /* owned */
	struct pollfd *waits;
	size_t count, opened; /* streams allowed, and opened so far */
	size_t turn;	      /* the stream that sends first */
	int greeted;	      /* a worker has greeted, on any stream */
	int failed;	      /* the run ends with outcome */
	struct outcome outcome;
};

/* Nonzero if any stream is open, or will connect. */
static int
has_streams(const struct put *put)
{
	for (size_t i = 0; i < put->opened; i++)
		if (put->streams[i].state != STREAM_CLOSED)
			return 1;
	return 0;
}

/* Nonzero if this failure need not end the run while other streams are left. */
static int
is_expendable(const struct stream *stream)
{
	switch (stream->attempt.status) {
	case STATUS_LOST:
	case STATUS_STALLED:
	case STATUS_BUSY:
	case STATUS_DRAINING:
	case STATUS_UNREACHABLE:
	case STATUS_UNTRIED:
		return 1;
	default:
		return !stream->retry.greeted;
	}
}

/* A stream failed: connect again, leave its work to others, or end the run. */
static void
handle_failure(struct put *put, struct stream *stream, struct outcome *outcome)
{
	int others = has_streams(put), further = stream != put->streams;
	int64_t delay;

	put->greeted |= stream->attempt.greeted;
	/* For the last stream, the greeting on any stream counts. */
	if (!others && put->greeted)
		stream->retry.connected = stream->retry.greeted = 1;
	delay = stream_retry(stream);
	if (others && further && !stream->retry.greeted)
		stream->state = STREAM_CLOSED;
	if (stream->state == STREAM_PAUSED) {
		if (stream->retry.slow && !others)
			report_retry(&put->run.report, outcome, delay);
		return;
	}
	if (others && is_expendable(stream))
		return;
	put->failed = 1;
	put->outcome = *outcome;
	put->outcome.status =
	    retry_final_status(&stream->retry, outcome->status);
}

/* Returns nonzero if there is more to do at once. */
static int
step_stream(struct put *put, struct stream *stream)
{
	struct outcome outcome;

	outcome_set(&outcome, STATUS_STORED, "%s", "");
	switch (stream_step(stream, &outcome)) {
	case STREAM_MORE:
	case STREAM_ENDED:
		return 1;
	case STREAM_FAILED:
		handle_failure(put, stream, &outcome);
		return 1;
	default:
		return 0;
	}
}

/*
 * Give every stream its turn.  Under a rate limit, the first one may use all
 * that is allowed.  So the next turn begins after the last stream that has
 * sent.  Returns nonzero if there is more to do at once.
 */
static int
step_streams(struct put *put)
{
	const struct rate *rate = &put->run.rate;
	size_t first = put->turn;
	int more = 0;

	for (size_t i = 0; i < put->opened && !put->failed; i++) {
		size_t number = (first + i) % put->opened;
		uint64_t spent = rate->spent;

		more |= step_stream(put, &put->streams[number]);
		if (rate->limit != 0 && rate->spent != spent)
			put->turn = number + 1;
	}
	return more;
}

static void
add_stream(struct put *put)
{
	unsigned number = (unsigned)put->opened++;
	/* Let the streams of this and other hosts retry at different times. */
	uint32_t seed =
	    (uint32_t)io_now() ^ (uint32_t)getpid() ^ (uint32_t)number << 16;

	stream_init(
	    &put->streams[number], &put->run, &put->transport, number, seed);
}

/* Once the first stream has resolved the target, open the others. */
static void
open_further(struct put *put)
{
	const struct run *run = &put->run;

	if (!remote_is_resolved(&run->remote) || run_is_exhausted(run))
		return;
	while (put->opened < put->count)
		add_stream(put);
}

static const char *
describe_pause(const struct stream *stream)
{
	switch (stream->attempt.status) {
	case STATUS_BUSY:
		return "busy, waiting for a free worker";
	case STATUS_DRAINING:
		return "going down, trying again";
	case STATUS_UNREACHABLE:
		return "unreachable now, trying again";
	default:
		return stream->retry.slow
		    ? "connection lost, trying again"
		    : "closed before it greeted, trying again";
	}
}

static void
show_pause(struct put *put, const struct stream *stream, io_time now)
{
	struct meter meter =
	    run_meter_waiting(&put->run, describe_pause(stream),
		stream->retry.slow ? stream->since : stream->retry.since);

	/* A lost connection has been reported already. */
	meter.brief =
	    !stream->retry.slow && now - stream->retry.since < SHOW_AFTER;
	meter.notice = stream->retry.slow ? 0 : METER_NOTICE_SERVER;
	progress_show(&put->run.report.progress, &meter, now);
}

static void
show_connecting(struct put *put, const struct stream *stream, io_time now)
{
	struct meter meter =
	    run_meter_waiting(&put->run, "connecting", stream->since);

	meter.brief = now - stream->since < SHOW_AFTER;
	progress_show(&put->run.report.progress, &meter, now);
}

/*
 * Show the stream with the highest state.  Among open ones, prefer one that
 * sends.
 */
static void
show(struct put *put, io_time now)
{
	const struct stream *best = put->streams;

	for (size_t i = 0; i < put->opened; i++) {
		const struct stream *stream = &put->streams[i];

		if (stream->state > best->state ||
		    (stream->state == STREAM_OPEN &&
			best->state == STREAM_OPEN &&
			session_is_sending(&stream->session) &&
			!session_is_sending(&best->session)))
			best = stream;
	}
	if (best->state == STREAM_OPEN)
		session_show(&best->session, now);
	else if (best->state == STREAM_CONNECTING)
		show_connecting(put, best, now);
	else if (best->state == STREAM_PAUSED)
		show_pause(put, best, now);
}

/*
 * Add the entries in use, but each descriptor only once.  poll(2) fails if
 * there are more entries than the limit on descriptors.  Returns the new count.
 */
static size_t
add_waits(struct pollfd *waits, size_t count, const struct pollfd *added)
{
	for (int i = 0; i < CONN_POLLS; i++) {
		if (added[i].fd == -1)
			continue;
		if (i > 0 && added[i].fd == added[i - 1].fd)
			waits[count - 1].events =
			    (short)(waits[count - 1].events | added[i].events);
		else
			waits[count++] = added[i];
	}
	return count;
}

/*
 * Close the last open stream, to need fewer descriptors.  Returns 0, or -1 if
 * no other stream is left.
 */
static int
close_last_stream(struct put *put)
{
	struct outcome ignored = {STATUS_LOST, ""};
	struct stream *last = NULL;
	size_t count = 0;

	for (size_t i = 0; i < put->opened; i++)
		if (put->streams[i].state != STREAM_CLOSED) {
			last = &put->streams[i];
			count++;
		}
	if (count < 2)
		return -1;
	stream_close(last, &ignored);
	return 0;
}

static void
await(struct put *put, io_time now)
{
	io_time deadline = now + TICK;
	size_t count = 0;

	for (size_t i = 0; i < put->opened; i++) {
		struct pollfd waits[CONN_POLLS];
		io_time due = stream_await(&put->streams[i], waits);

		count = add_waits(put->waits, count, waits);
		if (due < deadline)
			deadline = due;
	}
	if (io_poll(put->waits, count, deadline) != -1)
		return;
	/* The limit on descriptors may be lower than at the start. */
	if (errno == EINVAL && close_last_stream(put) == 0)
		return;
	put->failed = 1;
	outcome_set_errno(&put->outcome, errno, "waiting");
}

/* Show that a source blocks. */
static void
show_blocked(struct put *put, const char *source, io_time since, io_time now)
{
	struct run *run = &put->run;
	char shown[SHOWN_SOURCE];
	struct meter meter = run_meter_waiting(run,
	    source[0] != '\0' ? "waiting for the source"
			      : "waiting for a source",
	    since);

	if (source[0] != '\0')
		meter.host = text_escape(shown, sizeof(shown), source,
		    strlen(source), run->report.progress.terminal.set);
	meter.brief = now - since < SHOW_AFTER;
	meter.notice = now - since < NOTICE_AFTER ? 0 : METER_NOTICE_SOURCE;
	progress_show(&run->report.progress, &meter, now);
}

/*
 * A signal ended the run, but the blocked call may never return.  Exit while
 * the first thread is still in the call.
 */
static void
end_blocked(struct put *put)
{
	int signal_number = interrupt_caught();

	for (size_t i = 0; i < put->opened; i++)
		if (put->streams[i].state == STREAM_OPEN)
			session_abandon(&put->streams[i].session);
	summary_interrupted(&put->run);
	(void)summary_exit(&put->run, EXIT_SIGNAL + signal_number);
	interrupt_raise(signal_number);
}

/* Called by the second thread while a source blocks the first one. */
static void
act_while_blocked(void *context, const char *about, io_time since)
{
	struct put *put = context;
	io_time now = io_now();

	interrupt_accept();
	if (interrupt_caught())
		end_blocked(put);
	for (size_t i = 0; i < put->opened; i++)
		if (put->streams[i].state == STREAM_OPEN)
			session_keep_alive(
			    &put->streams[i].session, since, now);
	show_blocked(put, about, since, now);
}

static void
close_all(struct put *put)
{
	struct outcome ignored = {STATUS_STORED, ""};

	for (size_t i = 0; i < put->opened; i++)
		stream_close(&put->streams[i], &ignored);
}

/* Open and serve the streams until the run has ended. */
static void
serve_streams(struct put *put)
{
	int more;

	/* Without the second thread, a blocking source stops all streams. */
	(void)blocking_watch(act_while_blocked, put);
	removal_restore_beside(
	    &put->run.removal, put->run.queue.paths, put->run.queue.count);
	while (!interrupt_caught() && !put->failed && has_streams(put)) {
		blocking_turn();
		more = step_streams(put);
		open_further(put);
		show(put, io_now());
		if (!more && !put->failed)
			await(put, io_now());
	}
	close_all(put);
	blocking_unwatch();
	if (interrupt_caught())
		summary_interrupted(&put->run);
	else if (put->failed)
		summary_end(&put->run, &put->outcome);
}

/* Descriptors of one stream: its connection and its open sources. */
static size_t
descriptors_of_stream(const struct options *options)
{
	return (size_t)(options->command != NULL ? 2 : 1) + 1 +
	    (options->checksum != 0);
}

/*
 * Returns how many streams the limit on descriptors allows.  Standard input
 * gets one: another stream could not send again what this one has read.
 */
static size_t
count_streams(struct run *run)
{
	const struct options *options = run->options;
	struct descriptors share = {
	    run->input ? 1 : (size_t)options->streams, run->queue.directories};

	descriptors_share(&share, descriptors_of_stream(options));
	if (share.streams < options->streams && !run->input)
		report_streams(&run->report, share.streams);
	run->streams = share.streams;
	run->queue.directories = share.directories;
	return share.streams;
}

/* Returns 0, or -1 with errno if there is no memory. */
static int
make_streams(struct put *put, size_t count)
{
	put->streams = calloc(count, sizeof(*put->streams));
	put->waits = calloc(count * CONN_POLLS, sizeof(*put->waits));
	if (put->streams == NULL || put->waits == NULL)
		return -1;
	put->count = count;
	add_stream(put);
	return 0;
}

/* Look up the server and send everything, unless the target is invalid. */
static void
begin(struct put *put)
{
	const struct target *target = put->run.remote.target;
	const char *reason;
	struct outcome outcome;

	(void)target_directory(target, &reason);
	if (reason != NULL) {
		summary_bad_target(&put->run, reason);
		return;
	}
	interrupt_catch();
	if (transport_open(&put->transport, target->host, put->run.options,
		&outcome) == -1) {
		if (interrupt_caught())
			summary_interrupted(&put->run);
		else
			summary_end(&put->run, &outcome);
		return;
	}
	serve_streams(put);
	transport_close(&put->transport);
}

int
put_run(const struct options *options, const struct target *target,
    char *const *sources, size_t count)
{
	struct put put;
	struct outcome outcome;
	int status;

	memset(&put, 0, sizeof(put));
	if (run_init(&put.run, options, target, sources, count) == 0 &&
	    make_streams(&put, count_streams(&put.run)) == 0) {
		begin(&put);
	} else {
		outcome_set(&outcome, STATUS_MEMORY, "%s", "");
		summary_end(&put.run, &outcome);
	}
	status = interrupt_caught() ? EXIT_SIGNAL + interrupt_caught()
				    : tally_exit(&put.run.report.tally);
	status = summary_exit(&put.run, status);
	run_release(&put.run);
	free(put.streams);
	free(put.waits);
	return status;
}
