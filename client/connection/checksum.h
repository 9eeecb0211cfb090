/* SPDX-License-Identifier: ISC */
/* Hash a source before the server is asked about it, for "checksum". */
#ifndef CLIENT_CONNECTION_CHECKSUM_H
#define CLIENT_CONNECTION_CHECKSUM_H

#include <sys/stat.h>

#include "client/run/request.h"
#include "common/io.h"
#include "common/send_file.h"
#include "common/status.h"

/*
 * Milliseconds of hashing after which the server is asked without a digest.
 * The server accepts "waiting" for a limited time only.  Source:
 * ftx-protocol(5), LIVENESS.
 */
#define CHECKSUM_LONGEST (14 * 60 * 1000)

struct checksum {
	struct request *request; /* not owned */
	int fd;			 /* of its source, or -1: nothing is hashed */
	struct send_file file;	 /* only read, not sent */
	io_time since; /* when a frame other than "waiting" was last sent */
};

void checksum_init(struct checksum *checksum);

/*
 * Begin to hash the source of a request, after the part that an earlier
 * connection has hashed.  checksum owns fd, which must be at its start.
 */
void checksum_begin(struct checksum *checksum, struct request *request, int fd,
    const struct stat *found);

enum checksum_event {
	CHECKSUM_MORE,	/* a piece was read, and there is more */
	CHECKSUM_ENDED, /* the request has its digest, or it took too long */
	CHECKSUM_FAILED /* see outcome; the source is closed */
};

/*
 * Hash the next piece.  On CHECKSUM_ENDED the caller owns *fd, and *found
 * describes it.  If the request has no digest, *fd is at its start again.
 */
enum checksum_event checksum_step(struct checksum *checksum, int may_grow,
    int *fd, struct stat *found, struct outcome *outcome);

/* Stop, so that the next connection can continue. */
void checksum_stop(struct checksum *checksum);

#endif
