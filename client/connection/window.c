/* SPDX-License-Identifier: ISC */
/* The requests of one session that have no result yet, by number. */
#include "client/connection/window.h"

#include <string.h>

void
window_init(struct window *window)
{
	memset(window, 0, sizeof(*window));
	window->first = window->next = 1;
}

static size_t
slot_of(uint32_t number)
{
	return number % WIRE_WINDOW_REQUESTS;
}

int
window_is_full(const struct window *window)
{
	return window->next - window->first >= WIRE_WINDOW_REQUESTS ||
	    window->paths + WIRE_PATH_MAX > WIRE_WINDOW_PATHS;
}

void
window_add(struct window *window, struct request *request)
{
	request->number = window->next++;
	window->paths += request->path_length;
	window->slots[slot_of(request->number)] = request;
}

struct request *
window_find(const struct window *window, uint32_t number)
{
	if (number - window->first >= window->next - window->first)
		return NULL;
	return window->slots[slot_of(number)];
}

struct request *
window_going(struct window *window)
{
	if (window->going == 0)
		return NULL;
	for (uint32_t number = window->first;; number++) {
		struct request *request = window->slots[slot_of(number)];

		if (request != NULL && request->state == REQUEST_GOING)
			return request;
	}
}

uint64_t
window_largest(const struct window *window)
{
	uint64_t largest = 0;

	for (uint32_t i = window->first; i != window->next; i++) {
		const struct request *request = window->slots[slot_of(i)];
		uint64_t size;

		if (request == NULL || request->state == REQUEST_NEW)
			continue;
		size = request->size == WIRE_SIZE_UNKNOWN ? request->sent
							  : request->size;
		if (size > largest)
			largest = size;
	}
	return largest;
}

/* Add a request to the counts if one is 1; subtract it if one is -1. */
static void
count(struct window *window, const struct request *request, int one)
{
	enum request_state state = request->state;
	int promised = state == REQUEST_ASKED || state == REQUEST_GOING;

	if (state != REQUEST_NEW && state != REQUEST_DONE)
		window->open += (size_t)one;
	if (state == REQUEST_GOING)
		window->going += (size_t)one;
	/* A request of unknown size does not count. */
	if (promised && request->size != WIRE_SIZE_UNKNOWN)
		window->promised += one > 0 ? request->size : -request->size;
}

/* Remove a request from its slot; the caller owns it. */
static void
remove_request(struct window *window, struct request *request)
{
	window->paths -= request->path_length;
	window->slots[slot_of(request->number)] = NULL;
	while (window->first != window->next &&
	    window->slots[slot_of(window->first)] == NULL)
		window->first++;
}

void
window_mark(
    struct window *window, struct request *request, enum request_state state)
{
	count(window, request, -1);
	request->state = state;
	count(window, request, 1);
	if (state != REQUEST_DONE)
		return;
	window->steps++;
	remove_request(window, request);
	request_free(request);
}

void
window_release(struct window *window, int lost, struct requests *left)
{
	while (window->first != window->next) {
		struct request *request = window->slots[slot_of(window->first)];

		if (lost && request->state == REQUEST_ENDED)
			request->uncertain = 1;
		if (request->state == REQUEST_ABORTED) {
			window_mark(window, request, REQUEST_DONE);
			continue;
		}
		window_mark(window, request, REQUEST_NEW);
		remove_request(window, request);
		requests_add(left, request);
	}
}
