/* SPDX-License-Identifier: ISC */
/* What is to be sent: the named sources one by one, opened and identified. */
#include "client/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
source_next(struct source_list *list)
{
	return list->next < list->count ? list->paths[list->next++] : NULL;
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

/* By their names, then by their places. */
static int
compare(const void *one, const void *other)
{
	char *const *const *a = one;
	char *const *const *b = other;
	struct wire_bytes left = source_name(**a), right = source_name(**b);
	size_t shorter =
	    left.length < right.length ? left.length : right.length;
	int order = memcmp(left.bytes, right.bytes, shorter);

	if (order != 0)
		return order;
	if (left.length != right.length)
		return left.length < right.length ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

static int
share_name(const char *one, const char *other)
{
	struct wire_bytes a = source_name(one), b = source_name(other);

	return a.length > 0 && a.length == b.length &&
	    memcmp(a.bytes, b.bytes, a.length) == 0;
}

int
source_clash(const struct source_list *list, const char *clash[2])
{
	char *const **index = malloc(list->count * sizeof(*index));
	int found = 0;

	if (index == NULL)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		index[i] = &list->paths[i];
	qsort(index, list->count, sizeof(*index), compare);
	for (size_t i = 1; i < list->count && !found; i++) {
		clash[0] = *index[i - 1];
		clash[1] = *index[i];
		found = share_name(clash[0], clash[1]);
	}
	free(index);
	return found;
}

static const char *
kind_of(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "no regular file";
}

/* A directory was meant to be sent; other kinds have no content to send. */
static enum source_kind
turn_away(mode_t mode, struct outcome *outcome)
{
	if (S_ISDIR(mode)) {
		outcome_set(outcome, STATUS_SOURCE, "is a directory");
		return SOURCE_FAILED;
	}
	outcome_set(outcome, STATUS_SOURCE, "is %s", kind_of(mode));
	return SOURCE_SKIPPED;
}

static enum source_kind
fail(int error, struct outcome *outcome)
{
	outcome_set(outcome, STATUS_SOURCE, "%s", strerror(error));
	return SOURCE_FAILED;
}

enum source_kind
source_open(
    const char *path, int *fd, struct stat *found, struct outcome *outcome)
{
	enum source_kind kind = SOURCE_FILE;

	/* To open a FIFO would set free, and then kill, who writes to it. */
	if (stat(path, found) == -1)
		return fail(errno, outcome);
	if (!S_ISREG(found->st_mode))
		return turn_away(found->st_mode, outcome);
	*fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd == -1)
		return fail(errno, outcome);
	if (fstat(*fd, found) == -1)
		kind = fail(errno, outcome);
	else if (!S_ISREG(found->st_mode))
		kind = turn_away(found->st_mode, outcome);
	if (kind != SOURCE_FILE)
		close(*fd);
	return kind;
}

struct source_identity
source_identify(const struct stat *found)
{
	return (struct source_identity){
	    found->st_dev, found->st_ino, found->st_size, found->st_mtim};
}

int
source_is_same(const struct source_identity *identity, const struct stat *found)
{
	return identity->device == found->st_dev &&
	    identity->inode == found->st_ino &&
	    identity->size == found->st_size &&
	    identity->modified.tv_sec == found->st_mtim.tv_sec &&
	    identity->modified.tv_nsec == found->st_mtim.tv_nsec;
}
