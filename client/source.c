/* SPDX-License-Identifier: ISC */
/* What is to be sent: the named sources one by one, opened and identified. */
#include "client/source.h"

#include <errno.h>
#include <fcntl.h>
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
fail(const char *path, int error, struct outcome *outcome)
{
	struct stat found;

	/* A socket cannot be opened, and that error does not say why. */
	if (error == ENXIO && stat(path, &found) == 0 &&
	    !S_ISREG(found.st_mode))
		return turn_away(found.st_mode, outcome);
	outcome_set(outcome, STATUS_SOURCE, "%s", strerror(error));
	return SOURCE_FAILED;
}

enum source_kind
source_open(
    const char *path, int *fd, struct stat *found, struct outcome *outcome)
{
	enum source_kind kind = SOURCE_FILE;

	*fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd == -1)
		return fail(path, errno, outcome);
	if (fstat(*fd, found) == -1)
		kind = fail(path, errno, outcome);
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
