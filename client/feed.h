/* SPDX-License-Identifier: ISC */
/* What goes out on one connection: requests and the content of files. */
#ifndef CLIENT_FEED_H
#define CLIENT_FEED_H

#include <stdint.h>

#include "client/transfer.h"
#include "common/conn.h"
#include "common/send_file.h"

/* A source whose digest is looked for before the server is asked. */
struct feed_hash {
	struct send_file file; /* nothing of it is sent */
	int fd;		       /* or -1: there is none */
	io_time since;	       /* when the server began to wait for it */
};

struct feed {
	struct transfer *transfer; /* neither is owned */
	struct conn *conn;
	uint32_t cursor; /* the next request of the window to be sent */
	int greeted;	 /* until then only so much is sent */
	int stopped;	 /* no further request is sent */
	size_t most;	 /* bytes of one data frame */
	int fd;		 /* of the file whose content is under way, or -1 */
	struct send_file file;
	struct wire_go kept; /* of it, and not compared yet; or offset 0 */
	int cancelled;	     /* that one has its result already */
	struct feed_hash hash;
	io_time next_waiting; /* when to say again that a source is slow */
};

enum feed_step {
	FEED_MORE, /* there may be more to do at once */
	FEED_FULL, /* flush first */
	FEED_IDLE  /* nothing to do until the server has spoken */
};

void feed_init(struct feed *feed, struct transfer *transfer, struct conn *conn);
void feed_release(struct feed *feed);

/* Queue the hello and the base. */
void feed_begin(struct feed *feed);

/* The greeting has come, and with it a worker: the files begin now. */
void feed_greet(struct feed *feed);

/* Queue what comes next. */
enum feed_step feed_step(struct feed *feed);

/* The request has its result: send no more of its content. */
void feed_cancel(struct feed *feed, uint32_t request);

/* Nonzero if nothing is under way, and nothing more will be. */
int feed_is_done(const struct feed *feed);

/*
 * What follows is between the parts of this room.
 */

/* Room for any frame that is queued here but data. */
#define FEED_ROOM (WIRE_REQUEST + WIRE_PATH_MAX)

/*
 * Queue the next request that is to be sent on this connection; there is
 * FEED_ROOM.  Returns 0 if there is none, or the window is full.
 */
int feed_request(struct feed *feed);

/*
 * Send the request, and its content at once where nothing is to be asked.
 * There is FEED_ROOM; fd, of which nothing was read, is taken over.
 */
void feed_announce(struct feed *feed, struct request *request, int fd,
    const struct stat *found);

/* Nonzero if its digest has to be found first. */
int feed_hashes(const struct feed *feed, const struct request *request);

/*
 * Find it, by and by, and announce the request then.  A server believes a
 * client that says "waiting" for no longer than a time of ftx-protocol(5),
 * LIVENESS: what takes longer than this, in milliseconds, is sent uncompared.
 */
#define FEED_HASH_LONGEST (14 * 60 * 1000)
void feed_hash_begin(struct feed *feed, struct request *request, int fd,
    const struct stat *found);

/* Read a piece of it; there is FEED_ROOM. */
enum feed_step feed_hash(struct feed *feed);

/*
 * Say, if it is time, that the source of this request gives nothing now, lest
 * the server think us stalled.  Returns 0, or -1 if there is no room.
 */
int feed_say_waiting(struct feed *feed, uint32_t request);

/* Begin with the content of a request that may go; there is FEED_ROOM. */
void feed_follow(struct feed *feed, struct request *request);

/* Begin with the content of a request whose source is open; takes fd over. */
void feed_content(struct feed *feed, struct request *request, int fd,
    const struct stat *found);

#endif
