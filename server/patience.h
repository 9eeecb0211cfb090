/* SPDX-License-Identifier: ISC */
/* How long a client is waited for: silence, slowness, and excuses. */
#ifndef SERVER_PATIENCE_H
#define SERVER_PATIENCE_H

#include <stdint.h>

/* A client that says it waits is believed for so long, for each file. */
#define PATIENCE_EXCUSED (15 * 60 * 1000)

/* Only waiting for the client counts.  See ftx-protocol(5), LIVENESS. */
struct patience {
	int64_t idle_timeout; /* milliseconds */
	uint64_t min_rate;    /* bytes a second */
	int64_t silent;	      /* waited since anything moved */
	int64_t waited;	      /* waited since the rate was last looked at, */
	uint64_t counted;     /* when so many bytes had moved */
	uint64_t moved;	      /* bytes, at the last wait */
	int excused;	      /* the client says that its source waits */
	int64_t excused_time;
};

void patience_init(
    struct patience *patience, int64_t idle_timeout, uint64_t min_rate);

/* A frame has come: one that says "waiting", or any other. */
void patience_excuse(struct patience *patience, int waiting);

/* A file is complete: the next may be waited for as long. */
void patience_next_file(struct patience *patience);

/*
 * So many milliseconds were waited, and moved bytes have gone or come since
 * the beginning.  Returns NULL, or why it is too much (a constant).
 */
const char *patience_count(
    struct patience *patience, int64_t time, uint64_t moved);

#endif
