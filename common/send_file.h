/* SPDX-License-Identifier: ISC */
/* Send one open source as frames: data and holes, then end or abort. */
#ifndef COMMON_SEND_FILE_H
#define COMMON_SEND_FILE_H

#include <stdint.h>
#include <sys/stat.h>

#include "common/conn.h"
#include "common/digest.h"
#include "common/holes.h"
#include "common/status.h"

struct send_file {
	int fd; /* not owned, at offset 0 when sending begins */
	uint32_t request;
	uint64_t sent;
	size_t largest; /* payload of a data frame; at most CONN_DATA */
	uint64_t size;	/* as announced, or WIRE_SIZE_UNKNOWN */
	int is_stream;	/* may pause, and end at any size */
	int may_grow;
	struct holes holes;
	int is_known;	   /* the source has a known digest */
	uint64_t known;	   /* computed before, and checked at the end */
	struct stat begun; /* the source as the request announced it */
	struct digest digest;
};

/* source is the fstat result that the request announced. */
void send_file_begin(struct send_file *file, int fd, uint32_t request,
    const struct stat *source);

/*
 * The same for a file that may grow, such as a log: send its first size bytes,
 * and abort only if it becomes shorter.
 */
void send_file_begin_growing(struct send_file *file, int fd, uint32_t request,
    const struct stat *source, uint64_t size);

/*
 * The same for a stream such as a pipe, of size bytes or of any number if size
 * is WIRE_SIZE_UNKNOWN.
 */
void send_file_begin_stream(
    struct send_file *file, int fd, uint32_t request, uint64_t size);

/*
 * Read and hash one piece up to the offset end, without sending it, because the
 * peer has it already.  Returns 0 even if end is not reached, or -1 with
 * outcome.
 */
int send_file_skip(
    struct send_file *file, uint64_t end, struct outcome *outcome);

/*
 * Resume after a prefix, whose digest is given.  Returns 0, or -1 with errno;
 * then the offset is still 0.
 */
int send_file_resume(struct send_file *file, const struct digest *prefix);

/* Begin again at offset 0.  Returns 0, or -1 with outcome. */
int send_file_rewind(struct send_file *file, struct outcome *outcome);

enum send_file_event {
	SEND_FILE_MORE,	 /* data or a hole was queued; more follows */
	SEND_FILE_FULL,	 /* no space in the buffer: flush, then repeat */
	SEND_FILE_EMPTY, /* the stream has no data now: poll it */
	SEND_FILE_ENDED, /* the end frame was queued */
	SEND_FILE_FAILED /* an abort frame was queued; see outcome */
};

/*
 * Queue the next frame.  Abort if the source does not have its announced size.
 * At the end of a file, also abort if its modification time or its known digest
 * has changed.
 */
enum send_file_event send_file_step(
    struct send_file *file, struct conn *conn, struct outcome *outcome);

/* Queue an abort frame.  Returns 0, or -1 if the caller must flush first. */
int send_file_abort(
    struct conn *conn, uint32_t request, const struct outcome *outcome);

#endif
