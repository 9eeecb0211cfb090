/* SPDX-License-Identifier: ISC */
/* One connection: greeting, requests and replies, over any two descriptors. */
#ifndef SERVER_SESSION_SESSION_H
#define SERVER_SESSION_SESSION_H

#include <stddef.h>
#include <stdint.h>

struct scoreboard;
struct store;

/* Whether, and how soon, the session must end. */
enum session_stop {
	SESSION_RUN,
	SESSION_DRAIN, /* finish the current file, then end */
	SESSION_CUT    /* end now */
};

struct session_config {
	struct store *store; /* not owned */
	uint64_t max_size;   /* bytes; UINT64_MAX: any */
	uint64_t min_rate;   /* bytes a second */
	int64_t hello_timeout, idle_timeout, drain_timeout; /* milliseconds */
	int never_overwrite;
	int compares;		  /* asks may compare with stored files */
	uint64_t sender;	  /* the client's; see sender.h */
	struct scoreboard *board; /* not owned; NULL if there is none */
	size_t slot;		  /* of this worker, if there is a board */
	size_t comparers;	  /* workers that may compare at once */
	/*
	 * The session calls stop before each wait (of at most a second) and
	 * after each signal.  The first value other than SESSION_RUN starts
	 * drain_timeout.
	 */
	enum session_stop (*stop)(void *argument);
	void *argument;
};

enum session_end {
	SESSION_DONE,	  /* ended; its requests may have failed */
	SESSION_WAS_CUT,  /* stop ended the transfer of a file */
	SESSION_UNSTAGED, /* the staging directory was removed */
	SESSION_SICK	  /* out of memory or descriptors, or a sync failed */
};

/*
 * Serve a client on two nonblocking descriptors, which the caller owns.  peer
 * is the client's printable address, for the log.
 */
enum session_end session_run(
    const struct session_config *config, int in, int out, const char *peer);

#endif
