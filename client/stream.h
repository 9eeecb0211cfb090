/* SPDX-License-Identifier: ISC */
/* One connection, from hello to bye: both directions, and their time limits. */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include "client/transfer.h"
#include "common/io.h"
#include "common/status.h"

/* How long a worker is waited for. */
struct stream_limits {
	io_time since;	   /* when waiting for a worker began */
	io_time queue_end; /* and when it has to end */
};

struct stream_end {
	int greeted; /* by a server that was ready */
	int lost;    /* and what became of open requests is not known */
};

/*
 * Send over connected descriptors, which do not block and are not owned, what
 * the transfer has to send.  Returns 0 when every request has its result, or -1
 * with outcome and end.
 */
int stream_run(struct transfer *transfer, int in, int out,
    const struct stream_limits *limits, struct stream_end *end,
    struct outcome *outcome);

#endif
