/* SPDX-License-Identifier: ISC */
/* The command "put": lines to the server, until everything has its result. */
#include "client/put.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/descriptors.h"
#include "client/interrupt.h"
#include "client/line.h"
#include "client/removal.h"
#include "client/report.h"
#include "common/blocking.h"
#include "common/text.h"

/* Nothing is said about waits that are shorter. */
#define PATIENCE 1000

/* The longest wait: what is shown changes with the seconds. */
#define TICK 1000
/* A source that blocks for longer is named even if no progress is shown. */
#define SLOW 5000

/* Room for its escaped path. */
#define SHOWN_SOURCE 1024

/* What a shell adds to a signal's number. */
#define EXIT_SIGNAL 128

struct run {
	struct transfer transfer;
	struct transport transport;
	struct line *lines; /* owned */
	struct pollfd *waits;
	size_t count, opened; /* the others may be opened */
	size_t turn;	      /* whose it is to send first */
	int greeted;	      /* by a worker, on any of them */
	int failed;	      /* then outcome ends all of it */
	struct outcome outcome;
};

/* Nonzero if any line is, or will be, in the hands of a server. */
static int
is_alive(const struct run *run)
{
	for (size_t i = 0; i < run->opened; i++)
		if (run->lines[i].state != LINE_CLOSED)
			return 1;
	return 0;
}

/* Nonzero if the server, or the way to it, has only no room for this line. */
static int
may_do_without(const struct line *line)
{
	switch (line->attempt.status) {
	case STATUS_LOST:
	case STATUS_STALLED:
	case STATUS_BUSY:
	case STATUS_DRAINING:
	case STATUS_UNREACHABLE:
	case STATUS_UNTRIED:
		return 1;
	default:
		return !line->retry.greeted;
	}
}

/* A line was lost: it is made again, or the others have to do. */
static void
lose(struct run *run, struct line *line, struct outcome *outcome)
{
	int others = is_alive(run), further = line != run->lines;
	int64_t delay;

	run->greeted |= line->attempt.greeted;
	/* The last one stands for the run. */
	if (!others && run->greeted)
		line->retry.connected = line->retry.greeted = 1;
	delay = line_retry(line);
	if (others && further && !line->retry.greeted)
		line->state = LINE_CLOSED;
	if (line->state == LINE_PAUSED) {
		if (line->retry.slow && !others)
			report_again(&run->transfer, outcome, delay);
		return;
	}
	if (others && may_do_without(line))
		return;
	run->failed = 1;
	run->outcome = *outcome;
	run->outcome.status = retry_verdict(&line->retry, outcome->status);
}

/* Returns nonzero if there is more to do at once. */
static int
work_on(struct run *run, struct line *line)
{
	struct outcome outcome;

	outcome_set(&outcome, STATUS_STORED, "%s", "");
	switch (line_step(line, &outcome)) {
	case LINE_MORE:
	case LINE_ENDED:
		return 1;
	case LINE_FAILED:
		lose(run, line, &outcome);
		return 1;
	default:
		return 0;
	}
}

/*
 * Give every line its turn.  Where the rate is limited, the first may take all
 * that is allowed: the next time it is the one behind that.  Returns nonzero if
 * there is more at once.
 */
static int
work(struct run *run)
{
	const struct rate *rate = &run->transfer.rate;
	size_t first = run->turn;
	int more = 0;

	for (size_t i = 0; i < run->opened && !run->failed; i++) {
		size_t number = (first + i) % run->opened;
		uint64_t taken = rate->taken;

		more |= work_on(run, &run->lines[number]);
		if (rate->limit != 0 && rate->taken != taken)
			run->turn = number + 1;
	}
	return more;
}

static void
add_line(struct run *run)
{
	unsigned number = (unsigned)run->opened++;
	/* So that those of many hosts, and of one, try at other times. */
	uint32_t seed =
	    (uint32_t)io_now() ^ (uint32_t)getpid() ^ (uint32_t)number << 16;

	line_init(
	    &run->lines[number], &run->transfer, &run->transport, number, seed);
}

