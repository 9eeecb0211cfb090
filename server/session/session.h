/* SPDX-License-Identifier: ISC */
/* One connection: greeting, requests and replies, over any two descriptors. */
#ifndef SERVER_SESSION_SESSION_H
#define SERVER_SESSION_SESSION_H

#include <stddef.h>
#include <stdint.h>

struct scoreboard;
struct store;

/* What the process is told to do; each includes those before it. */
enum session_stop {
	SESSION_RUN,
	SESSION_DRAIN, /* finish the file under way, then end */
	SESSION_CUT    /* end now */
};

struct session_config {
	struct store *store; /* not owned */
	uint64_t max_size;   /* bytes; UINT64_MAX: any */
	uint64_t min_rate;   /* bytes a second */
	int64_t hello_timeout, idle_timeout, drain_timeout; /* milliseconds */
	int never_overwrite;
	int compares;		  /* clients may compare with what is there */
	uint64_t sender;	  /* the client's; see sender.h */
	struct scoreboard *board; /* not owned; NULL if there is none */
	size_t slot;		  /* of this worker, if there is a board */
	size_t comparers;	  /* how many workers may compare at once */
	/*
	 * Asked before each wait, of at most a second, and after each signal:
	 * how to go on.  The first answer other than SESSION_RUN begins
	 * drain_timeout.
	 */
	enum session_stop (*stop)(void *argument);
	void *argument;
};

enum session_end {
	SESSION_DONE,	  /* whatever became of its requests */
	SESSION_WAS_CUT,  /* a transfer was ended by stop */
	SESSION_UNSTAGED, /* the staging folder is gone */
	SESSION_SICK	  /* without memory or descriptors, or a sync failed */
};

/*
 * Serve a client on two descriptors that do not block; neither is owned.
 * peer is its printable address, for the log.  Logs one line an event.
 */
enum session_end session_run(
    const struct session_config *config, int in, int out, const char *peer);

#endif
