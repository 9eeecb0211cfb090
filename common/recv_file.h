/* SPDX-License-Identifier: ISC */
/* Frames to one stored file: its bytes, counted and hashed on the way. */
#ifndef COMMON_RECV_FILE_H
#define COMMON_RECV_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/wire.h"

struct recv_file {
	int fd;		   /* not owned; written from its start */
	uint64_t expected; /* size, or WIRE_SIZE_UNKNOWN */
	uint64_t received;
	struct digest digest;
};

void recv_file_begin(struct recv_file *file, int fd, uint64_t expected);

/*
 * Write the next bytes.  Returns 0, or -1 with errno; EOVERFLOW if they are
 * more than was announced.
 */
int recv_file_data(struct recv_file *file, const void *bytes, size_t length);

/*
 * Compare with what the sender says it sent.  Returns 0 if size and digest
 * agree, and the size is the announced one; -1 otherwise.
 */
int recv_file_end(const struct recv_file *file, const struct wire_end *end);

#endif
