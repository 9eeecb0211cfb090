/* SPDX-License-Identifier: ISC */
/* Frames to one stored file: its bytes, counted and hashed on the way. */
#ifndef COMMON_RECV_FILE_H
#define COMMON_RECV_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/wire.h"

struct recv_file {
	int fd;		   /* not owned */
	uint64_t expected; /* size, or WIRE_SIZE_UNKNOWN */
	uint64_t received; /* bytes, holes and a kept prefix included */
	int ends_in_hole;  /* the file is shorter than what was received */
	struct digest digest;
};

/* Begin with an empty file. */
void recv_file_begin(struct recv_file *file, int fd, uint64_t expected);

/*
 * Go on behind a prefix that the file holds already, and that digest is of.
 * Returns 0, or -1 with errno.
 */
int recv_file_resume(struct recv_file *file, int fd, uint64_t expected,
    const struct digest *prefix);

/* Throw away what is there, and begin again.  Returns 0, or -1 with errno. */
int recv_file_restart(struct recv_file *file);

/*
 * Write the next bytes, or leave so many out, which read as zeros.  Returns 0,
 * or -1 with errno; EOVERFLOW if they are more than was announced.  On an error
 * nothing is counted, and the same bytes may be tried again.
 */
int recv_file_data(struct recv_file *file, const void *bytes, size_t length);
int recv_file_hole(struct recv_file *file, uint64_t length);

/*
 * Give the file the length of what was received.  Returns 0, or -1 with errno.
 */
int recv_file_set_size(struct recv_file *file);

/*
 * Compare with what the sender says it sent.  Returns 0 if size and digest
 * agree, and the size is the announced one; -1 otherwise.
 */
int recv_file_end(const struct recv_file *file, const struct wire_end *end);

#endif
