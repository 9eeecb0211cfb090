/* SPDX-License-Identifier: ISC */
/* How long a client is waited for: silence, slowness, and excuses. */
#ifndef SERVER_SESSION_LIVENESS_H
#define SERVER_SESSION_LIVENESS_H

#include <stdint.h>

/*
 * How long a client may say that it waits: for each file, and, while no other
 * worker is idle, in total for each connection.  Milliseconds.
 */
#define LIVENESS_EXCUSED (15 * 60 * 1000)

/* What the client's last frame says. */
enum liveness_word {
	LIVENESS_NO_EXCUSE,
	LIVENESS_WAITS,	   /* its source gives nothing, in an open request */
	LIVENESS_ANNOUNCES /* the same before it asks; needs an idle worker */
};

/* Only waiting for the client counts.  See ftx-protocol(5), LIVENESS. */
struct liveness {
	int64_t idle_timeout; /* milliseconds */
	uint64_t min_rate;    /* bytes a second */
	int64_t silent;	      /* waited since anything moved */
	int64_t waited;	      /* waited since the rate was last looked at, */
	uint64_t counted;     /* when so many bytes had moved */
	uint64_t moved;	      /* bytes, at the last wait */
	enum liveness_word word;
	int64_t excused_file, excused_time; /* for this file, and in all */
};

void liveness_init(
    struct liveness *liveness, int64_t idle_timeout, uint64_t min_rate);

/* Note what the frame that has come says. */
void liveness_excuse(struct liveness *liveness, enum liveness_word word);

/* A file is complete: the next may be waited for as long. */
void liveness_next_file(struct liveness *liveness);

/*
 * Count a wait of time milliseconds.  moved is how many bytes have gone or come
 * since the beginning; another_idle is nonzero if another worker is idle.
 * Returns NULL, or why the client is to be sent away (a constant).
 */
const char *liveness_count(
    struct liveness *liveness, int64_t time, uint64_t moved, int another_idle);

#endif
