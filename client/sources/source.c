/* SPDX-License-Identifier: ISC */
/* One source: its path, its name on the server, how it is opened. */
#include "client/sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/blocking.h"

struct wire_bytes
source_target_path(const struct source *source)
{
	const char *name = source->path + source->name;

	name += strspn(name, "/");
	return (struct wire_bytes){name, strlen(name)};
}

const char *
source_below_root(const struct source *source)
{
	const char *below = source->path + source->root;

	return below + strspn(below, "/");
}

struct wire_bytes
source_name(const char *path)
{
	size_t end = strlen(path), begin;

	while (end > 0 && path[end - 1] == '/')
		end--;
	begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	return (struct wire_bytes){path + begin, end - begin};
}

struct source
source_named(const char *path)
{
	struct wire_bytes last = source_name(path);
	size_t length = strlen(path);
	int keeps = length > 0 && path[length - 1] != '/' &&
	    !(last.length == 1 && last.bytes[0] == '.') &&
	    !(last.length == 2 && memcmp(last.bytes, "..", 2) == 0);

	return (struct source){
	    path, length, keeps ? (size_t)(last.bytes - path) : length};
}

/* A named source, and the name that it would get. */
struct named {
	char *const *place;
	struct wire_bytes name;
};

/* Order by names, then by places. */
static int
compare(const void *one, const void *other)
{
	const struct named *a = one, *b = other;
	size_t shorter =
	    a->name.length < b->name.length ? a->name.length : b->name.length;
	int order = memcmp(a->name.bytes, b->name.bytes, shorter);

	if (order != 0)
		return order;
	if (a->name.length != b->name.length)
		return a->name.length < b->name.length ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

static int
share_name(const struct named *a, const struct named *b)
{
	return a->name.length > 0 && a->name.length == b->name.length &&
	    memcmp(a->name.bytes, b->name.bytes, a->name.length) == 0;
}

static struct wire_bytes
name_of(const char *path, int recursive)
{
	const struct source source = source_named(path);

	return recursive ? source_target_path(&source) : source_name(path);
}

int
source_clash(
    char *const *paths, size_t count, int recursive, const char *clash[2])
{
	struct named *index = malloc(count * sizeof(*index));
	int found = 0;

	if (index == NULL)
		return -1;
	for (size_t i = 0; i < count; i++)
		index[i] =
		    (struct named){&paths[i], name_of(paths[i], recursive)};
	qsort(index, count, sizeof(*index), compare);
	for (size_t i = 1; i < count && !found; i++) {
		clash[0] = *index[i - 1].place;
		clash[1] = *index[i].place;
		found = share_name(&index[i - 1], &index[i]);
	}
	free(index);
	return found;
}

static const char *
describe_kind(mode_t mode)
{
	if (S_ISLNK(mode))
		return "a symbolic link";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "no regular file";
}

static enum source_kind
check_kind(mode_t mode, struct outcome *outcome)
{
	if (S_ISREG(mode))
		return SOURCE_FILE;
	if (S_ISDIR(mode))
		return SOURCE_DIRECTORY;
	outcome_set(outcome, STATUS_SOURCE, "is %s", describe_kind(mode));
	return SOURCE_SKIPPED;
}

static enum source_kind
fail(int error, struct outcome *outcome)
{
	outcome_set(outcome, STATUS_SOURCE, "%s", strerror(error));
	return SOURCE_FAILED;
}

enum source_kind
source_open_at(int directory, const char *name, int follow, int *fd,
    struct stat *found, struct outcome *outcome)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	enum source_kind kind;

	/*
	 * Check the kind before opening.  Opening a FIFO would let a waiting
	 * writer continue, and SIGPIPE would end it later.  Opening a device
	 * may have effects, too.
	 */
	if (fstatat(directory, name, found, follow ? 0 : AT_SYMLINK_NOFOLLOW) ==
	    -1)
		return fail(errno, outcome);
	kind = check_kind(found->st_mode, outcome);
	if (kind == SOURCE_SKIPPED)
		return kind;
	*fd = openat(directory, name, flags | (follow ? 0 : O_NOFOLLOW));
	if (*fd == -1)
		return fail(errno, outcome);
	kind = fstat(*fd, found) == -1 ? fail(errno, outcome)
				       : check_kind(found->st_mode, outcome);
	if (kind != SOURCE_FILE && kind != SOURCE_DIRECTORY)
		close(*fd);
	return kind;
}

/* Open a directory whose name is the first length bytes of path. */
static int
enter(int directory, const char *path, size_t length, int flags)
{
	char name[PATH_MAX];

	if (length >= sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, path, length);
	name[length] = '\0';
	return openat(
	    directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

/* Open the directory that holds the last component, and set *last to it. */
static int
open_above(const struct source *source, int follow, const char **last)
{
	const int flags = follow ? 0 : O_NOFOLLOW;
	const char *below = source_below_root(source);
	int fd = enter(AT_FDCWD, source->path, source->root, 0);
	size_t length = strcspn(below, "/");

	while (fd != -1 && below[length] != '\0') {
		int parent = fd, error;

		fd = enter(parent, below, length, flags);
		error = errno;
		close(parent);
		errno = error;
		below += length + 1;
		length = strcspn(below, "/");
	}
	*last = below;
	return fd;
}

static enum source_kind
open_source(const struct source *source, int follow, int *fd,
    struct stat *found, struct outcome *outcome)
{
	enum source_kind kind;
	const char *last;
	int directory;

	if (*source_below_root(source) == '\0')
		return source_open_at(
		    AT_FDCWD, source->path, 1, fd, found, outcome);
	directory = open_above(source, follow, &last);
	if (directory == -1)
		return fail(errno, outcome);
	kind = source_open_at(directory, last, follow, fd, found, outcome);
	close(directory);
	return kind;
}

enum source_kind
source_open(const struct source *source, int follow, int *fd,
    struct stat *found, struct outcome *outcome)
{
	enum source_kind kind;

	blocking_enter(source->path);
	kind = open_source(source, follow, fd, found, outcome);
	blocking_leave();
	return kind;
}

struct source_stamp
source_stamp_of(const struct stat *found)
{
	return (struct source_stamp){found->st_dev, found->st_ino,
	    found->st_size, found->st_mtim, found->st_ctim};
}

int
source_is_same(
    const struct source_stamp *stamp, const struct stat *found, int may_grow)
{
	if (stamp->device != found->st_dev || stamp->inode != found->st_ino)
		return 0;
	if (may_grow)
		return stamp->size <= found->st_size;
	return stamp->size == found->st_size &&
	    stamp->modified.tv_sec == found->st_mtim.tv_sec &&
	    stamp->modified.tv_nsec == found->st_mtim.tv_nsec;
}

int
source_open_parent(const struct source *source, const char **last)
{
	size_t length;

	if (*source_below_root(source) != '\0')
		return open_above(source, 0, last);
	*last = source_name(source->path).bytes;
	length = (size_t)(*last - source->path);
	return length > 0 ? enter(AT_FDCWD, source->path, length, 0)
			  : open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}
