/* SPDX-License-Identifier: ISC */
/* One run: the state that all its connections share. */
#include "client/run/run.h"

#include <string.h>
#include <sys/stat.h>

_Static_assert(
    RATE_MAX / OPTIONS_KBIT >= OPTIONS_LIMIT_MAX, "rate can count every limit");

static int
is_directory(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static enum remote_kind
remote_kind_of(
    const struct options *options, char *const *paths, size_t count, int input)
{
	if (input)
		return REMOTE_FILE;
	return count == 1 && !(options->recursive && is_directory(paths[0]))
	    ? REMOTE_EITHER
	    : REMOTE_DIRECTORY;
}

int
run_init(struct run *run, const struct options *options,
    const struct target *target, char *const *paths, size_t count)
{
	int input = count == 1 && strcmp(paths[0], "-") == 0;
	enum remote_kind kind = remote_kind_of(options, paths, count, input);

	memset(run, 0, sizeof(*run));
	run->options = options;
	run->streams = (size_t)options->streams;
	run->input = input;
	queue_init(&run->queue, paths, count, options,
	    options->recursive && kind != REMOTE_EITHER);
	requests_init(&run->again);
	directories_init(&run->directories);
	rate_init(&run->rate, options_rate(options), io_now());
	report_init(&run->report, options, &run->remote);
	removal_init(&run->removal, options, &run->report);
	return remote_init(&run->remote, target, kind);
}

void
run_release(struct run *run)
{
	report_release(&run->report);
	requests_release(&run->again);
	queue_release(&run->queue);
	directories_release(&run->directories);
	remote_release(&run->remote);
}

int
run_is_exhausted(const struct run *run)
{
	return run->queue.ended && run->again.first == NULL &&
	    run->directories.ready == NULL;
}

int
run_is_shared(const struct run *run)
{
	return run->streams > 1;
}

/* With several files, show the progress of all that were found so far. */
static void
add_totals(struct meter *meter, const struct run *run)
{
	const struct queue *queue = &run->queue;
	const struct tally *tally = &run->report.tally;

	meter->several = 1;
	meter->done = tally->done;
	meter->found = queue->files;
	meter->complete = queue->ended;
	meter->sent += tally->bytes;
	meter->total = meter->complete ? queue->bytes : METER_UNKNOWN;
}

struct meter
run_meter(const struct run *run, const struct request *request,
    enum meter_state state)
{
	const struct queue *queue = &run->queue;
	struct meter meter = {
	    .state = state,
	    .total = METER_UNKNOWN,
	    .carried = run->rate.spent,
	};

	if (request != NULL) {
		meter.path = request->source.path;
		meter.sent = request->sent;
		meter.total = request->size;
	}
	if (queue->recursive || queue->count > 1)
		add_totals(&meter, run);
	return meter;
}

struct meter
run_meter_waiting(const struct run *run, const char *why, io_time since)
{
	return (struct meter){
	    .state = METER_WAITING,
	    .host = run->remote.target->shown,
	    .why = why,
	    .since = since,
	    .carried = run->rate.spent,
	};
}
