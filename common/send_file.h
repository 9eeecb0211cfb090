/* SPDX-License-Identifier: ISC */
/* One open source to frames: data and holes, then end; abort if it changed. */
#ifndef COMMON_SEND_FILE_H
#define COMMON_SEND_FILE_H

#include <stdint.h>
#include <sys/stat.h>

#include "common/conn.h"
#include "common/digest.h"
#include "common/holes.h"
#include "common/status.h"

struct send_file {
	int fd; /* not owned; read from its start */
	uint32_t request;
	uint64_t sent;
	size_t largest; /* data frame to queue; at most CONN_DATA */
	uint64_t size;	/* as announced, or WIRE_SIZE_UNKNOWN */
	int is_stream;	/* may give nothing for long; its end says its size */
	int may_grow;
	struct holes holes;
	int is_known;	   /* its digest was found before, */
	uint64_t known;	   /* and has to be this */
	struct stat begun; /* the source as the request announced it */
	struct digest digest;
};

/* source is what fstat said of fd when the request was made. */
void send_file_begin(struct send_file *file, int fd, uint32_t request,
    const struct stat *source);

/*
 * The same for a file that may have grown since then: so many bytes of it are
 * sent, and no change but that it becomes shorter is looked for.
 */
void send_file_begin_growing(struct send_file *file, int fd, uint32_t request,
    const struct stat *source, uint64_t size);

/*
 * The same for a stream such as a pipe, which gives so many bytes; any number
 * if size is WIRE_SIZE_UNKNOWN.
 */
void send_file_begin_stream(
    struct send_file *file, int fd, uint32_t request, uint64_t size);

/*
 * Read on, and hash, without sending it, at most so far: what the other end has
 * already.  Returns 0, also where there is more to read before that, or -1 with
 * outcome.
 */
int send_file_skip(
    struct send_file *file, uint64_t end, struct outcome *outcome);

/*
 * Continue after a beginning that was hashed before.  Returns 0, or -1 with
 * errno; then it is still at the start.
 */
int send_file_resume(struct send_file *file, const struct digest *beginning);

/* Begin again at the start.  Returns 0, or -1 with outcome. */
int send_file_rewind(struct send_file *file, struct outcome *outcome);

enum send_file_event {
	SEND_FILE_MORE,	 /* content was queued, and there is more */
	SEND_FILE_FULL,	 /* no room: flush first */
	SEND_FILE_EMPTY, /* the stream gives nothing now: wait for it */
	SEND_FILE_ENDED, /* the end frame was queued */
	SEND_FILE_FAILED /* an abort frame was queued; outcome says why */
};

/*
 * Queue the next frame.  A source that is shorter or longer than announced, or
 * is a file that has another time of modification, or another digest than is
 * known, at its end, is aborted as changed.
 */
enum send_file_event send_file_step(
    struct send_file *file, struct conn *conn, struct outcome *outcome);

/* Queue an abort frame.  Returns 0, or -1 if there is no room: flush first. */
int send_file_abort(
    struct conn *conn, uint32_t request, const struct outcome *outcome);

#endif
