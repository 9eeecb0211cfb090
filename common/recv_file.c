/* SPDX-License-Identifier: ISC */
/* Frames to one stored file: its bytes, counted and hashed on the way. */
#include "common/recv_file.h"

#include <errno.h>

#include "common/io.h"

void
recv_file_begin(struct recv_file *file, int fd, uint64_t expected)
{
	file->fd = fd;
	file->expected = expected;
	file->received = 0;
	digest_init(&file->digest);
}

int
recv_file_data(struct recv_file *file, const void *bytes, size_t length)
{
	if (length > file->expected - file->received) {
		errno = EOVERFLOW;
		return -1;
	}
	digest_add(&file->digest, bytes, length);
	if (io_write_all(file->fd, bytes, length) == -1)
		return -1;
	file->received += length;
	return 0;
}

int
recv_file_end(const struct recv_file *file, const struct wire_end *end)
{
	if (file->expected != WIRE_SIZE_UNKNOWN &&
	    file->received != file->expected)
		return -1;
	return file->received == end->size &&
		digest_value(&file->digest) == end->digest
	    ? 0
	    : -1;
}
