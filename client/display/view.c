/* SPDX-License-Identifier: ISC */
/* What a run is about at one moment: numbers, for those who show it. */
#include "client/display/view.h"

#include "client/run/run.h"

/* A run of several is about all of its files, as far as they are known. */
static void
add_run(struct view *view, const struct run *run)
{
	const struct queue *queue = &run->queue;

	view->several = 1;
	view->done = run->tally.done;
	view->found = queue->files;
	view->complete = queue->ended;
	view->sent += run->tally.bytes;
	view->total = view->complete ? queue->bytes : VIEW_UNKNOWN;
}

void
view_of(struct view *view, const struct run *run, const struct request *request,
    enum view_state state)
{
	const struct queue *queue = &run->queue;

	*view = (struct view){
	    .state = state,
	    .total = VIEW_UNKNOWN,
	    .carried = run->rate.taken,
	};
	if (request != NULL) {
		view->path = request->source.path;
		view->sent = request->sent;
		view->total = request->size;
	}
	if (queue->recursive || queue->count > 1)
		add_run(view, run);
}

void
view_waiting(
    struct view *view, const struct run *run, const char *why, io_time since)
{
	*view = (struct view){
	    .state = VIEW_WAITING,
	    .host = run->target->shown,
	    .why = why,
	    .since = since,
	    .carried = run->rate.taken,
	};
}
