/* SPDX-License-Identifier: ISC */
/* Client timeouts: idle time, minimum rate, "waiting" frames. */
#ifndef SERVER_SESSION_LIVENESS_H
#define SERVER_SESSION_LIVENESS_H

#include <stdint.h>

/*
 * How long "waiting" frames suspend the timeouts, in milliseconds: for each
 * file, and in total while no other worker is idle.
 */
#define LIVENESS_WAITING_MAX (15 * 60 * 1000)

/* What the client's last frame means for the timeouts. */
enum liveness_state {
	LIVENESS_ACTIVE,    /* not a "waiting" frame */
	LIVENESS_WAITING,   /* for its source, in an open request */
	LIVENESS_ANNOUNCING /* the same before its request */
};

/*
 * Only the time in which the server waits for the client counts.  See
 * ftx-protocol(5), LIVENESS.
 */
struct liveness {
	int64_t idle_timeout; /* milliseconds */
	uint64_t min_rate;    /* bytes a second */
	int64_t idle;	      /* milliseconds waited since the last byte */
	int64_t waited;	      /* milliseconds since the last rate check, when */
	uint64_t checked;     /* so many bytes had been transferred */
	uint64_t transferred; /* bytes, at the last call of liveness_count */
	enum liveness_state state;
	int64_t suspended_file, suspended; /* ms, for this file and in total */
};

void liveness_init(
    struct liveness *liveness, int64_t idle_timeout, uint64_t min_rate);

/* The client's next frame has come. */
void liveness_set_state(struct liveness *liveness, enum liveness_state state);

/* A file is complete: the next has its own LIVENESS_WAITING_MAX. */
void liveness_next_file(struct liveness *liveness);

/*
 * Count a wait for the client of time milliseconds.  transferred is the number
 * of bytes sent and received so far.  another_idle is nonzero if another worker
 * is idle.  Returns NULL, or the reason (a constant) to end the connection.
 */
const char *liveness_count(struct liveness *liveness, int64_t time,
    uint64_t transferred, int another_idle);

#endif
