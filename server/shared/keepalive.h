/* SPDX-License-Identifier: ISC */
/* A callback for long work: keep the connection alive, or stop the work. */
#ifndef SERVER_SHARED_KEEPALIVE_H
#define SERVER_SHARED_KEEPALIVE_H

/*
 * The session provides call.  It reports to the client that the work continues,
 * and returns nonzero if the client has left or the process must stop.
 */
struct keepalive {
	int (*call)(void *argument);
	void *argument;
};

/*
 * Call this several times a second during long work.  Returns nonzero if the
 * work must stop.  If keepalive is NULL, does nothing and returns 0.
 */
int keepalive_call(const struct keepalive *keepalive);

#endif
