/* SPDX-License-Identifier: ISC */
/* Skip the holes of a file that is read from its beginning. */
#ifndef COMMON_HOLES_H
#define COMMON_HOLES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "common/digest.h"

/* Bytes of a hole to skip at a time, so that no step takes long. */
#define HOLES_STEP (256 * 1024)

/* The next hole, or UINT64_MAX if none is known.  The caller owns fd. */
struct holes {
	uint64_t begin, end;
};

/* Treat the whole file as data. */
void holes_none(struct holes *holes);

/*
 * Start at the beginning of a file with the given fstat result.  Look for holes
 * only if the file has fewer blocks than its size needs, and the system reports
 * holes.  Holes that are not found are read as zeros.
 */
void holes_init(struct holes *holes, int fd, const struct stat *found);

/*
 * The number of bytes that the content occupies on the disk.  If the file has
 * holes, this is less than the size.  The offset must be 0, and stays 0.
 */
uint64_t holes_allocated(int fd, const struct stat *found);

/*
 * The length of the hole that contains the offset `at`, from there up to end,
 * and at most HOLES_STEP.  Returns 0 if there is data.  The file offset must be
 * `at`.
 */
size_t holes_ahead(struct holes *holes, int fd, uint64_t at, uint64_t end);

/* The length of the data from `at` up to end, but no more than most. */
size_t holes_data(
    const struct holes *holes, uint64_t at, uint64_t end, size_t most);

/* Skip length bytes of a hole, and hash zeros.  Returns 0, or -1 with errno. */
int holes_pass(int fd, size_t length, struct digest *digest);

/*
 * Read or skip the next piece of a file, up to end, and hash it.  The file
 * offset must be the length of the digest.  Returns the length of the piece, 0
 * at the end of the file, or -1 with errno.
 */
ssize_t holes_hash(
    struct holes *holes, int fd, uint64_t end, struct digest *digest);

#endif
