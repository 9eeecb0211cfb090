/* SPDX-License-Identifier: ISC */
/* Receive one file: write, count and hash the contents of its frames. */
#include "common/recv_file.h"

#include <errno.h>
#include <unistd.h>

#include "common/io.h"

void
recv_file_begin(struct recv_file *file, int fd, uint64_t expected)
{
	file->fd = fd;
	file->expected = expected;
	file->received = 0;
	file->ends_in_hole = 0;
	digest_init(&file->digest);
}

int
recv_file_resume(struct recv_file *file, int fd, uint64_t expected,
    const struct digest *prefix)
{
	recv_file_begin(file, fd, expected);
	file->received = prefix->length;
	file->digest = *prefix;
	/* Bytes after the prefix were not hashed. */
	if (ftruncate(fd, (off_t)prefix->length) == -1 ||
	    lseek(fd, (off_t)prefix->length, SEEK_SET) == -1)
		return -1;
	return 0;
}

int
recv_file_restart(struct recv_file *file)
{
	struct digest nothing;

	digest_init(&nothing);
	return recv_file_resume(file, file->fd, file->expected, &nothing);
}

static int
check_room(const struct recv_file *file, uint64_t length)
{
	uint64_t limit =
	    file->expected < INT64_MAX ? file->expected : INT64_MAX;

	if (length <= limit - file->received)
		return 0;
	errno = EOVERFLOW;
	return -1;
}

int
recv_file_data(struct recv_file *file, const void *bytes, size_t length)
{
	if (check_room(file, length) == -1)
		return -1;
	if (io_write_all(file->fd, bytes, length) == -1) {
		int error = errno;

		(void)lseek(file->fd, (off_t)file->received, SEEK_SET);
		errno = error;
		return -1;
	}
	digest_add(&file->digest, bytes, length);
	file->received += length;
	file->ends_in_hole = 0;
	return 0;
}

int
recv_file_hole(struct recv_file *file, uint64_t length)
{
	if (check_room(file, length) == -1)
		return -1;
	if (lseek(file->fd, (off_t)length, SEEK_CUR) == -1)
		return -1;
	digest_add_zeros(&file->digest, length);
	file->received += length;
	file->ends_in_hole = 1;
	return 0;
}

int
recv_file_set_size(struct recv_file *file)
{
	if (!file->ends_in_hole)
		return 0;
	return ftruncate(file->fd, (off_t)file->received);
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
