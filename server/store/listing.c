/* SPDX-License-Identifier: ISC */
/* Names as a directory lists them, for file systems that fold names. */
#include "server/store/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/digest.h"
#include "server/shared/inode.h"

/* A list is good for a second, or for ten times what reading it takes. */
#define GOOD_LEAST 1000
#define GOOD_TIMES 10

#define FIRST_ROOM 64

/* How many names are looked at, to find the existing spelling. */
#define LOOKS 1000

static uint64_t
digest_of(const char *name)
{
	struct digest digest;

	digest_init(&digest);
	digest_add(&digest, name, strlen(name));
	return digest_value(&digest);
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

void
listing_release(struct listing *listing)
{
	free(listing->names);
	listing->names = NULL;
	listing->count = 0;
}

/* Returns 0, or -1 with errno. */
static int
add(struct listing *listing, size_t *room, const char *name)
{
	uint64_t *names = listing->names;

	if (listing->count == *room) {
		*room = *room > 0 ? 2 * *room : FIRST_ROOM;
		names = realloc(names, *room * sizeof(*names));
		if (names == NULL)
			return -1;
		listing->names = names;
	}
	names[listing->count++] = digest_of(name);
	return 0;
}

static DIR *
open_listed(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *opened = fd != -1 ? fdopendir(fd) : NULL;

	if (opened == NULL && fd != -1)
		close(fd);
	return opened;
}

/* Returns 0, or -1 with errno. */
static int
read_names(struct listing *listing, DIR *opened)
{
	struct dirent *entry;
	size_t room = 0;

	for (;;) {
		errno = 0;
		entry = readdir(opened);
		if (entry == NULL)
			return errno == 0 ? 0 : -1;
		if (add(listing, &room, entry->d_name) == -1)
			return -1;
	}
}

/* Returns 0, or -1 with errno and an empty list. */
static int
read_anew(struct listing *listing, int directory)
{
	io_time begun = io_now(), took;
	DIR *opened = open_listed(directory);
	int result, error;

	listing_release(listing);
	if (opened == NULL)
		return -1;
	result = read_names(listing, opened);
	error = errno;
	closedir(opened);
	if (result == -1) {
		listing_release(listing);
		errno = error;
		return -1;
	}
	if (listing->count > 0)
		qsort(
		    listing->names, listing->count, sizeof(uint64_t), compare);
	took = io_now() - begun;
	listing->good_until = io_now() +
	    (took * GOOD_TIMES > GOOD_LEAST ? took * GOOD_TIMES : GOOD_LEAST);
	return 0;
}

static int
has(const struct listing *listing, const char *name)
{
	uint64_t digest = digest_of(name);

	return listing->count > 0 &&
	    bsearch(&digest, listing->names, listing->count, sizeof(digest),
		compare) != NULL;
}

static int
leads_to(int directory, const char *name, const struct stat *found)
{
	struct stat other;

	return fstatat(directory, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	    inode_is_same(&other, found);
}

/*
 * Find the existing spelling of this name.  Most differ only in the case of
 * ASCII; others are found by the file that they lead to.
 */
static void
say_spelling(int directory, const char *name, const struct stat *found,
    struct outcome *outcome)
{
	DIR *opened = open_listed(directory);
	struct dirent *entry;
	const char *is = NULL;
	int looks = 0;

	while (
	    opened != NULL && is == NULL && (entry = readdir(opened)) != NULL)
		if (strcasecmp(entry->d_name, name) == 0 ||
		    (looks++ < LOOKS &&
			leads_to(directory, entry->d_name, found)))
			is = entry->d_name;
	if (is != NULL)
		outcome_set(
		    outcome, STATUS_REFUSED, "%s: exists here as %s", name, is);
	else
		outcome_set(outcome, STATUS_REFUSED,
		    "%s: exists here in another spelling", name);
	if (opened != NULL)
		closedir(opened);
}

int
listing_check(struct listing *listing, int directory, const char *name,
    const struct stat *found, struct outcome *outcome)
{
	if (io_now() < listing->good_until && has(listing, name))
		return 0;
	if (read_anew(listing, directory) == -1) {
		outcome_set_errno(outcome, errno, name);
		return -1;
	}
	if (has(listing, name))
		return 0;
	say_spelling(directory, name, found, outcome);
	errno = EEXIST;
	return -1;
}
