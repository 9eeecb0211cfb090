/* SPDX-License-Identifier: ISC */
/* One request: a source on its way to its result, over all connections. */
#include "client/run/request.h"

#include <stdlib.h>
#include <string.h>

#include "common/holes.h"

struct request *
request_new(const struct source *source, enum wire_kind kind,
    struct directory *directory, size_t path_length)
{
	size_t size = strlen(source->path) + 1;
	struct request *request = malloc(sizeof(*request) + size);

	if (request == NULL) {
		directory_drop(directory);
		return NULL;
	}
	*request = (struct request){.source = *source,
	    .kind = kind,
	    .directory = directory,
	    .path_length = path_length};
	request->source.path = (char *)(request + 1);
	memcpy(request->source.path, source->path, size);
	return request;
}

void
request_identify(struct request *request, int fd, const struct stat *found)
{
	if (!source_is_same(&request->identity, found, 0)) {
		request->digested = 0;
		digest_init(&request->hashed);
	}
	request->identity = source_identify(found);
	request->mode = found->st_mode;
	request->size = (uint64_t)found->st_size;
	request->allocated =
	    request->kind == WIRE_KIND_FILE ? holes_allocated(fd, found) : 0;
}

void
request_free(struct request *request)
{
	directory_drop(request->directory);
	free(request);
}

void
requests_init(struct requests *requests)
{
	requests->first = NULL;
	requests->end = &requests->first;
}

void
requests_release(struct requests *requests)
{
	struct request *request;

	while ((request = requests_take(requests)) != NULL)
		request_free(request);
}

void
requests_add(struct requests *requests, struct request *request)
{
	request->next = NULL;
	*requests->end = request;
	requests->end = &request->next;
}

struct request *
requests_take(struct requests *requests)
{
	struct request *request = requests->first;

	if (request == NULL)
		return NULL;
	requests->first = request->next;
	if (requests->first == NULL)
		requests->end = &requests->first;
	return request;
}
