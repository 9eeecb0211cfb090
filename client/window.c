/* SPDX-License-Identifier: ISC */
/* The requests that have no result yet, by their numbers. */
#include "client/window.h"

#include <stdlib.h>
#include <string.h>

int
window_init(struct window *window)
{
	*window = (struct window){.first = 1, .next = 1};
	window->slots = calloc(WIRE_WINDOW_REQUESTS, sizeof(*window->slots));
	return window->slots != NULL ? 0 : -1;
}

static struct request *
slot_of(const struct window *window, uint32_t number)
{
	return &window->slots[number % WIRE_WINDOW_REQUESTS];
}

void
window_release(struct window *window)
{
	for (uint32_t i = window->first; i != window->next; i++)
		free(slot_of(window, i)->source.path);
	free(window->slots);
	window->slots = NULL;
}

int
window_is_full(const struct window *window)
{
	return window->next - window->first >= WIRE_WINDOW_REQUESTS ||
	    window->paths + WIRE_PATH_MAX > WIRE_WINDOW_PATHS;
}

struct request *
window_add(struct window *window, const struct source *source,
    enum wire_kind kind, size_t path_length)
{
	struct request *request = slot_of(window, window->next);
	char *path = strdup(source->path);

	if (path == NULL)
		return NULL;
	*request = (struct request){.source = *source,
	    .kind = kind,
	    .number = window->next++,
	    .path_length = path_length};
	request->source.path = path;
	window->paths += path_length;
	return request;
}

struct request *
window_find(struct window *window, uint32_t number)
{
	struct request *request;

	if (number - window->first >= window->next - window->first)
		return NULL;
	request = slot_of(window, number);
	return request->state != REQUEST_DONE ? request : NULL;
}

struct request *
window_going(struct window *window)
{
	uint32_t number = window->first;

	if (window->going == 0)
		return NULL;
	while (slot_of(window, number)->state != REQUEST_GOING)
		number++;
	return slot_of(window, number);
}

static int
is_open(enum request_state state)
{
	return state != REQUEST_NEW && state != REQUEST_DONE;
}

void
window_mark(
    struct window *window, struct request *request, enum request_state state)
{
	window->open -= is_open(request->state);
	window->open += is_open(state);
	window->going -= request->state == REQUEST_GOING;
	window->going += state == REQUEST_GOING;
	if (state == REQUEST_DONE && request->state != REQUEST_DONE) {
		window->steps++;
		window->paths -= request->path_length;
		free(request->source.path);
		request->source.path = NULL;
	}
	request->state = state;
	while (window->first != window->next &&
	    slot_of(window, window->first)->state == REQUEST_DONE)
		window->first++;
}

void
window_reset(struct window *window, int lost)
{
	uint32_t next = window->next;

	for (uint32_t number = window->first; number != next; number++) {
		struct request *request = slot_of(window, number);

		if (lost && request->state == REQUEST_ENDED)
			request->uncertain = 1;
		if (request->state == REQUEST_ABORTED)
			window_mark(window, request, REQUEST_DONE);
		else if (request->state != REQUEST_DONE)
			window_mark(window, request, REQUEST_NEW);
	}
}