/* The first has settled what the others' requests are called. */
static void
open_further(struct run *run)
{
	const struct transfer *transfer = &run->transfer;

	if (transfer->directory == NULL || transfer_is_exhausted(transfer))
		return;
	while (run->opened < run->count)
		add_line(run);
}

static const char *
waiting_for(const struct line *line)
{
	switch (line->attempt.status) {
	case STATUS_BUSY:
		return "busy, waiting for a free worker";
	case STATUS_DRAINING:
		return "going down, trying again";
	case STATUS_UNREACHABLE:
		return "unreachable now, trying again";
	default:
		return line->retry.slow
		    ? "connection lost, trying again"
		    : "closed before it greeted, trying again";
	}
}

static void
show_pause(struct run *run, const struct line *line, io_time now)
{
	struct view view;

	view_waiting(&view, &run->transfer, waiting_for(line),
	    line->retry.slow ? line->since : line->retry.since);
	/* That a lost connection is made again has been said. */
	view.brief = !line->retry.slow && now - line->retry.since < PATIENCE;
	view.notice = line->retry.slow ? 0 : VIEW_NOTICE_SERVER;
	progress_show(&run->transfer.progress, &view, now);
}

static void
show_connecting(struct run *run, const struct line *line, io_time now)
{
	struct view view;

	view_waiting(&view, &run->transfer, "connecting", line->since);
	view.brief = now - line->since < PATIENCE;
	progress_show(&run->transfer.progress, &view, now);
}

/* Show what says most: a line that sends, is open, or will be, in this order.
 */
static void
show(struct run *run, io_time now)
{
	const struct line *best = run->lines;

	for (size_t i = 0; i < run->opened; i++) {
		const struct line *line = &run->lines[i];

		if (line->state > best->state ||
		    (line->state == LINE_OPEN && best->state == LINE_OPEN &&
			stream_is_sending(&line->stream) &&
			!stream_is_sending(&best->stream)))
			best = line;
	}
	if (best->state == LINE_OPEN)
		stream_show(&best->stream, now);
	else if (best->state == LINE_CONNECTING)
		show_connecting(run, best, now);
	else if (best->state == LINE_PAUSED)
		show_pause(run, best, now);
}

/*
 * Add those that are there, each descriptor once: poll(2) takes no more
 * entries than descriptors may be open.  Returns how many there are then.
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

/* Too few descriptors for all lines: the others do the work of the last. */
static int
give_up_line(struct run *run)
{
	struct outcome ignored = {STATUS_LOST, ""};
	struct line *last = NULL;
	size_t alive = 0;

	for (size_t i = 0; i < run->opened; i++)
		if (run->lines[i].state != LINE_CLOSED) {
			last = &run->lines[i];
			alive++;
		}
	if (alive < 2)
		return -1;
	line_close(last, &ignored);
	return 0;
}

static void
await(struct run *run, io_time now)
{
	io_time deadline = now + TICK;
	size_t count = 0;

	for (size_t i = 0; i < run->opened; i++) {
		struct pollfd waits[CONN_POLLS];
		io_time due = line_await(&run->lines[i], waits);

		count = add_waits(run->waits, count, waits);
		if (due < deadline)
			deadline = due;
	}
	if (io_poll(run->waits, count, deadline) != -1)
		return;
	/* The limit on descriptors may have been lowered meanwhile. */
	if (errno == EINVAL && give_up_line(run) == 0)
		return;
	run->failed = 1;
	outcome_set_errno(&run->outcome, errno, "waiting");
}

/* Show what blocks. */
static void
show_blocked(struct run *run, const char *source, io_time since, io_time now)
{
	struct transfer *transfer = &run->transfer;
	char shown[SHOWN_SOURCE];
	struct view view;

	view_waiting(&view, transfer,
	    source[0] != '\0' ? "waiting for the source"
			      : "waiting for a source",
	    since);
	if (source[0] != '\0')
		view.host = text_escape(shown, sizeof(shown), source,
		    strlen(source), transfer->progress.terminal.set);
	view.brief = now - since < PATIENCE;
	view.notice = now - since < SLOW ? 0 : VIEW_NOTICE_SOURCE;
	progress_show(&transfer->progress, &view, now);
}

