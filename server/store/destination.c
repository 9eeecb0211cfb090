/* SPDX-License-Identifier: ISC */
/* Resolve the base, and the path of a request below it. */
#include "server/store/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os.h"

/* The length of path without its last component and the slash before it. */
static size_t
parent_length(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length > 0 ? length - 1 : 0;
}

/* The offset of the last component. */
static size_t
name_start(const char *path, size_t length)
{
	size_t parent = parent_length(path, length);

	return parent > 0 ? parent + 1 : 0;
}

static int
is_directory(struct directories *directories, const char *path, size_t length)
{
	struct outcome ignored;
	struct directory *found =
	    directories_find(directories, path, length, 0, &ignored);

	directory_release(found);
	return found != NULL;
}

int
base_resolve(struct base *base, const struct wire_base *wanted,
    struct directories *directories, struct outcome *outcome)
{
	const char *path = wanted->path.bytes;
	size_t length = wanted->path.length;
	int resolve = wanted->mode == WIRE_BASE_RESOLVE;
	int slash = resolve && length > 0 && path[length - 1] == '/';
	const char *reason = wire_check_path(path, length - (size_t)slash);
	size_t start;

	if (reason != NULL) {
		outcome_set(outcome, STATUS_REFUSED, "%s", reason);
		return -1;
	}
	length -= (size_t)slash;
	base->name_length = 0;
	base->length = length;
	if (resolve && !slash && !is_directory(directories, path, length)) {
		start = name_start(path, length);
		base->name_length = length - start;
		base->length = parent_length(path, length);
		memcpy(base->name, path + start, base->name_length);
	}
	memcpy(base->directory, path, base->length);
	return 0;
}

/*
 * Join base and path.  If the base has a name, it replaces the path.  Returns
 * NULL, or the reason (a constant) why the path is bad.
 */
static const char *
join(struct destination *destination, const struct base *base,
    const struct wire_bytes *path)
{
	const char *name = base->name_length > 0 ? base->name : path->bytes;
	size_t length =
	    base->name_length > 0 ? base->name_length : path->length;
	const char *reason = wire_check_path(name, length);
	size_t slash = base->length > 0;

	if (reason != NULL)
		return reason;
	if (length == 0)
		return "the request names no file";
	destination->length = base->length + slash + length;
	if (destination->length > WIRE_PATH_MAX)
		return "path of more than 4096 bytes";
	memcpy(destination->path, base->directory, base->length);
	memcpy(destination->path + base->length, "/", slash);
	memcpy(destination->path + base->length + slash, name, length);
	return wire_check_path(destination->path, destination->length);
}

int
destination_locate(struct destination *destination, const struct base *base,
    const struct wire_bytes *path, struct outcome *outcome)
{
	const char *reason;
	size_t start, length;

	destination->directory = NULL;
	reason = join(destination, base, path);
	if (reason != NULL) {
		destination->length = path->length;
		memcpy(destination->path, path->bytes, path->length);
		outcome_set(outcome, STATUS_REFUSED, "%s", reason);
		return -1;
	}
	start = name_start(destination->path, destination->length);
	length = destination->length - start;
	memcpy(destination->name, destination->path + start, length);
	destination->name[length] = '\0';
	return 0;
}

int
destination_enter(struct destination *destination,
    struct directories *directories, int create, struct outcome *outcome)
{
	destination->directory =
	    directories_find(directories, destination->path,
		parent_length(destination->path, destination->length),
		create ? DIRECTORY_MODE : 0, outcome);
	if (destination->directory != NULL || (!create && errno == ENOENT))
		return 0;
	return -1;
}

int
destination_look(struct destination *destination, struct stat *found,
    struct outcome *outcome)
{
	found->st_mode = 0;
	destination->marks = 0;
	if (destination->directory == NULL)
		return 0;
	if (os_stat(destination->directory->fd, destination->name, found,
		&destination->marks) == -1) {
		found->st_mode = 0;
		if (errno == ENOENT)
			return 0;
		outcome_set_errno(outcome, errno, "the target");
		return -1;
	}
	if (directory_check_name(
		destination->directory, destination->name, outcome) == -1)
		return -1;
	if (S_ISDIR(found->st_mode))
		outcome_set(
		    outcome, STATUS_REFUSED, "the target is a directory");
	else if (!S_ISREG(found->st_mode) && !S_ISLNK(found->st_mode))
		outcome_set(
		    outcome, STATUS_REFUSED, "the target is no regular file");
	else
		return 0;
	return -1;
}

/* Nonzero if the sticky bit protects found from this process. */
static int
is_sticky(const struct directory *directory, const struct stat *found)
{
	uid_t user;

	if (!directory->sticky)
		return 0;
	user = geteuid();
	return user != 0 && user != found->st_uid && user != directory->owner;
}

int
destination_may_publish(const struct destination *destination,
    const struct stat *found, struct outcome *outcome)
{
	struct directory *directory = destination->directory;

	if (directory == NULL)
		return 0;
	if (directory_may_write(directory, outcome) == -1)
		return -1;
	if (found->st_mode == 0)
		return 0;
	if ((destination->marks & OS_MARK_MOUNT) != 0)
		outcome_set(outcome, STATUS_REFUSED,
		    "something is mounted on the target");
	else if ((destination->marks & OS_MARK_IMMUTABLE) != 0 ||
	    directory->immutable)
		outcome_set(outcome, STATUS_REFUSED,
		    "the target, or its directory, is immutable or "
		    "append-only");
	else if (is_sticky(directory, found))
		outcome_set(outcome, STATUS_REFUSED,
		    "the target belongs to another user, and its directory "
		    "has the sticky bit");
	else
		return 0;
	return -1;
}

void
destination_release(struct destination *destination)
{
	directory_release(destination->directory);
	destination->directory = NULL;
}
