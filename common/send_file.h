/* SPDX-License-Identifier: ISC */
/* One open source to frames: data, then end, or abort if it changed. */
#ifndef COMMON_SEND_FILE_H
#define COMMON_SEND_FILE_H

#include <stdint.h>
#include <sys/stat.h>

#include "common/conn.h"
#include "common/digest.h"
#include "common/status.h"

struct send_file {
	int fd; /* not owned; read from its start */
	uint32_t request;
	uint64_t sent;
	size_t largest;	   /* data frame to queue; at most CONN_DATA */
	struct stat begun; /* the source as the request announced it */
	struct digest digest;
};

/* source is what fstat said of fd when the request was made. */
void send_file_begin(struct send_file *file, int fd, uint32_t request,
    const struct stat *source);

enum send_file_event {
	SEND_FILE_MORE,	 /* a data frame was queued, and there is more */
	SEND_FILE_FULL,	 /* no room: flush first */
	SEND_FILE_ENDED, /* the end frame was queued */
	SEND_FILE_FAILED /* an abort frame was queued; outcome says why */
};

/*
 * Queue the next frame.  A source that is shorter or longer than announced, or
 * has another time of modification at its end, is aborted as changed.
 */
enum send_file_event send_file_step(
    struct send_file *file, struct conn *conn, struct outcome *outcome);

/* Queue an abort frame.  Returns 0, or -1 if there is no room: flush first. */
int send_file_abort(
    struct conn *conn, uint32_t request, const struct outcome *outcome);

#endif