/*
 * A signal has ended the run, but the call that blocks may never return.  So
 * end the process in the middle of it.
 */
static void
end_blocked(struct run *run)
{
	int signal_number = interrupt_caught();

	for (size_t i = 0; i < run->opened; i++)
		if (run->lines[i].state == LINE_OPEN)
			stream_abandon(&run->lines[i].stream);
	report_interrupt(&run->transfer);
	(void)events_end(&run->transfer, EXIT_SIGNAL + signal_number);
	interrupt_raise(signal_number);
}

/* In the second thread: a source blocks, and the first thread with it. */
static void
relieve(void *context, const char *about, io_time since)
{
	struct run *run = context;
	io_time now = io_now();

	interrupt_accept();
	if (interrupt_caught())
		end_blocked(run);
	for (size_t i = 0; i < run->opened; i++)
		if (run->lines[i].state == LINE_OPEN)
			stream_relieve(&run->lines[i].stream, since, now);
	show_blocked(run, about, since, now);
}

static void
close_all(struct run *run)
{
	struct outcome ignored = {STATUS_STORED, ""};

	for (size_t i = 0; i < run->opened; i++)
		line_close(&run->lines[i], &ignored);
}

/* All connections of the run; it has ended, well or not, when this returns. */
static void
put_all(struct run *run)
{
	int more;

	/* Without the second thread, a source that blocks blocks the run. */
	(void)blocking_watch(relieve, run);
	removal_restore_named(&run->transfer);
	while (!interrupt_caught() && !run->failed && is_alive(run)) {
		blocking_turn();
		more = work(run);
		open_further(run);
		show(run, io_now());
		if (!more && !run->failed)
			await(run, io_now());
	}
	close_all(run);
	blocking_unwatch();
	if (interrupt_caught())
		report_interrupt(&run->transfer);
	else if (run->failed)
		report_end(&run->transfer, &run->outcome);
}

/* Descriptors of a connection, which may be two pipes, and its sources. */
static size_t
descriptors_of_line(const struct options *options)
{
	return (size_t)(options->command != NULL ? 2 : 1) + 1 +
	    (options->checksum != 0);
}

/*
 * How many lines there may be.  What was read from standard input cannot be
 * sent again on another.
 */
static size_t
count_lines(struct transfer *transfer)
{
	const struct options *options = transfer->options;
	struct descriptors share = {
	    transfer->input ? 1 : (size_t)options->streams,
	    transfer->queue.directories};

	descriptors_share(&share, descriptors_of_line(options));
	if (share.streams < options->streams && !transfer->input)
		report_streams(transfer, share.streams);
	transfer->streams = share.streams;
	transfer->queue.directories = share.directories;
	return share.streams;
}

/* Returns 0, or -1 with errno if there is no memory. */
static int
make_lines(struct run *run, size_t count)
{
	run->lines = calloc(count, sizeof(*run->lines));
	run->waits = calloc(count * CONN_POLLS, sizeof(*run->waits));
	if (run->lines == NULL || run->waits == NULL)
		return -1;
	run->count = count;
	add_line(run);
	return 0;
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
	interrupt_catch();
	if (transport_open(&run->transport, target->host, run->transfer.options,
		&outcome) == -1) {
		if (interrupt_caught())
			report_interrupt(&run->transfer);
		else
			report_end(&run->transfer, &outcome);
		return;
	}
	put_all(run);
	transport_close(&run->transport);
}

int
put_run(const struct options *options, const struct target *target,
    char *const *sources, size_t count)
{
	struct run run;
	struct outcome outcome;
	int status;

	memset(&run, 0, sizeof(run));
	if (transfer_init(&run.transfer, options, target, sources, count) ==
		0 &&
	    make_lines(&run, count_lines(&run.transfer)) == 0) {
		begin(&run);
	} else {
		outcome_set(&outcome, STATUS_MEMORY, "%s", "");
		report_end(&run.transfer, &outcome);
	}
	status = interrupt_caught() ? EXIT_SIGNAL + interrupt_caught()
				    : tally_exit(&run.transfer.tally);
	status = events_end(&run.transfer, status);
	transfer_release(&run.transfer);
	free(run.lines);
	free(run.waits);
	return status;
}
