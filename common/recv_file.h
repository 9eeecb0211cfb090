/* SPDX-License-Identifier: ISC */
/* Receive one file: write, count and hash the contents of its frames. */
#ifndef COMMON_RECV_FILE_H
#define COMMON_RECV_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/wire.h"

struct recv_file {
	int fd;		   /* not owned */
	uint64_t expected; /* size, or WIRE_SIZE_UNKNOWN */
	uint64_t received; /* bytes, including holes and a kept prefix */
	int ends_in_hole;  /* st_size is then less than received */
	struct digest digest;
};

/* Begin with an empty file.  expected may be WIRE_SIZE_UNKNOWN. */
void recv_file_begin(struct recv_file *file, int fd, uint64_t expected);

/*
 * Resume after the existing prefix, whose digest is given, and truncate the
 * rest.  Returns 0, or -1 with errno.
 */
int recv_file_resume(struct recv_file *file, int fd, uint64_t expected,
    const struct digest *prefix);

/* Discard the contents and begin again.  Returns 0, or -1 with errno. */
int recv_file_restart(struct recv_file *file);

/*
 * Write the next bytes, or skip a hole, which reads as zeros.  Returns 0, or -1
 * with errno: EOVERFLOW if the file becomes larger than announced.  After an
 * error, the caller may retry with the same bytes.
 */
int recv_file_data(struct recv_file *file, const void *bytes, size_t length);
int recv_file_hole(struct recv_file *file, uint64_t length);

/* Extend the file over a hole at its end.  Returns 0, or -1 with errno. */
int recv_file_set_size(struct recv_file *file);

/*
 * Compare with the end frame.  Returns 0 if its size and digest are those of
 * the received bytes, and the size is as announced; otherwise -1.
 */
int recv_file_end(const struct recv_file *file, const struct wire_end *end);

#endif
