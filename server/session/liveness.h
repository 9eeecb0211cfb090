/* SPDX-License-Identifier: ISC */
/* Client timeouts: idle time, minimum rate, "waiting" frames. */
#ifndef SERVER_SESSION_LIVENESS_H
#define SERVER_SESSION_LIVENESS_H

#include <stdint.h>

/*
 * How long "waiting" frames can suspend the timeouts, in milliseconds.  The
 * limit applies to each file.  While no other worker is idle, it also applies
 * to the whole connection.
 */
#define LIVENESS_WAITING_MAX (15 * 60 * 1000)

/* What the client's last frame means for the timeouts. */
enum liveness_state {
	LIVENESS_ACTIVE,    /* not a "waiting" frame */
	LIVENESS_WAITING,   /* "waiting" in an open request */
	LIVENESS_ANNOUNCING /* "waiting" before a request */
};

/*
 * Only the time in which the server waits for the client counts.  See
 * ftx-protocol(5), LIVENESS.
 */
struct liveness {
	int64_t idle_timeout; /* milliseconds */
	uint64_t min_rate;    /* bytes a second */
	int64_t idle;	      /* milliseconds waited since the last byte */
	int64_t waited;	      /* ms waited since the last rate check */
	uint64_t checked;     /* bytes transferred at that check */
	uint64_t transferred; /* bytes, at the last call of liveness_count */
	enum liveness_state state;
	int64_t suspended_file, suspended; /* ms, for this file and in total */
};

void liveness_init(
    struct liveness *liveness, int64_t idle_timeout, uint64_t min_rate);

/* Call this for each frame of the client. */
void liveness_set_state(struct liveness *liveness, enum liveness_state state);

/* Restart the count toward LIVENESS_WAITING_MAX, for the next file. */
void liveness_next_file(struct liveness *liveness);

/*
 * Count time milliseconds of waiting for the client.  transferred is the number
 * of bytes sent and received so far.  another_idle is nonzero if another worker
 * is idle.  Returns NULL, or the reason (a constant) to end the connection.
 */
const char *liveness_count(struct liveness *liveness, int64_t time,
    uint64_t transferred, int another_idle);

#endif
