/* SPDX-License-Identifier: ISC */
/* The state of one run, which outlives its connections. */
#include "client/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"

int
transfer_init(struct transfer *transfer, const struct options *options,
    const struct target *target, const struct source_list *sources)
{
	int terminal = isatty(STDERR_FILENO);

	memset(transfer, 0, sizeof(*transfer));
	transfer->options = options;
	transfer->target = target;
	transfer->sources = *sources;
	transfer->tells = !options->quiet && (options->verbose || terminal);
	rate_init(&transfer->rate, options_rate(options), io_now());
	progress_init(&transfer->progress, options->progress, options->quiet,
	    terminal, io_now());
	return window_init(&transfer->window);
}

void
transfer_release(struct transfer *transfer)
{
	window_release(&transfer->window);
	free(transfer->directory);
	free(transfer->name);
	transfer->directory = transfer->name = NULL;
}

static int
is_single(const struct transfer *transfer)
{
	return transfer->sources.count == 1;
}

static struct wire_bytes
bytes_of(const char *text)
{
	return (struct wire_bytes){text, strlen(text)};
}

struct wire_base
transfer_base(const struct transfer *transfer)
{
	const char *path = transfer->target->path, *reason;

	if (transfer->directory != NULL)
		return (struct wire_base){
		    WIRE_BASE_DIRECTORY, bytes_of(transfer->directory)};
	if (is_single(transfer))
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
transfer_path(const struct transfer *transfer, const char *source)
{
	if (transfer->name != NULL && transfer->name[0] != '\0')
		return bytes_of(transfer->name);
	return source_name(source);
}

/* Where it is not settled yet, the target as it was given has to do. */
static int
keeps_name(const struct transfer *transfer, const char *directory)
{
	size_t length = strlen(directory);

	return transfer->directory != NULL || !is_single(transfer) ||
	    length == 0 || directory[length - 1] == '/';
}

char *
transfer_remote(const struct transfer *transfer, const char *source,
    char buffer[TRANSFER_REMOTE])
{
	const char *directory = transfer->directory != NULL
	    ? transfer->directory
	    : transfer->target->path;
	struct wire_bytes name = transfer_path(transfer, source);
	char shown_directory[1024], shown_name[512];
	size_t length = strlen(directory);
	const char *slash =
	    length > 0 && directory[length - 1] != '/' ? "/" : "";

	text_escape(shown_directory, sizeof(shown_directory), directory, length,
	    TEXT_UTF8);
	text_escape(
	    shown_name, sizeof(shown_name), name.bytes, name.length, TEXT_UTF8);
	if (keeps_name(transfer, directory))
		snprintf(buffer, TRANSFER_REMOTE, "%.1000s:%s%s%s",
		    transfer->target->shown, shown_directory, slash,
		    shown_name);
	else
		snprintf(buffer, TRANSFER_REMOTE, "%.1000s:%s",
		    transfer->target->shown, shown_directory);
	return buffer;
}
