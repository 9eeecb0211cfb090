/* SPDX-License-Identifier: ISC */
/* Granted asks: the reply was "go", and the content has not begun. */
#include "server/session/granted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
granted_add(struct granted *asks, uint32_t number,
    const struct wire_request *request, const struct partial *partial)
{
	size_t length = request->path.length;
	struct ask *ask;

	if (asks->count == WIRE_WINDOW_REQUESTS ||
	    length > WIRE_WINDOW_PATHS - asks->path_bytes) {
		errno = EOVERFLOW;
		return -1;
	}
	ask = malloc(sizeof(*ask) + length);
	if (ask == NULL)
		return -1;
	ask->next = NULL;
	ask->number = number;
	ask->request = *request;
	ask->partial = *partial;
	asks->partials += partial->staged.fd != -1;
	memcpy(ask->path, request->path.bytes, length);
	ask->request.path.bytes = ask->path;
	if (asks->last == NULL)
		asks->first = ask;
	else
		asks->last->next = ask;
	asks->last = ask;
	asks->count++;
	asks->path_bytes += length;
	return 0;
}

struct ask *
granted_remove(struct granted *asks, uint32_t number)
{
	struct ask *before = NULL, *ask = asks->first;

	while (ask != NULL && ask->number != number) {
		before = ask;
		ask = ask->next;
	}
	if (ask == NULL)
		return NULL;
	if (before == NULL)
		asks->first = ask->next;
	else
		before->next = ask->next;
	if (asks->last == ask)
		asks->last = before;
	asks->count--;
	asks->path_bytes -= ask->request.path.length;
	asks->partials -= ask->partial.staged.fd != -1;
	return ask;
}

int
granted_hold(const struct granted *asks, const char *name)
{
	const struct ask *ask = asks->first;

	while (
	    ask != NULL && !partial_same_file(ask->partial.staged.name, name))
		ask = ask->next;
	return ask != NULL;
}

void
ask_free(struct ask *ask)
{
	partial_release(&ask->partial);
	free(ask);
}

void
granted_release(struct granted *asks)
{
	while (asks->first != NULL)
		ask_free(granted_remove(asks, asks->first->number));
}
