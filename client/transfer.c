/* SPDX-License-Identifier: ISC */
/* The state of one run, which outlives its connections. */
#include "client/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"

/* Room for each part of a target that is fit to be shown. */
#define SHOWN 1024

static struct wire_bytes
bytes_of(const char *text)
{
	return (struct wire_bytes){text, strlen(text)};
}

/* Nonzero if the only source may get the name that the target is. */
static int
may_settle(const struct options *options, const char *path)
{
	struct stat found;

	return !options->recursive || stat(path, &found) == -1 ||
	    !S_ISDIR(found.st_mode);
}

/* Standard input has no name but the target's.  Returns 0, or -1. */
static int
name_input(struct transfer *transfer)
{
	const char *path = transfer->target->path;
	struct wire_bytes name = source_name(path);
	size_t parent = (size_t)(name.bytes - path);

	transfer->directory = strndup(path, parent > 0 ? parent - 1 : 0);
	transfer->name = strndup(name.bytes, name.length);
	return transfer->directory != NULL && transfer->name != NULL ? 0 : -1;
}

int
transfer_init(struct transfer *transfer, const struct options *options,
    const struct target *target, char *const *paths, size_t count)
{
	memset(transfer, 0, sizeof(*transfer));
	transfer->options = options;
	transfer->target = target;
	transfer->streams = (size_t)options->streams;
	transfer->input = count == 1 && strcmp(paths[0], "-") == 0;
	transfer->settles =
	    count == 1 && !transfer->input && may_settle(options, paths[0]);
	queue_init(&transfer->queue, paths, count, options,
	    options->recursive && !transfer->settles);
	requests_init(&transfer->again);
	folders_init(&transfer->folders);
	rate_init(&transfer->rate, options_rate(options), io_now());
	progress_init(
	    &transfer->progress, options->progress, options->quiet, io_now());
	events_init(&transfer->events, options_events(options), io_now());
	/* Where lines for programs are wanted, those for people are not. */
	transfer->tells = options->verbose ||
	    (!options->quiet && transfer->progress.terminal.is_one &&
		transfer->events.form == EVENTS_NONE);
	return transfer->input ? name_input(transfer) : 0;
}

void
transfer_release(struct transfer *transfer)
{
	progress_release(&transfer->progress);
	requests_release(&transfer->again);
	queue_release(&transfer->queue);
	folders_release(&transfer->folders);
	free(transfer->directory);
	free(transfer->name);
	transfer->directory = transfer->name = NULL;
}

int
transfer_is_exhausted(const struct transfer *transfer)
{
	return transfer->queue.ended && transfer->again.first == NULL &&
	    transfer->folders.ready == NULL;
}

int
transfer_is_shared(const struct transfer *transfer)
{
	return transfer->streams > 1;
}

struct wire_base
transfer_base(const struct transfer *transfer)
{
	const char *path = transfer->target->path, *reason;

	if (transfer->directory != NULL)
		return (struct wire_base){
		    WIRE_BASE_DIRECTORY, bytes_of(transfer->directory)};
	if (transfer->settles)
		return (struct wire_base){WIRE_BASE_SETTLE, bytes_of(path)};
	return (struct wire_base){WIRE_BASE_DIRECTORY,
	    {path, target_directory(transfer->target, &reason)}};
}

int
transfer_settle(struct transfer *transfer, const struct wire_based *based)
{
	if (transfer->directory != NULL)
		return 0;
	transfer->directory =
	    strndup(based->directory.bytes, based->directory.length);
	transfer->name = strndup(based->name.bytes, based->name.length);
	return transfer->directory != NULL && transfer->name != NULL ? 0 : -1;
}

struct wire_bytes
transfer_path(const struct transfer *transfer, const struct source *source)
{
	if (transfer->name != NULL && transfer->name[0] != '\0')
		return bytes_of(transfer->name);
	return source_called(source);
}

/*
 * Nonzero if a directory from an earlier run may keep its owner, as whom the
 * server works, from changing what lies in it, until its mode is set in the
 * end.
 */
static int
is_closed(const struct options *options, const struct request *request)
{
	return request->kind == WIRE_FOLDER && !request->settles &&
	    options->preserve && (request->mode & S_IRWXU) != S_IRWXU;
}

