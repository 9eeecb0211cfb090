/* SPDX-License-Identifier: ISC */
/* How long a client is waited for: silence, slowness, and excuses. */
#ifndef SERVER_PATIENCE_H
#define SERVER_PATIENCE_H

#include <stdint.h>

/*
 * A client that says it waits is believed for so long, for each file and, while
 * no other worker is idle, for each connection.
 */
#define PATIENCE_EXCUSED (15 * 60 * 1000)

/* What a client has said last. */
enum patience_word {
	PATIENCE_NO_EXCUSE,
	PATIENCE_WAITS,	   /* its source gives nothing, in an open request, */
	PATIENCE_ANNOUNCES /* or before it asks: only while a worker is idle */
};

/* Only waiting for the client counts.  See ftx-protocol(5), LIVENESS. */
struct patience {
	int64_t idle_timeout; /* milliseconds */
	uint64_t min_rate;    /* bytes a second */
	int64_t silent;	      /* waited since anything moved */
	int64_t waited;	      /* waited since the rate was last looked at, */
	uint64_t counted;     /* when so many bytes had moved */
	uint64_t moved;	      /* bytes, at the last wait */
	enum patience_word word;
	int64_t excused_file, excused_time; /* for this file, and in all */
};

void patience_init(
    struct patience *patience, int64_t idle_timeout, uint64_t min_rate);

/* A frame has come that says so. */
void patience_excuse(struct patience *patience, enum patience_word word);

/* A file is complete: the next may be waited for as long. */
void patience_next_file(struct patience *patience);

/*
 * So many milliseconds were waited, moved bytes have gone or come since the
 * beginning, and another worker is idle or not.  Returns NULL, or why it is too
 * much (a constant).
 */
const char *patience_count(
    struct patience *patience, int64_t time, uint64_t moved, int another_idle);

#endif
