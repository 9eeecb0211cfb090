/* SPDX-License-Identifier: ISC */
/* What goes out on one connection: requests and the content of files. */
#ifndef CLIENT_CONNECTION_FEED_H
#define CLIENT_CONNECTION_FEED_H

#include <stdint.h>

#include "client/connection/window.h"
#include "client/run/run.h"
#include "common/conn.h"
#include "common/send_file.h"

/* A source whose digest is looked for before the server is asked. */
struct feed_hash {
	struct send_file file; /* nothing of it is sent */
	int fd;		       /* or -1: there is none */
	io_time since;	       /* when the server began to wait for it */
};

struct feed {
	struct run *run; /* neither is owned */
	struct conn *conn;
	struct window window;
	uint64_t line; /* which of the run's connections it is: a bit */
	size_t early;  /* bytes that are sent before the greeting */
	int greeted;
	int held;	  /* no request is sent before the server's features */
	int stopped;	  /* no further request is sent */
	int postponed;	  /* some requests wait for the next connection */
	int spent;	  /* nothing else is left to be sent on this one */
	size_t most;	  /* bytes of one data frame */
	int fd;		  /* of the file whose content is under way, or -1 */
	const char *path; /* of its source */
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

/* line is the number of the connection among those of the run, below 64. */
void feed_init(
    struct feed *feed, struct run *run, struct conn *conn, unsigned line);

/*
 * The connection has ended; what has no result goes back to the transfer.  If
 * it was lost, what became of that is not known.
 */
void feed_release(struct feed *feed, int lost);

/* Queue the hello and the base; over a command, only after the greeting. */
void feed_begin(struct feed *feed);

/* The greeting has come, and with it a worker: the files begin now. */
void feed_greet(struct feed *feed);

/* Queue what comes next. */
enum feed_step feed_step(struct feed *feed);

/* The request has its result: send no more of its content. */
void feed_cancel(struct feed *feed, uint32_t request);

/* The server is too busy for this ask: send it on the next connection. */
void feed_postpone(struct feed *feed, struct request *request);

/* The request whose content is under way, or that comes next. */
uint32_t feed_current(const struct feed *feed);

/*
 * Milliseconds between two "waiting" frames.  Source: ftx-protocol(5),
 * LIVENESS: at least every 5 seconds.
 */
#define FEED_WAITING 4000

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

/* Stop finding a digest; the next connection continues with it. */
void feed_hash_stop(struct feed *feed);

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

/* One more request, or NULL where there is no memory, which is told. */
struct request *feed_add(struct feed *feed, const struct source *source,
    enum wire_kind kind, struct directory *directory);

/* A source does not become a request. */
void feed_report_unsent(struct run *run, const struct source *source,
    enum source_kind kind, const struct outcome *outcome);

/* Nonzero if it is to be sent: other names would end the connection for all. */
int feed_check_name(
    struct feed *feed, const struct source *source, int directory);

/* Queue the request for a directory; there is FEED_ROOM. */
void feed_announce_folder(struct feed *feed, struct request *request);

/* The walk enters a directory, which is asked for, or leaves it. */
void feed_enter_folder(struct feed *feed, const struct queue_item *item);
void feed_leave_folder(struct feed *feed, const struct queue_item *item);

/* All that lies in it has its result: ask for its mode and time. */
void feed_settle_folder(struct feed *feed, struct directory *directory);

/* The directory that has to be asked for before this request is sent. */
struct directory *feed_above(const struct request *request);

/*
 * Ask for a directory, or one above it, that only another connection has asked
 * for.  Returns 0 if there is none.
 */
int feed_folder_above(struct feed *feed, struct directory *directory);

#endif
