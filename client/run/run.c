/* SPDX-License-Identifier: ISC */
/* The state of one run, which outlives its connections. */
#include "client/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"

_Static_assert(OPTIONS_RATE_MAX <= RATE_MAX, "rate counts every limit");

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
name_input(struct run *run)
{
	const char *path = run->target->path;
	struct wire_bytes name = source_name(path);
	size_t parent = (size_t)(name.bytes - path);

	run->directory = strndup(path, parent > 0 ? parent - 1 : 0);
	run->name = strndup(name.bytes, name.length);
	return run->directory != NULL && run->name != NULL ? 0 : -1;
}

static enum events_form
form_of(const struct options *options)
{
	if (options->json)
		return EVENTS_JSON;
	return options->digest ? EVENTS_DIGEST : EVENTS_NONE;
}

int
run_init(struct run *run, const struct options *options,
    const struct target *target, char *const *paths, size_t count)
{
	memset(run, 0, sizeof(*run));
	run->options = options;
	run->target = target;
	run->streams = (size_t)options->streams;
	run->input = count == 1 && strcmp(paths[0], "-") == 0;
	run->settles =
	    count == 1 && !run->input && may_settle(options, paths[0]);
	queue_init(&run->queue, paths, count, options,
	    options->recursive && !run->settles);
	requests_init(&run->again);
	directories_init(&run->directories);
	rate_init(&run->rate, options_rate(options), io_now());
	progress_init(
	    &run->progress, options->progress, options->quiet, io_now());
	events_init(&run->events, form_of(options), io_now());
	/* Where lines for programs are wanted, those for people are not. */
	run->tells = options->verbose ||
	    (!options->quiet && run->progress.terminal.is_one &&
		run->events.form == EVENTS_NONE);
	return run->input ? name_input(run) : 0;
}

void
run_release(struct run *run)
{
	progress_release(&run->progress);
	requests_release(&run->again);
	queue_release(&run->queue);
	directories_release(&run->directories);
	free(run->directory);
	free(run->name);
	run->directory = run->name = NULL;
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

struct wire_base
run_base(const struct run *run)
{
	const char *path = run->target->path, *reason;

	if (run->directory != NULL)
		return (struct wire_base){
		    WIRE_BASE_DIRECTORY, bytes_of(run->directory)};
	if (run->settles)
		return (struct wire_base){WIRE_BASE_RESOLVE, bytes_of(path)};
	return (struct wire_base){WIRE_BASE_DIRECTORY,
	    {path, target_directory(run->target, &reason)}};
}

int
run_settle(struct run *run, const struct wire_based *based)
{
	if (run->directory != NULL)
		return 0;
	run->directory =
	    strndup(based->directory.bytes, based->directory.length);
	run->name = strndup(based->name.bytes, based->name.length);
	return run->directory != NULL && run->name != NULL ? 0 : -1;
}

struct wire_bytes
run_path(const struct run *run, const struct source *source)
{
	if (run->name != NULL && run->name[0] != '\0')
		return bytes_of(run->name);
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
	return request->kind == WIRE_KIND_DIRECTORY && !request->settles &&
	    options->preserve && (request->mode & S_IRWXU) != S_IRWXU;
}

static unsigned
attributes_of(const struct options *options, const struct request *request)
{
	if (request->kind == WIRE_KIND_DIRECTORY && !request->settles)
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
run_resumes(const struct run *run, const struct request *request)
{
	return run->options->resume && !run->options->growing &&
	    !run->options->dry_run && !request->input &&
	    request->kind == WIRE_KIND_FILE && request->size >= RUN_RESUMED;
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
wishes_of(const struct run *run, const struct request *request)
{
	const struct options *options = run->options;
	unsigned wishes = (options->dry_run ? WIRE_DRY_RUN : 0) |
	    (options->require_sync ? WIRE_REQUIRE_SYNC : 0);

	if (request->kind == WIRE_KIND_DIRECTORY)
		return wishes;
	if (options->no_clobber)
		wishes |= WIRE_NO_CLOBBER;
	if (run_resumes(run, request))
		wishes |= WIRE_RESUME;
	return wishes | comparisons_of(options, request);
}

static uint32_t
mode_of(const struct options *options, const struct request *request)
{
	if (request->kind == WIRE_KIND_FILE)
		return options_mode(options, request->mode);
	return (request->mode & 0777) |
	    (is_closed(options, request) ? S_IRWXU : 0);
}

struct wire_request
run_request(const struct run *run, const struct request *request)
{
	const struct options *options = run->options;
	const struct source_identity *identity = &request->identity;
	int directory = request->kind == WIRE_KIND_DIRECTORY;

	return (struct wire_request){
	    .kind = request->kind,
	    .attributes = attributes_of(options, request),
	    .wishes = wishes_of(run, request),
	    .mode = mode_of(options, request),
	    .seconds = identity->modified.tv_sec,
	    .nanoseconds = (uint32_t)identity->modified.tv_nsec,
	    .size = directory ? 0 : request->size,
	    .allocated = request->allocated,
	    .digest = request->digested ? request->digest : 0,
	    .path = run_path(run, &request->source),
	};
}

/* Where it is not settled yet, the target as it was given has to do. */
static int
keeps_name(const struct run *run, const char *directory)
{
	size_t length = strlen(directory);

	return run->directory != NULL || !run->settles || length == 0 ||
	    directory[length - 1] == '/';
}

size_t
run_place(const struct run *run, const struct source *source,
    struct wire_bytes pieces[RUN_PIECES])
{
	const char *directory =
	    run->directory != NULL ? run->directory : run->target->path;
	size_t length = strlen(directory);

	pieces[0] = bytes_of(run->target->shown);
	pieces[1] = bytes_of(":");
	pieces[2] = bytes_of(directory);
	if (!keeps_name(run, directory))
		return 3;
	pieces[3] =
	    bytes_of(length > 0 && directory[length - 1] != '/' ? "/" : "");
	pieces[4] = run_path(run, source);
	return RUN_PIECES;
}

char *
run_remote(
    const struct run *run, const struct source *source, char buffer[RUN_REMOTE])
{
	struct wire_bytes pieces[RUN_PIECES];
	size_t count = run_place(run, source, pieces);
	/* The host is escaped already. */
	size_t filled =
	    (size_t)snprintf(buffer, RUN_REMOTE, "%.1000s", run->target->shown);

	for (size_t i = 1; i < count; i++) {
		size_t room = RUN_REMOTE - filled;

		text_escape(buffer + filled, room < SHOWN ? room : SHOWN,
		    pieces[i].bytes, pieces[i].length,
		    run->progress.terminal.set);
		filled += strlen(buffer + filled);
	}
	return buffer;
}
