/* SPDX-License-Identifier: ISC */
/* The holes of a file that is read from its beginning: passed over, not read.
 */
#ifndef COMMON_HOLES_H
#define COMMON_HOLES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "common/digest.h"

/* So much of a hole is passed over at a time, so that no step takes long. */
#define HOLES_STEP (256 * 1024)

/* The next one, as far as is known; in all of this, fd is not owned. */
struct holes {
	uint64_t begin, end;
};

/* For what is read to its end without looking for any. */
void holes_none(struct holes *holes);

/*
 * For a file of which fstat said this, and which is at its beginning.  It is
 * looked for holes where it has fewer blocks than its size and the system
 * tells; what is not found is read as zeros.
 */
void holes_init(struct holes *holes, int fd, const struct stat *found);

/*
 * How many bytes on the disk the content of such a file needs: fewer than its
 * size where holes are found.  It must be at its beginning, and stays there.
 */
uint64_t holes_allocated(int fd, const struct stat *found);

/*
 * How many bytes of a hole come next, at the offset at of the file, where it
 * stands, and before end; at most HOLES_STEP; 0 if it is to be read there.
 */
size_t holes_ahead(struct holes *holes, int fd, uint64_t at, uint64_t end);

/* How many bytes to read next, after that: at most so many, none of a hole. */
size_t holes_data(
    const struct holes *holes, uint64_t at, uint64_t end, size_t most);

/* Go on behind so much of a hole, and hash it.  Returns 0, or -1 with errno. */
int holes_pass(int fd, size_t length, struct digest *digest);

/*
 * Read and hash the next piece of a file that stands where the digest ends, at
 * most up to end.  Returns its length, 0 at the end of the file, or -1 with
 * errno.
 */
ssize_t holes_hash(
    struct holes *holes, int fd, uint64_t end, struct digest *digest);

#endif
