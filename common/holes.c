/* SPDX-License-Identifier: ISC */
/* Skip the holes of a file that is read from its beginning. */
#include "common/holes.h"

#include <unistd.h>

#include "common/blocking.h"
#include "common/io.h"
#include "common/os.h"

void
holes_none(struct holes *holes)
{
	holes->begin = holes->end = UINT64_MAX;
}

/* Find the next hole.  If the system does not report holes, find none. */
static void
find(struct holes *holes, int fd, uint64_t from)
{
	off_t begin, end;
	int result;

	holes_none(holes);
	blocking_enter(NULL);
	result = os_find_hole(fd, (off_t)from, &begin, &end);
	blocking_leave();
	if (result == -1)
		return;
	holes->begin = (uint64_t)begin;
	holes->end = (uint64_t)end;
}

static uint64_t
bytes_of_blocks(const struct stat *found)
{
	return (uint64_t)found->st_blocks * OS_BLOCK;
}

void
holes_init(struct holes *holes, int fd, const struct stat *found)
{
	/* Most files have no holes: save the system call. */
	if (bytes_of_blocks(found) < (uint64_t)found->st_size)
		find(holes, fd, 0);
	else
		holes_none(holes);
}

uint64_t
holes_allocated(int fd, const struct stat *found)
{
	const uint64_t size = (uint64_t)found->st_size;
	struct holes holes;

	/* A compressed file also has fewer blocks, but no holes. */
	holes_init(&holes, fd, found);
	return holes.begin < size ? bytes_of_blocks(found) : size;
}

size_t
holes_ahead(struct holes *holes, int fd, uint64_t at, uint64_t end)
{
	uint64_t length;

	if (at >= holes->end)
		find(holes, fd, at);
	if (at < holes->begin || at >= holes->end)
		return 0;
	length = (holes->end < end ? holes->end : end) - at;
	return length < HOLES_STEP ? (size_t)length : HOLES_STEP;
}

size_t
holes_data(const struct holes *holes, uint64_t at, uint64_t end, size_t most)
{
	uint64_t length = end - at;

	if (at < holes->begin && length > holes->begin - at)
		length = holes->begin - at;
	return length < most ? (size_t)length : most;
}

int
holes_pass(int fd, size_t length, struct digest *digest)
{
	if (lseek(fd, (off_t)length, SEEK_CUR) == -1)
		return -1;
	digest_add_zeros(digest, length);
	return 0;
}

ssize_t
holes_hash(struct holes *holes, int fd, uint64_t end, struct digest *digest)
{
	static uint8_t slice[HOLES_STEP];
	const uint64_t at = digest->length;
	size_t hole = holes_ahead(holes, fd, at, end);
	ssize_t got;

	if (hole > 0)
		return holes_pass(fd, hole, digest) == 0 ? (ssize_t)hole : -1;
	blocking_enter(NULL);
	got = io_read(fd, slice, holes_data(holes, at, end, sizeof(slice)));
	blocking_leave();
	if (got > 0)
		digest_add(digest, slice, (size_t)got);
	return got;
}