static unsigned
attributes_of(const struct options *options, const struct request *request)
{
	if (request->kind == WIRE_FOLDER && !request->settles)
		return is_closed(options, request) ? WIRE_EXACT_MODE : 0;
	/* Standard input has neither, but for what the user says. */
	if (request->input)
		return options->preserve && options->mode != NULL
		    ? WIRE_EXACT_MODE
		    : 0;
	if (options->preserve)
		return WIRE_EXACT_MODE | WIRE_TIME;
	/* It is what the next run compares. */
	return options->skip_unchanged ? WIRE_TIME : 0;
}

int
transfer_resumes(const struct transfer *transfer, const struct request *request)
{
	return transfer->options->resume && !transfer->options->growing &&
	    !transfer->options->dry_run && !request->input &&
	    request->kind == WIRE_FILE && request->size >= TRANSFER_RESUMED;
}

/* Whether the target is what is to be sent. */
static unsigned
comparisons_of(const struct options *options, const struct request *request)
{
	if (request->digested && request->uncertain)
		return WIRE_SENT_BEFORE;
	if (options->checksum)
		return request->digested ? WIRE_UNLESS_DIGEST : 0;
	return options->skip_unchanged ? WIRE_UNLESS_SAME : 0;
}

static unsigned
wishes_of(const struct transfer *transfer, const struct request *request)
{
	const struct options *options = transfer->options;
	unsigned wishes = (options->dry_run ? WIRE_DRY_RUN : 0) |
	    (options->require_sync ? WIRE_REQUIRE_SYNC : 0);

	if (request->kind == WIRE_FOLDER)
		return wishes;
	if (options->no_clobber)
		wishes |= WIRE_NO_CLOBBER;
	if (transfer_resumes(transfer, request))
		wishes |= WIRE_RESUME;
	return wishes | comparisons_of(options, request);
}

static uint32_t
mode_of(const struct options *options, const struct request *request)
{
	if (request->kind == WIRE_FILE)
		return options_mode(options, request->mode);
	return (request->mode & 0777) |
	    (is_closed(options, request) ? S_IRWXU : 0);
}

struct wire_request
transfer_request(const struct transfer *transfer, const struct request *request)
{
	const struct options *options = transfer->options;
	const struct source_identity *identity = &request->identity;
	int folder = request->kind == WIRE_FOLDER;

	return (struct wire_request){
	    .kind = request->kind,
	    .attributes = attributes_of(options, request),
	    .wishes = wishes_of(transfer, request),
	    .mode = mode_of(options, request),
	    .seconds = identity->modified.tv_sec,
	    .nanoseconds = (uint32_t)identity->modified.tv_nsec,
	    .size = folder ? 0 : request->size,
	    .allocated = request->allocated,
	    .digest = request->digested ? request->digest : 0,
	    .path = transfer_path(transfer, &request->source),
	};
}

/* Where it is not settled yet, the target as it was given has to do. */
static int
keeps_name(const struct transfer *transfer, const char *directory)
{
	size_t length = strlen(directory);

	return transfer->directory != NULL || !transfer->settles ||
	    length == 0 || directory[length - 1] == '/';
}

size_t
transfer_place(const struct transfer *transfer, const struct source *source,
    struct wire_bytes pieces[TRANSFER_PIECES])
{
	const char *directory = transfer->directory != NULL
	    ? transfer->directory
	    : transfer->target->path;
	size_t length = strlen(directory);

	pieces[0] = bytes_of(transfer->target->shown);
	pieces[1] = bytes_of(":");
	pieces[2] = bytes_of(directory);
	if (!keeps_name(transfer, directory))
		return 3;
	pieces[3] =
	    bytes_of(length > 0 && directory[length - 1] != '/' ? "/" : "");
	pieces[4] = transfer_path(transfer, source);
	return TRANSFER_PIECES;
}

char *
transfer_remote(const struct transfer *transfer, const struct source *source,
    char buffer[TRANSFER_REMOTE])
{
	struct wire_bytes pieces[TRANSFER_PIECES];
	size_t count = transfer_place(transfer, source, pieces);
	/* The host is escaped already. */
	size_t filled = (size_t)snprintf(
	    buffer, TRANSFER_REMOTE, "%.1000s", transfer->target->shown);

	for (size_t i = 1; i < count; i++) {
		size_t room = TRANSFER_REMOTE - filled;

		text_escape(buffer + filled, room < SHOWN ? room : SHOWN,
		    pieces[i].bytes, pieces[i].length,
		    transfer->progress.terminal.set);
		filled += strlen(buffer + filled);
	}
	return buffer;
}
