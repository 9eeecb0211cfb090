/* SPDX-License-Identifier: ISC */
/* Read directories, and check the spelling of names that fold. */
#include "server/store/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/digest.h"
#include "server/shared/inode.h"

/*
 * A listing expires after EXPIRY_FACTOR times the duration of its reading, but
 * not before EXPIRY_LEAST.
 */
#define EXPIRY_LEAST 1000 /* milliseconds */
#define EXPIRY_FACTOR 10

#define FIRST_CAPACITY 64

/* The most files to compare when searching for the existing spelling. */
#define COMPARED_MOST 1000

DIR *
listing_open(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *opened = fd != -1 ? fdopendir(fd) : NULL;

	if (opened == NULL && fd != -1)
		close(fd);
	return opened;
}

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
add(struct listing *listing, size_t *capacity, const char *name)
{
	uint64_t *names = listing->names;

	if (listing->count == *capacity) {
		*capacity = *capacity > 0 ? 2 * *capacity : FIRST_CAPACITY;
		names = realloc(names, *capacity * sizeof(*names));
		if (names == NULL)
			return -1;
		listing->names = names;
	}
	names[listing->count++] = digest_of(name);
	return 0;
}

/* Returns 0, or -1 with errno. */
static int
read_names(struct listing *listing, DIR *opened)
{
	struct dirent *entry;
	size_t capacity = 0;

	for (;;) {
		errno = 0;
		entry = readdir(opened);
		if (entry == NULL)
			return errno == 0 ? 0 : -1;
		if (add(listing, &capacity, entry->d_name) == -1)
			return -1;
	}
}

/* Returns 0, or -1 with errno and an empty listing. */
static int
read_listing(struct listing *listing, int directory)
{
	io_time begun = io_now(), took;
	DIR *opened = listing_open(directory);
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
	listing->expires = io_now() +
	    (took * EXPIRY_FACTOR > EXPIRY_LEAST ? took * EXPIRY_FACTOR
						 : EXPIRY_LEAST);
	return 0;
}

static int
lists(const struct listing *listing, const char *name)
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
 * Report the existing spelling of this name.  Most spellings differ in ASCII
 * case only; otherwise, find the entry that leads to the same file.
 */
static void
report_spelling(int directory, const char *name, const struct stat *found,
    struct outcome *outcome)
{
	DIR *opened = listing_open(directory);
	struct dirent *entry;
	const char *spelling = NULL;
	int compared = 0;

	while (opened != NULL && spelling == NULL &&
	    (entry = readdir(opened)) != NULL)
		if (strcasecmp(entry->d_name, name) == 0 ||
		    (compared++ < COMPARED_MOST &&
			leads_to(directory, entry->d_name, found)))
			spelling = entry->d_name;
	if (spelling != NULL)
		outcome_set(outcome, STATUS_REFUSED, "%s: exists here as %s",
		    name, spelling);
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
	if (io_now() < listing->expires && lists(listing, name))
		return 0;
	if (read_listing(listing, directory) == -1) {
		outcome_set_errno(outcome, errno, name);
		return -1;
	}
	if (lists(listing, name))
		return 0;
	report_spelling(directory, name, found, outcome);
	errno = EEXIST;
	return -1;
}
