/* SPDX-License-Identifier: ISC */
/* Where sources go: the base directory on the server, and paths below it. */
#include "client/run/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for each piece of a target, escaped. */
#define SHOWN 1024

static struct wire_bytes
bytes_of(const char *text)
{
	return (struct wire_bytes){text, strlen(text)};
}

/* Returns 0, or -1 with errno. */
static int
set_base(struct remote *remote, const struct wire_bytes *directory,
    const struct wire_bytes *name)
{
	remote->directory = strndup(directory->bytes, directory->length);
	remote->name = strndup(name->bytes, name->length);
	return remote->directory != NULL && remote->name != NULL ? 0 : -1;
}

int
remote_init(
    struct remote *remote, const struct target *target, enum remote_kind kind)
{
	const char *path = target->path;
	struct wire_bytes name = source_name(path);
	size_t parent = (size_t)(name.bytes - path);
	const struct wire_bytes directory = {path, parent > 0 ? parent - 1 : 0};

	*remote = (struct remote){.kind = kind, .target = target};
	return kind == REMOTE_FILE ? set_base(remote, &directory, &name) : 0;
}

void
remote_release(struct remote *remote)
{
	free(remote->directory);
	free(remote->name);
	remote->directory = remote->name = NULL;
}

struct wire_base
remote_base(const struct remote *remote)
{
	const char *path = remote->target->path, *reason;

	if (remote->directory != NULL)
		return (struct wire_base){
		    WIRE_BASE_DIRECTORY, bytes_of(remote->directory)};
	if (remote->kind == REMOTE_EITHER)
		return (struct wire_base){WIRE_BASE_RESOLVE, bytes_of(path)};
	return (struct wire_base){WIRE_BASE_DIRECTORY,
	    {path, target_directory(remote->target, &reason)}};
}

int
remote_resolve(struct remote *remote, const struct wire_based *based)
{
	if (remote_is_resolved(remote))
		return 0;
	return set_base(remote, &based->directory, &based->name);
}

int
remote_is_resolved(const struct remote *remote)
{
	return remote->directory != NULL;
}

struct wire_bytes
remote_path(const struct remote *remote, const struct source *source)
{
	if (remote->name != NULL && remote->name[0] != '\0')
		return bytes_of(remote->name);
	return source_target_path(source);
}

/*
 * Nonzero if the source's path follows the directory.  Until the base is known,
 * the target may be the name of the file itself.
 */
static int
takes_path(const struct remote *remote, const char *directory)
{
	size_t length = strlen(directory);

	return remote_is_resolved(remote) || remote->kind != REMOTE_EITHER ||
	    length == 0 || directory[length - 1] == '/';
}

size_t
remote_pieces(const struct remote *remote, const struct source *source,
    struct wire_bytes pieces[REMOTE_PIECES])
{
	const char *directory = remote_is_resolved(remote)
	    ? remote->directory
	    : remote->target->path;
	size_t length = strlen(directory);

	pieces[0] = bytes_of(remote->target->shown);
	pieces[1] = bytes_of(":");
	pieces[2] = bytes_of(directory);
	if (!takes_path(remote, directory))
		return 3;
	pieces[3] =
	    bytes_of(length > 0 && directory[length - 1] != '/' ? "/" : "");
	pieces[4] = remote_path(remote, source);
	return REMOTE_PIECES;
}

char *
remote_show(const struct remote *remote, const struct source *source,
    enum text_set set, char buffer[REMOTE_SHOWN])
{
	struct wire_bytes pieces[REMOTE_PIECES];
	size_t count = remote_pieces(remote, source, pieces);
	/* target_parse has escaped the host. */
	size_t filled = (size_t)snprintf(
	    buffer, REMOTE_SHOWN, "%.1000s", remote->target->shown);

	for (size_t i = 1; i < count; i++) {
		size_t room = REMOTE_SHOWN - filled;

		text_escape(buffer + filled, room < SHOWN ? room : SHOWN,
		    pieces[i].bytes, pieces[i].length, set);
		filled += strlen(buffer + filled);
	}
	return buffer;
}
