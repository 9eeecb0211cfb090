/* SPDX-License-Identifier: ISC */
/* One request: a source from its first frame to its result. */
#include "client/run/request.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/holes.h"

struct request *
request_new(const struct source *source, enum wire_kind kind,
    struct directory *directory, size_t path_length)
{
	size_t size = strlen(source->path) + 1;
	struct request *request = malloc(sizeof(*request) + size);

	if (request == NULL) {
		directory_release(directory);
		return NULL;
	}
	*request = (struct request){.source = *source,
	    .kind = kind,
	    .directory = directory,
	    .path_length = path_length};
	request->source.path = (char *)(request + 1);
	memcpy(request + 1, source->path, size);
	return request;
}

void
request_stamp(struct request *request, int fd, const struct stat *found)
{
	if (!source_is_same(&request->stamp, found, 0)) {
		request->digested = 0;
		digest_init(&request->hashed);
	}
	request->stamp = source_stamp_of(found);
	request->mode = found->st_mode;
	request->size = (uint64_t)found->st_size;
	request->allocated =
	    request->kind == WIRE_KIND_FILE ? holes_allocated(fd, found) : 0;
}

void
request_free(struct request *request)
{
	directory_release(request->directory);
	free(request);
}

int
request_resumes(const struct request *request, const struct options *options)
{
	return options->resume && !options->growing && !options->dry_run &&
	    !request->input && request->kind == WIRE_KIND_FILE &&
	    request->size >= REQUEST_RESUME_LEAST;
}

/*
 * Nonzero if the directory's mode would keep the server from creating files in
 * it.  Until the final request sets that mode, its owner gets all permissions.
 */
static int
is_closed(const struct request *request, const struct options *options)
{
	return request->kind == WIRE_KIND_DIRECTORY && !request->final &&
	    options->preserve && (request->mode & S_IRWXU) != S_IRWXU;
}

static unsigned
attributes_of(const struct request *request, const struct options *options)
{
	if (request->kind == WIRE_KIND_DIRECTORY && !request->final)
		return is_closed(request, options) ? WIRE_EXACT_MODE : 0;
	/* Standard input has no time, and a mode only if the user gives it. */
	if (request->input)
		return options->preserve && options->mode != NULL
		    ? WIRE_EXACT_MODE
		    : 0;
	if (options->preserve)
		return WIRE_EXACT_MODE | WIRE_TIME;
	/* The next run compares the time. */
	return options->skip_unchanged ? WIRE_TIME : 0;
}

/* The wishes that let the server report success without the content. */
static unsigned
comparisons_of(const struct request *request, const struct options *options)
{
	if (request->digested && request->uncertain)
		return WIRE_SENT_BEFORE;
	if (options->checksum)
		return request->digested ? WIRE_UNLESS_DIGEST : 0;
	return options->skip_unchanged ? WIRE_UNLESS_SAME : 0;
}

static unsigned
wishes_of(const struct request *request, const struct options *options)
{
	unsigned wishes = (options->dry_run ? WIRE_DRY_RUN : 0) |
	    (options->require_sync ? WIRE_REQUIRE_SYNC : 0);

	if (request->kind == WIRE_KIND_DIRECTORY)
		return wishes;
	if (options->no_clobber)
		wishes |= WIRE_NO_CLOBBER;
	if (request_resumes(request, options))
		wishes |= WIRE_RESUME;
	return wishes | comparisons_of(request, options);
}

static uint32_t
mode_of(const struct request *request, const struct options *options)
{
	if (request->kind == WIRE_KIND_FILE)
		return options_mode(options, request->mode);
	return (request->mode & 0777) |
	    (is_closed(request, options) ? S_IRWXU : 0);
}

struct wire_request
request_wire(const struct request *request, const struct options *options,
    const struct remote *remote)
{
	const struct timespec *modified = &request->stamp.modified;

	return (struct wire_request){
	    .kind = request->kind,
	    .attributes = attributes_of(request, options),
	    .wishes = wishes_of(request, options),
	    .mode = mode_of(request, options),
	    .seconds = modified->tv_sec,
	    .nanoseconds = (uint32_t)modified->tv_nsec,
	    .size = request->kind == WIRE_KIND_DIRECTORY ? 0 : request->size,
	    .allocated = request->allocated,
	    .digest = request->digested ? request->digest : 0,
	    .path = remote_path(remote, &request->source),
	};
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

	while ((request = requests_pop(requests)) != NULL)
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
requests_pop(struct requests *requests)
{
	struct request *request = requests->first;

	if (request == NULL)
		return NULL;
	requests->first = request->next;
	if (requests->first == NULL)
		requests->end = &requests->first;
	return request;
}
